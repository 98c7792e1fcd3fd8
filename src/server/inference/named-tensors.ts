// Requests and answers with tensors of any name and type, as models that were made elsewhere take and give them. A shape is only a claim: it is
// held against the data before anything of its size is made.

import type { z } from "zod";
import type { ImportedModel, Tensor, TensorData, TensorInfo, TensorType } from "../../platform/platform.ts";
import { elementsFrom, elementToJson } from "../../platform/platform.ts";
import { type InferBody, invalid } from "./body.ts";
import { inferRequest } from "./infer.ts";

type AskedTensor = z.infer<typeof inferRequest>["inputs"][number];

/** A request for a model of any inputs. */
export interface NamedInference {
  readonly id: string | undefined;
  readonly inputs: readonly Tensor[];
  /** The outputs asked for; empty for all. */
  readonly outputs: readonly string[];
  /** Whether an output goes back as raw bytes. */
  readonly isBinary: (output: string) => boolean;
}

type NumberArray = Exclude<TensorData, readonly string[]>;

const ARRAYS: Readonly<
  Record<Exclude<TensorType, "BYTES">, { new (buffer: ArrayBuffer): NumberArray; readonly BYTES_PER_ELEMENT: number }>
> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

/** Reads a request. Throws INPUT_INVALID that names the input. */
export function readNamedInference({ json, binary }: InferBody, model: ImportedModel): NamedInference {
  if (json === undefined) return rawInference(binary, model);
  const checked = inferRequest.safeParse(json);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw invalid(`Not an inference request: ${issue?.path.join(".") || "the body"}: ${issue?.message}.`);
  }
  const { id, inputs, outputs = [], parameters: wishes = {} } = checked.data;
  const rest = { at: 0 };
  const tensors = inputs.map((input, place) => {
    if (inputs.findIndex(({ name }) => name === input.name) !== place)
      throw invalid(`Input ${quoted(input.name)} is there twice.`);
    return tensorOf(input, infoOf(model.inputs, input.name, "input"), binary, rest);
  });
  if (rest.at !== binary.length)
    throw invalid(`The body has ${binary.length - rest.at} bytes after its JSON that no input declares.`);
  for (const { name } of model.inputs)
    if (!inputs.some((input) => input.name === name)) throw invalid(`Input ${quoted(name)} is missing.`);
  for (const { name } of outputs) infoOf(model.outputs, name, "output");
  return {
    id,
    inputs: tensors,
    outputs: [...new Set(outputs.map(({ name }) => name))],
    isBinary: (name) => {
      const wish = outputs.find((output) => output.name === name)?.parameters?.["binary_data"];
      return (wish ?? wishes["binary_data_output"]) === true;
    },
  };
}

function rawInference(binary: Buffer, { inputs }: ImportedModel): NamedInference {
  const [input] = inputs;
  const free = input?.shape.filter((size) => size === -1).length ?? 0;
  if (!input || inputs.length > 1 || input.datatype === "BYTES" || free > 1)
    throw invalid("A raw request is for a model with one input of one variable dimension, and not of BYTES.");
  const row = input.shape.reduce((size, each) => (each === -1 ? size : size * each), 1);
  const bytes = ARRAYS[input.datatype].BYTES_PER_ELEMENT * row;
  const rows = binary.length / bytes;
  if (!Number.isInteger(rows) || rows < 1 || (free === 0 && rows !== 1))
    throw invalid(`A raw request is rows of ${bytes} bytes; this one has ${binary.length}.`);
  const shape = input.shape.map((size) => (size === -1 ? rows : size));
  const data = fromBinary(input.datatype, binary, rows * row, input.name);
  return { id: undefined, inputs: [{ ...input, shape, data }], outputs: [], isBinary: () => true };
}

function infoOf(infos: readonly TensorInfo[], name: string, what: string): TensorInfo {
  const found = infos.find((info) => info.name === name);
  if (found) return found;
  throw invalid(
    `The model has no ${what} ${quoted(name)}; it has ${infos.map((info) => quoted(info.name)).join(", ")}.`,
  );
}

function tensorOf(input: AskedTensor, info: TensorInfo, binary: Buffer, rest: { at: number }): Tensor {
  const { name, shape, parameters = {} } = input;
  const { datatype } = info;
  for (const extension of ["classification", "shared_memory_region"])
    if (parameters[extension] !== undefined) throw invalid(`Parameter "${extension}" is not supported here.`);
  if (input.datatype !== datatype)
    throw invalid(`Input ${quoted(name)} has the datatype ${quoted(input.datatype)}; the model takes ${datatype}.`);
  const fits =
    shape.length === info.shape.length && shape.every((size, axis) => [size, -1].includes(info.shape[axis] ?? 0));
  if (!fits && info.shape.length > 0)
    throw invalid(`Input ${quoted(name)} has shape [${shape}]; the model takes [${info.shape}].`);
  const count = shape.reduce((product, size) => product * size, 1);
  const size = parameters["binary_data_size"];
  if (size === undefined) {
    const values = flat(input.data, name);
    if (values.length !== count)
      throw invalid(`Input ${quoted(name)} has ${values.length} elements; shape [${shape}] needs ${count}.`);
    return {
      name,
      datatype,
      shape,
      data: elementsFrom(datatype, values, (place) => `Element ${place} of ${quoted(name)}`),
    };
  }
  if (input.data !== undefined)
    throw invalid(`Input ${quoted(name)} has both "data" and "binary_data_size"; send one.`);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0 || size > binary.length - rest.at)
    throw invalid(`Input ${quoted(name)}: binary_data_size is not a number of bytes that follow the JSON.`);
  rest.at += size;
  return { name, datatype, shape, data: fromBinary(datatype, binary.subarray(rest.at - size, rest.at), count, name) };
}

const DEEPEST = 16;

/** Nested lists, laid out one after another. */
function flat(data: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(data)) throw invalid(`Input ${quoted(name)} has no "data" list and no binary data.`);
  return data.some(Array.isArray) ? data.flat(DEEPEST) : data;
}

function fromBinary(datatype: TensorType, bytes: Buffer, count: number, name: string): TensorData {
  if (datatype === "BYTES") return textsFrom(bytes, count, name);
  const array = ARRAYS[datatype];
  if (bytes.length !== count * array.BYTES_PER_ELEMENT)
    throw invalid(
      `Input ${quoted(name)} has ${bytes.length} bytes; ${count} elements of ${datatype} are ${count * array.BYTES_PER_ELEMENT}.`,
    );
  if (datatype === "BOOL" && bytes.some((byte) => byte > 1))
    throw invalid(`Input ${quoted(name)} has a BOOL that is neither 0 nor 1.`);
  // A copy, because a tensor in the body may lie at any offset.
  return new array(Uint8Array.from(bytes).buffer);
}

/** Texts, each after its length as four bytes. */
function textsFrom(bytes: Buffer, count: number, name: string): readonly string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const texts: string[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    if (length > bytes.length - at - 4) break;
    try {
      texts.push(decoder.decode(bytes.subarray(at + 4, at + 4 + length)));
    } catch {
      throw invalid(`Element ${texts.length} of ${quoted(name)} is not UTF-8.`);
    }
    at += 4 + length;
  }
  if (texts.some((text) => text.includes("\0"))) throw invalid(`Input ${quoted(name)} has a text with NUL in it.`);
  if (at !== bytes.length || texts.length !== count)
    throw invalid(`Input ${quoted(name)} does not hold ${count} texts, each after its length in four bytes.`);
  return texts;
}

function toBinary({ datatype, data }: Tensor): Buffer {
  if (datatype === "BYTES")
    return Buffer.concat(
      (data as readonly string[]).flatMap((text) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(Buffer.byteLength(text));
        return [length, Buffer.from(text)];
      }),
    );
  const { buffer, byteOffset, byteLength } = data as NumberArray;
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Writes an answer: JSON, and what follows it. */
export function namedAnswer(
  model: ImportedModel,
  { id, isBinary }: NamedInference,
  outputs: readonly Tensor[],
): { readonly json: Buffer; readonly binary: Buffer | undefined } {
  const parts: Buffer[] = [];
  const written = outputs.map((tensor) => {
    const { name, datatype, shape, data } = tensor;
    // FP16 has no form in JSON.
    if (!isBinary(name) && datatype !== "FP16")
      return {
        name,
        datatype,
        shape,
        data: Array.from<number | bigint | string, unknown>(data, (each) => elementToJson(datatype, each)),
      };
    const bytes = toBinary(tensor);
    parts.push(bytes);
    return { name, datatype, shape, parameters: { binary_data_size: bytes.length } };
  });
  const answer = {
    model_name: model.model,
    model_version: String(model.version),
    ...(id === undefined ? {} : { id }),
    outputs: written,
  };
  return { json: Buffer.from(JSON.stringify(answer)), binary: parts.length === 0 ? undefined : Buffer.concat(parts) };
}

/** A model's metadata. */
export function namedMetadata({
  model,
  version,
  format,
  inputs,
  outputs,
}: ImportedModel): Readonly<Record<string, unknown>> {
  return {
    name: model,
    versions: [String(version)],
    platform: format === "onnx" ? "onnx_onnxv1" : "xgboost",
    inputs: inputs.map(tensorMetadata),
    outputs: outputs.map(tensorMetadata),
  };
}

/** The protocol's own fields of a tensor, and no more. */
function tensorMetadata({ name, datatype, shape }: TensorInfo): TensorInfo {
  return { name, datatype, shape };
}

/** A name out of a request, cut so that no answer is as long as what was sent. */
function quoted(name: string): string {
  return JSON.stringify(name.length <= 64 ? name : `${name.slice(0, 64)}…`);
}
