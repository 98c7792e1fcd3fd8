// One inference: a request of the Open Inference Protocol becomes a matrix, and scores become its answer. A model has one input, "input" of
// shape [rows, inputs] in the order of its inputs, and one output, "score" of shape [rows].

import { z } from "zod";
import { type InferBody, invalid } from "./body.ts";
import { type Datatype, datatypes, elementBytes, fromBytes, fromJson, toBytes } from "./tensor.ts";

const parameters = z.record(z.string(), z.unknown());
const tensor = z.object({
  name: z.string(),
  shape: z.array(z.int().nonnegative()),
  datatype: z.string(),
  parameters: parameters.optional(),
  data: z.unknown().optional(),
});
/** A request, as JSON. */
export const inferRequest = z.object({
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

/** A request, ready to be scored. */
export interface Inference {
  readonly id: string | undefined;
  readonly matrix: Float32Array;
  readonly rows: number;
  /** Whether scores go back as raw bytes. */
  readonly isBinary: boolean;
}

/** Reads a request for a model of `width` inputs. Throws INPUT_INVALID. */
export function readInference({ json, binary }: InferBody, width: number): Inference {
  if (json === undefined) return rawInference(binary, width);
  const checked = inferRequest.safeParse(json);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw invalid(`Not an inference request: ${issue?.path.join(".") || "the body"}: ${issue?.message}.`);
  }
  const { id, inputs, outputs = [], parameters: wishes = {} } = checked.data;
  const [input] = inputs;
  if (inputs.length > 1 || input?.name !== "input")
    throw invalid(`The model has one input, called "input"; the request has ${inputs.length} or calls it otherwise.`);
  refuseExtensions(input.parameters);
  const [output] = outputs;
  if (outputs.length > 1 || (output && output.name !== "score")) throw invalid('The model has one output, "score".');
  refuseExtensions(output?.parameters);
  const { rows, datatype } = checkTensor(input, width);
  return {
    id,
    rows,
    matrix: matrixOf(input, datatype, binary, rows, width),
    isBinary: (output?.parameters?.["binary_data"] ?? wishes["binary_data_output"]) === true,
  };
}

function rawInference(binary: Buffer, width: number): Inference {
  const rows = binary.length / (4 * width);
  if (!Number.isInteger(rows) || rows < 1)
    throw invalid(
      `A raw request is rows of ${width} FP32 values: its length must be a multiple of ${4 * width} bytes.`,
    );
  return { id: undefined, rows, matrix: fromBytes("FP32", binary), isBinary: true };
}

function refuseExtensions(given: z.infer<typeof parameters> = {}): void {
  const unsupported = ["classification", "shared_memory_region"].find((name) => given[name] !== undefined);
  if (unsupported) throw invalid(`Parameter "${unsupported}" is not supported here.`);
}

function checkTensor(input: z.infer<typeof tensor>, width: number): { rows: number; datatype: Datatype } {
  const datatype = datatypes.find((each) => each === input.datatype);
  if (!datatype)
    throw invalid(`Input "input" has a datatype the model does not take; use one of ${datatypes.join(", ")}.`);
  const [rows = 0, columns] = input.shape;
  if (input.shape.length !== 2 || columns !== width || rows < 1)
    throw invalid(
      `Input "input" has shape [${input.shape.join(",")}]; the model takes [rows,${width}] of at least one row.`,
    );
  return { rows, datatype };
}

function matrixOf(
  input: z.infer<typeof tensor>,
  datatype: Datatype,
  binary: Buffer,
  rows: number,
  width: number,
): Float32Array {
  const size = input.parameters?.["binary_data_size"];
  if (size === undefined) {
    if (binary.length > 0) throw invalid(`The body has ${binary.length} bytes after its JSON that no input declares.`);
    return fromJson(datatype, input.data, rows, width);
  }
  if (input.data !== undefined) throw invalid('Input "input" has both "data" and "binary_data_size"; send one.');
  const needed = rows * width * elementBytes(datatype);
  if (size !== needed || binary.length !== needed)
    throw invalid(
      `Shape [${rows},${width}] of ${datatype} is ${needed} bytes; binary_data_size says ${JSON.stringify(size)}, and ${binary.length} follow the JSON.`,
    );
  return fromBytes(datatype, binary);
}

/** An answer: JSON, and what follows it when scores go back as bytes. */
export interface InferAnswer {
  readonly json: Buffer;
  readonly binary: Buffer | undefined;
}

/** Writes the answer of an inference. */
export function inferAnswer(
  model: string,
  version: number,
  { id, rows, isBinary }: Inference,
  scores: Float32Array,
): InferAnswer {
  const binary = isBinary ? toBytes(scores) : undefined;
  const json = JSON.stringify({
    model_name: model,
    model_version: String(version),
    ...(id === undefined ? {} : { id }),
    outputs: [
      {
        name: "score",
        datatype: "FP32",
        // Several classes have a probability each.
        shape: scores.length === rows || rows === 0 ? [rows] : [rows, scores.length / rows],
        ...(binary ? { parameters: { binary_data_size: binary.length } } : { data: Array.from(scores) }),
      },
    ],
  });
  return { json: Buffer.from(json), binary };
}
