// Tensors of any name and type, as models that were made elsewhere take them. A shape is only a claim: it is held against the data before
// anything of its size is made.

import type { ImportedModel, Tensor, TensorInfo } from "../../platform/platform.ts";
import { elementsFrom } from "../../scoring/scoring.ts";
import { type AskedInference, type AskedTensor, quoted, type RawRequest } from "./asked.ts";
import { invalid } from "./body.ts";
import { bytesOf, elementsOf } from "./elements.ts";

/** What a model of any inputs is run with. */
export interface NamedTensors {
  readonly inputs: readonly Tensor[];
  /** The outputs asked for; empty for all. */
  readonly outputs: readonly string[];
}

/** Reads the tensors for a model. Throws INPUT_INVALID that names the input. */
export function readNamedTensors(asked: AskedInference | RawRequest, model: ImportedModel): NamedTensors {
  if ("raw" in asked) return rawTensor(asked.raw, model);
  const { inputs, outputs } = asked;
  const tensors = inputs.map((input, place) => {
    if (inputs.findIndex(({ name }) => name === input.name) !== place)
      throw invalid(`Input ${quoted(input.name)} is there twice.`);
    return tensorOf(input, infoOf(model.inputs, input.name, "input"));
  });
  for (const { name } of model.inputs)
    if (!inputs.some((input) => input.name === name)) throw invalid(`Input ${quoted(name)} is missing.`);
  for (const name of outputs) infoOf(model.outputs, name, "output");
  return { inputs: tensors, outputs };
}

function rawTensor(raw: Uint8Array, { inputs }: ImportedModel): NamedTensors {
  const [input] = inputs;
  const free = input?.shape.filter((size) => size === -1).length ?? 0;
  if (!input || inputs.length > 1 || input.datatype === "BYTES" || free > 1)
    throw invalid("A raw request is for a model with one input of one variable dimension, and not of BYTES.");
  const row = input.shape.reduce((size, each) => (each === -1 ? size : size * each), 1);
  const bytes = bytesOf(input.datatype) * row;
  const rows = raw.length / bytes;
  if (!Number.isInteger(rows) || rows < 1 || (free === 0 && rows !== 1))
    throw invalid(`A raw request is rows of ${bytes} bytes; this one has ${raw.length}.`);
  const shape = input.shape.map((size) => (size === -1 ? rows : size));
  return { inputs: [{ ...input, shape, data: elementsOf(input.datatype, raw, rows * row, input.name) }], outputs: [] };
}

function infoOf(infos: readonly TensorInfo[], name: string, what: string): TensorInfo {
  const found = infos.find((info) => info.name === name);
  if (found) return found;
  throw invalid(
    `The model has no ${what} ${quoted(name)}; it has ${infos.map((info) => quoted(info.name)).join(", ")}.`,
  );
}

function tensorOf({ name, shape, datatype: given, data, bytes }: AskedTensor, info: TensorInfo): Tensor {
  const { datatype } = info;
  if (given !== datatype)
    throw invalid(`Input ${quoted(name)} has the datatype ${quoted(given)}; the model takes ${datatype}.`);
  const fits =
    shape.length === info.shape.length && shape.every((size, axis) => [size, -1].includes(info.shape[axis] ?? 0));
  if (!fits && info.shape.length > 0)
    throw invalid(`Input ${quoted(name)} has shape [${shape}]; the model takes [${info.shape}].`);
  const count = shape.reduce((product, size) => product * size, 1);
  if (bytes !== undefined) return { name, datatype, shape, data: elementsOf(datatype, bytes, count, name) };
  const values = flat(data, name);
  if (values.length !== count)
    throw invalid(`Input ${quoted(name)} has ${values.length} elements; shape [${shape}] needs ${count}.`);
  return {
    name,
    datatype,
    shape,
    data: elementsFrom(datatype, values, (place) => `Element ${place} of ${quoted(name)}`),
  };
}

const DEEPEST = 16;

/** Nested lists, laid out one after another. */
function flat(data: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(data)) throw invalid(`Input ${quoted(name)} has no "data" list and no binary data.`);
  return data.some(Array.isArray) ? data.flat(DEEPEST) : data;
}
