// Requests and answers of the protocol's gRPC form, to and from what the models' readers know.

import { create } from "@bufbuild/protobuf";
import type { Tensor } from "../../platform/platform.ts";
import type { InferAnswer } from "../inference/answer.ts";
import { type AskedInference, type AskedTensor, quoted, refuseExtensions, timeoutOf } from "../inference/asked.ts";
import { invalid } from "../inference/body.ts";
import { rawElements } from "../inference/elements.ts";
import { rawContents, typedContents } from "./contents.ts";
import {
  type InferParameter,
  type ModelInferRequest,
  type ModelInferResponse,
  ModelInferResponseSchema,
} from "./protocol/inference/tensors_pb.ts";

/** Reads a request: its tensors are all raw, or all typed. Throws INPUT_INVALID. */
export function askedOf(request: ModelInferRequest): AskedInference {
  const { id, inputs, outputs, rawInputContents: raw } = request;
  const isRaw = raw.length > 0;
  if (isRaw && raw.length !== inputs.length)
    throw invalid(`The request has ${inputs.length} inputs and ${raw.length} raw_input_contents; each input has one.`);
  for (const { parameters } of outputs) refuseExtensions(plain(parameters));
  return {
    id: id === "" ? undefined : id,
    inputs: inputs.map(({ name, datatype, shape, parameters, contents }, place): AskedTensor => {
      refuseExtensions(plain(parameters));
      if (isRaw && contents !== undefined && contentsAreSent(contents))
        throw invalid(`Input ${quoted(name)} has both contents and raw_input_contents; send one.`);
      const bytes = isRaw ? (raw[place] ?? new Uint8Array(0)) : rawContents(name, datatype, contents);
      return { name, datatype, shape: shape.map((size) => dimension(name, size)), data: undefined, bytes };
    }),
    outputs: [...new Set(outputs.map(({ name }) => name))],
    timeout: timeoutOf(plain(request.parameters)),
    isBinary: () => isRaw,
  };
}

/** Milliseconds that a request says it may take; what is wrong with the parameter is told when the request is read. */
export function saidTimeoutMs({ parameters }: ModelInferRequest): number | undefined {
  const micros = Number(parameters["timeout"]?.parameterChoice.value);
  return micros > 0 ? micros / 1000 : undefined;
}

function contentsAreSent(contents: object): boolean {
  return Object.values(contents).some((values) => Array.isArray(values) && values.length > 0);
}

function dimension(name: string, size: bigint): number {
  if (size >= 0n && size <= 2n ** 53n) return Number(size);
  throw invalid(`Input ${quoted(name)} has ${size} in its shape, which is no size.`);
}

function plain(parameters: Readonly<Record<string, InferParameter>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { parameterChoice }]) => [name, parameterChoice.value ?? null]),
  );
}

/** Writes an answer in the form that the request had: raw, or typed as far as the outputs' types have one. */
export function responseOf({ model, version, outputs }: InferAnswer, asked: AskedInference): ModelInferResponse {
  // Raw and typed tensors may not be mixed.
  const isRaw = asked.isBinary("") || outputs.some(({ datatype }) => datatype === "FP16");
  return create(ModelInferResponseSchema, {
    modelName: model,
    modelVersion: String(version),
    id: asked.id ?? "",
    outputs: outputs.map((tensor) => described(tensor, isRaw)),
    rawOutputContents: isRaw ? outputs.map(rawElements) : [],
  });
}

function described(tensor: Tensor, isRaw: boolean): { name: string; datatype: string; shape: bigint[] } {
  const { name, datatype, shape } = tensor;
  const contents = isRaw ? undefined : typedContents(tensor);
  return { name, datatype, shape: shape.map(BigInt), ...(contents ? { contents } : {}) };
}
