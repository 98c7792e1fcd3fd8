// Values on their way from a column of rows to the matrix: numbers, texts or moments, one a row, or at the end a block of several numbers a row.

import { type Column, isValid, numberAt, type Table, valueAt } from "../table.ts";
import { type DataType, isCategory, isFloat } from "../types.ts";

/** One value a row; a missing number is NaN, a missing text null. A block has `width` numbers a row, row by row. */
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
  const values = new Float64Array(rowCount).fill(Number.NaN);
  if (column === undefined || isCategory(column.type)) return values;
  if (column.validity === undefined && (isFloat(column.type) || column.type === "int32")) {
    values.set(column.values as Float64Array);
    return values;
  }
  for (let row = 0; row < rowCount; row += 1) values[row] = numberAt(column, row) ?? Number.NaN;
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
