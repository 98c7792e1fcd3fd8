// The one tensor that a model of definitions takes, as the matrix it scores.

import { type AskedInference, type AskedTensor, quoted, type RawRequest } from "./asked.ts";
import { invalid } from "./body.ts";
import { type Datatype, datatypes, elementBytes, fromBytes, fromJson } from "./tensor.ts";

/** Rows to be scored. */
export interface Matrix {
  /** Row after row, in the order of the model's inputs. */
  readonly values: Float32Array;
  readonly rows: number;
}

/** Reads the rows for a model of `width` inputs. Throws INPUT_INVALID. */
export function readMatrix(asked: AskedInference | RawRequest, width: number): Matrix {
  if ("raw" in asked) return rawMatrix(asked.raw, width);
  const { inputs, outputs } = asked;
  const [input] = inputs;
  if (inputs.length > 1 || input?.name !== "input")
    throw invalid(`The model has one input, called "input"; the request has ${inputs.length} or calls it otherwise.`);
  const other = outputs.find((name) => name !== "score");
  if (other !== undefined) throw invalid(`The model has one output, "score", and no ${quoted(other)}.`);
  const { rows, datatype } = checkTensor(input, width);
  return { rows, values: valuesOf(input, datatype, rows, width) };
}

function rawMatrix(raw: Uint8Array, width: number): Matrix {
  const rows = raw.length / (4 * width);
  if (!Number.isInteger(rows) || rows < 1)
    throw invalid(
      `A raw request is rows of ${width} FP32 values: its length must be a multiple of ${4 * width} bytes.`,
    );
  return { rows, values: fromBytes("FP32", raw) };
}

function checkTensor(input: AskedTensor, width: number): { rows: number; datatype: Datatype } {
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

function valuesOf({ data, bytes }: AskedTensor, datatype: Datatype, rows: number, width: number): Float32Array {
  if (bytes === undefined) return fromJson(datatype, data, rows, width);
  const needed = rows * width * elementBytes(datatype);
  if (bytes.length !== needed)
    throw invalid(`Shape [${rows},${width}] of ${datatype} is ${needed} bytes; ${bytes.length} were sent.`);
  return fromBytes(datatype, bytes);
}
