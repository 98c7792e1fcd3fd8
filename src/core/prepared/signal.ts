// Values on their way from a column of rows to the matrix: numbers, texts or moments, one a row, or at the end a block of several
// columns of numbers, one after the other, so that each is a part of it and is not copied out.

import { type Column, isValid, numberAt, type Table, valueAt } from "../table.ts";
import { type DataType, isCategory, isFloat } from "../types.ts";

/** One value a row; a missing number is NaN, a missing text null. A block has `width` columns, of shape (width, rows). */
export type Signal =
  | { readonly kind: "number"; readonly values: Float64Array }
  | { readonly kind: "text"; readonly values: readonly (string | null)[] }
  /** Days since the epoch, and microseconds since that day began, UTC. */
  | { readonly kind: "time"; readonly days: Float64Array; readonly micros: Float64Array }
  | { readonly kind: "block"; readonly width: number; readonly values: Float64Array };

/** What a column's values are taken for. */
export type ReadAs = "number" | "text" | "time";

/** A column of rows that a prepared input is made from. */
export interface RawColumn {
  readonly name: string;
  readonly type: DataType;
  readonly as: ReadAs;
}

const DAY = 86_400_000_000;
const DAY_UNITS = 86_400_000_000n;

/** The values of a raw column in a table; all missing where the table lacks it. */
export function readSignal({ name, as }: RawColumn, { columns, rowCount }: Table): Signal {
  const column = columns.find((each) => each.name === name);
  if (as === "number") return { kind: "number", values: numbersOf(column, rowCount) };
  if (as === "time") return timesOf(column, rowCount);
  if (column === undefined) return { kind: "text", values: new Array<null>(rowCount).fill(null) };
  if (isCategory(column.type)) {
    const { values, validity } = column as Column<"string">;
    return {
      kind: "text",
      values: validity === undefined ? values : values.map((value, row) => (isValid(column, row) ? value : null)),
    };
  }
  if (column.type === "bool") {
    const values = Array.from({ length: rowCount }, (_, row) => valueAt(column, row));
    return { kind: "text", values: values.map((value) => (value === null ? null : String(value))) };
  }
  return asText({ kind: "number", values: numbersOf(column, rowCount) });
}

/** Whole numbers as texts; a missing one is null. */
export function asText(signal: Signal): Signal {
  if (signal.kind !== "number") return signal;
  // The sign of a zero is not part of a value.
  return {
    kind: "text",
    values: Array.from(signal.values, (value) => (Number.isNaN(value) ? null : String(value + 0))),
  };
}

function numbersOf(column: Column | undefined, rowCount: number): Float64Array {
  if (column === undefined || isCategory(column.type)) return new Float64Array(rowCount).fill(Number.NaN);
  const isPlain = isFloat(column.type) || column.type === "int32";
  if (column.validity === undefined && isPlain) return Float64Array.from(column.values as Float64Array);
  if (isPlain) return validNumbers(column.values as Float64Array, column.validity ?? new Uint8Array(0), rowCount);
  const values = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row += 1) values[row] = numberAt(column, row) ?? Number.NaN;
  return values;
}

function validNumbers(given: Float64Array, validity: Uint8Array, rowCount: number): Float64Array {
  const values = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row += 1)
    values[row] = ((validity[row >> 3] ?? 0) >> (row & 7)) & 1 ? (given[row] ?? Number.NaN) : Number.NaN;
  return values;
}

function timesOf(column: Column | undefined, rowCount: number): Signal {
  const days = new Float64Array(rowCount).fill(Number.NaN);
  const micros = new Float64Array(rowCount).fill(Number.NaN);
  for (let row = 0; column !== undefined && row < rowCount; row += 1) {
    if (!isValid(column, row)) continue;
    const value = column.values[row] as number | bigint;
    if (typeof value === "number") {
      days[row] = value;
      micros[row] = 0;
      continue;
    }
    const number = Number(value);
    if (Number.isSafeInteger(number)) {
      const day = Math.floor(number / DAY);
      days[row] = day;
      micros[row] = number - day * DAY;
    } else {
      const rest = ((value % DAY_UNITS) + DAY_UNITS) % DAY_UNITS;
      days[row] = Number((value - rest) / DAY_UNITS);
      micros[row] = Number(rest);
    }
  }
  return { kind: "time", days, micros };
}
