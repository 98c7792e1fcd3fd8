// A model's inputs in matrix order, and the one way typed rows become the float32 matrix that training and serving both use.

import { SlipwayError } from "./errors.ts";
import { type Column, isValid, numberAt, type Table, valueAt } from "./table.ts";
import { decimalNumber, isDecimal, isFloat, type Value } from "./types.ts";

/** One column of a model's input matrix. A category is coded by its place in `categories`; one not listed is missing. */
export type ModelInput =
  | {
      readonly name: string;
      readonly kind: "number";
      /** Digits after the point, of a decimal: its values come as units. */
      readonly scale?: number;
    }
  | {
      readonly name: string;
      readonly kind: "category";
      readonly categories: readonly string[];
      /** Serving refuses a row with another category; absent, it is missing. */
      readonly unseen?: "refuse";
    };

/** Turns one value of one input into a float32 cell; NaN is missing. */
export type CellEncoder = (value: Value | undefined) => number;

/** One encoder per input, in matrix order. */
export function cellEncoders(inputs: readonly ModelInput[]): readonly CellEncoder[] {
  return inputs.map((input) => {
    if (input.kind === "number") return input.scale === undefined ? numberCell : decimalCell(input.scale);
    const codes = new Map(input.categories.map((category, code) => [category, code]));
    return (value) => (value === null || value === undefined ? Number.NaN : (codes.get(String(value)) ?? Number.NaN));
  });
}

function numberCell(value: Value | undefined): number {
  return value === null || value === undefined ? Number.NaN : Number(value);
}

function decimalCell(scale: number): CellEncoder {
  return (value) => (value === null || value === undefined ? Number.NaN : decimalNumber(value as bigint, scale));
}

/** Throws INPUT_INVALID where a matrix has not the cells of shape (rows, inputs). */
export function requireMatrix(matrix: Float32Array, rows: number, inputs: number): void {
  if (Number.isSafeInteger(rows) && rows >= 0 && matrix.length === rows * inputs) return;
  throw new SlipwayError(
    "INPUT_INVALID",
    `The matrix has ${matrix.length} cells, and ${rows} rows of ${inputs} inputs need ${rows * inputs}.`,
  );
}

/** Rows encoded at a time: their part of the matrix stays in the processor's cache while every column is written into it. */
const BLOCK = 1024;

/** A table as a row-major float32 matrix of shape (rowCount, inputs): the same cells as {@link cellEncoders} give. */
export function encodeTable(inputs: readonly ModelInput[], table: Table): Float32Array {
  const width = inputs.length;
  const matrix = new Float32Array(table.rowCount * width).fill(Number.NaN);
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const writers = inputs.flatMap((input, place) => {
    const column = columns.get(input.name);
    return column ? [columnWriter(input, column, matrix, place, width)] : [];
  });
  for (let from = 0; from < table.rowCount; from += BLOCK) {
    const to = Math.min(from + BLOCK, table.rowCount);
    for (const write of writers) write(from, to);
  }
  return matrix;
}

/** Writes rows [from, to) of a column into its place in every row of the matrix. */
function columnWriter(
  input: ModelInput,
  column: Column,
  matrix: Float32Array,
  place: number,
  width: number,
): (from: number, to: number) => void {
  if (input.kind === "category") {
    const codes = new Map(input.categories.map((category, code) => [category, code]));
    return (from, to) => {
      for (let row = from; row < to; row += 1)
        if (isValid(column, row)) matrix[row * width + place] = codes.get(String(valueAt(column, row))) ?? Number.NaN;
    };
  }
  const { values, validity } = column;
  const isPlain = isFloat(column.type) || column.type === "int32" || column.type === "bool";
  if (isDecimal(column.type))
    return (from, to) => {
      for (let row = from; row < to; row += 1) matrix[row * width + place] = numberAt(column, row) ?? Number.NaN;
    };
  if (!isPlain || validity !== undefined)
    return (from, to) => {
      for (let row = from; row < to; row += 1)
        if (validity === undefined || ((validity[row >> 3] ?? 0) & (1 << (row & 7))) !== 0)
          matrix[row * width + place] = Number(values[row]);
    };
  const numbers = values as Float64Array | Float32Array | Int32Array | Uint8Array;
  return (from, to) => {
    for (let row = from; row < to; row += 1) matrix[row * width + place] = numbers[row] ?? Number.NaN;
  };
}
