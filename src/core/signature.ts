// A model's inputs in matrix order, and the one way typed rows become the float32 matrix that training and serving both use.

import { isValid, type Table, valueAt } from "./table.ts";
import type { Value } from "./types.ts";

/** One column of a model's input matrix. A category is coded by its place in `categories`; one not listed is missing. */
export type ModelInput =
  | { readonly name: string; readonly kind: "number" }
  | { readonly name: string; readonly kind: "category"; readonly categories: readonly string[] };

/** Turns one value of one input into a float32 cell; NaN is missing. */
export type CellEncoder = (value: Value | undefined) => number;

/** One encoder per input, in matrix order. */
export function cellEncoders(inputs: readonly ModelInput[]): readonly CellEncoder[] {
  return inputs.map((input) => {
    if (input.kind === "number") return numberCell;
    const codes = new Map(input.categories.map((category, code) => [category, code]));
    return (value) => (value === null || value === undefined ? Number.NaN : (codes.get(String(value)) ?? Number.NaN));
  });
}

function numberCell(value: Value | undefined): number {
  return value === null || value === undefined ? Number.NaN : Number(value);
}

/** Rows as a row-major float32 matrix of shape (rows, inputs); a null, an unknown category or an absent name is NaN. */
export function encodeRows(
  encoders: readonly CellEncoder[],
  inputs: readonly ModelInput[],
  rows: readonly Readonly<Record<string, Value | undefined>>[],
): Float32Array {
  const matrix = new Float32Array(rows.length * inputs.length);
  rows.forEach((row, index) => {
    inputs.forEach(({ name }, place) => {
      matrix[index * inputs.length + place] = encoders[place]?.(row[name]) ?? Number.NaN;
    });
  });
  return matrix;
}

/** A table as a row-major float32 matrix of shape (rowCount, inputs): the same cells as {@link encodeRows}. */
export function encodeTable(inputs: readonly ModelInput[], table: Table): Float32Array {
  const width = inputs.length;
  const matrix = new Float32Array(table.rowCount * width).fill(Number.NaN);
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  inputs.forEach((input, place) => {
    const column = columns.get(input.name);
    if (!column) return;
    if (input.kind === "category") {
      const codes = new Map(input.categories.map((category, code) => [category, code]));
      for (let row = 0; row < table.rowCount; row += 1)
        if (isValid(column, row)) matrix[row * width + place] = codes.get(String(valueAt(column, row))) ?? Number.NaN;
      return;
    }
    for (let row = 0; row < table.rowCount; row += 1)
      if (isValid(column, row)) matrix[row * width + place] = Number(column.values[row]);
  });
  return matrix;
}
