// What an inference request asks, whichever way it came: JSON with tensors behind it, or gRPC. The models' own readers start from here, so a
// tensor means the same on every road.

import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import type { AnswerForm } from "./answer.ts";
import { type InferBody, invalid, JSON_LENGTH_HEADER } from "./body.ts";

type Parameters = Readonly<Record<string, unknown>>;

/** One input, as it was sent: either values or raw bytes, or neither. */
export interface AskedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  /** Values as JSON has them, flat or nested. */
  readonly data: unknown;
  /** Raw elements, little-endian. */
  readonly bytes: Uint8Array | undefined;
}

/** A request with named tensors. */
export interface AskedInference extends AnswerForm {
  readonly inputs: readonly AskedTensor[];
  /** The outputs asked for, each once; empty for all. */
  readonly outputs: readonly string[];
  /** Microseconds that the request may take, by the protocol's parameter `timeout`; undefined for as long as it takes. */
  readonly timeout: number | undefined;
}

/** Milliseconds that a request says it may take. */
export function timeoutMsOf(asked: AskedInference | RawRequest): number | undefined {
  return "raw" in asked || asked.timeout === undefined ? undefined : asked.timeout / 1000;
}

const TIMEOUT = Buffer.from('"timeout"');

/**
 * Milliseconds that a body says its request may take, read before it is its turn: only of one that names the parameter and is not compressed, so
 * that the others are taken apart no sooner than they are asked. What is wrong with a body is told later.
 */
export function saidTimeoutMs(headers: IncomingHttpHeaders, sent: unknown): number | undefined {
  if (!Buffer.isBuffer(sent) || headers["content-encoding"] !== undefined || !sent.includes(TIMEOUT)) return undefined;
  const length = Number(headers[JSON_LENGTH_HEADER] ?? sent.length);
  try {
    const micros = JSON.parse(sent.toString("utf8", 0, length))?.parameters?.timeout;
    return Number.isSafeInteger(micros) && micros > 0 ? micros / 1000 : undefined;
  } catch {
    return undefined;
  }
}

/** A request that is one tensor and nothing else. */
export interface RawRequest {
  readonly raw: Uint8Array;
}

const parameters = z.record(z.string(), z.unknown());
const tensor = z.object({
  name: z.string(),
  shape: z.array(z.int().nonnegative()),
  datatype: z.string(),
  parameters: parameters.optional(),
  data: z.unknown().optional(),
});
const inferRequest = z.object({
  id: z.string().optional(),
  parameters: parameters.optional(),
  inputs: z.array(tensor),
  outputs: z.array(z.object({ name: z.string(), parameters: parameters.optional() })).optional(),
});

/** The request as JSON Schema, for the server's description. */
export function inferRequestSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(inferRequest, { io: "input" });
  return schema;
}

/** Reads what a body asks. Throws INPUT_INVALID. */
export function readAsked({ json, binary }: InferBody): AskedInference | RawRequest {
  if (json === undefined) return { raw: binary };
  const checked = inferRequest.safeParse(json);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw invalid(`Not an inference request: ${issue?.path.join(".") || "the body"}: ${issue?.message}.`);
  }
  const { id, outputs = [], parameters: wishes = {} } = checked.data;
  let at = 0;
  const inputs = checked.data.inputs.map(({ name, shape, datatype, parameters: given = {}, data }): AskedTensor => {
    refuseExtensions(given);
    const size = given["binary_data_size"];
    if (size === undefined) return { name, shape, datatype, data, bytes: undefined };
    if (data !== undefined) throw invalid(`Input ${quoted(name)} has both "data" and "binary_data_size"; send one.`);
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0 || size > binary.length - at)
      throw invalid(
        `Input ${quoted(name)}: binary_data_size is not a number of bytes that follow the JSON; ${binary.length - at} do.`,
      );
    at += size;
    return { name, shape, datatype, data: undefined, bytes: binary.subarray(at - size, at) };
  });
  if (at !== binary.length)
    throw invalid(`The body has ${binary.length - at} bytes after its JSON that no input declares.`);
  for (const output of outputs) refuseExtensions(output.parameters);
  return {
    id,
    inputs,
    outputs: [...new Set(outputs.map(({ name }) => name))],
    timeout: timeoutOf(wishes),
    isBinary: (name) => {
      const wish = outputs.find((output) => output.name === name)?.parameters?.["binary_data"];
      return (wish ?? wishes["binary_data_output"]) === true;
    },
  };
}

/** The parameter `timeout` of a request, in microseconds; 0 is none, as for Triton. Throws INPUT_INVALID. */
export function timeoutOf(wishes: Parameters): number | undefined {
  const given = wishes["timeout"];
  if (given === undefined) return undefined;
  const micros = typeof given === "bigint" ? Number(given) : given;
  if (typeof micros !== "number" || !Number.isSafeInteger(micros) || micros < 0)
    throw invalid('Parameter "timeout" is not a whole number of microseconds.');
  return micros === 0 ? undefined : micros;
}

/** Refuses what the protocol's extensions ask for and this server does not have. */
export function refuseExtensions(given: Parameters = {}): void {
  const unsupported = ["classification", "shared_memory_region"].find((name) => given[name] !== undefined);
  if (unsupported) throw invalid(`Parameter "${unsupported}" is not supported here.`);
}

/** A name out of a request, cut so that no answer is as long as what was sent. */
export function quoted(name: string): string {
  return JSON.stringify(name.length <= 64 ? name : `${name.slice(0, 64)}…`);
}
