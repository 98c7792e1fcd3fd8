// Rows to explain with, column by column as the model's inputs are declared, before any preprocessing: what people know and can change. Numbers, moments
// and texts are all a method has to tell apart, and every change is encoded anew, the way serving encodes a request.

import {
  type Column,
  type ColumnSchema,
  columnFrom,
  type DataType,
  isCategory,
  isDecimal,
  isNumeric,
  kindOf,
  numberAt,
  type Table,
  type Value,
  valueAt,
} from "../core/core.ts";

/** A column of rows: numbers with NaN for missing ones; categories as texts; anything else as it is, which can be exchanged and not changed. */
export type ExplainedColumn =
  | { readonly kind: "number"; readonly name: string; readonly isWhole: boolean; readonly values: Float64Array }
  | {
      readonly kind: "category";
      readonly name: string;
      readonly isBool: boolean;
      readonly values: readonly (string | null)[];
    }
  | { readonly kind: "other"; readonly name: string; readonly type: DataType; readonly values: readonly Value[] };

/** A column's name and declared type. */
export type NamedColumn = Pick<ColumnSchema, "name" | "type">;

/** Rows by columns. */
export interface ExplainedRows {
  readonly count: number;
  readonly columns: readonly ExplainedColumn[];
}

/** A value of a column: a number, a category, or whatever it is; null where it is missing. */
export type Cell = Value;

/** Rows of values under their columns' types. */
export function rowsFrom(schema: readonly NamedColumn[], rows: readonly (readonly Value[])[]): ExplainedRows {
  return {
    count: rows.length,
    columns: schema.map(({ name, type }, place): ExplainedColumn => {
      const values = rows.map((row): Value => row[place] ?? null);
      if (type === "bool" || isCategory(type) || kindOf(type) === "uuid")
        return {
          ...{ kind: "category", name, isBool: type === "bool" },
          values: values.map((value) => (value === null ? null : String(value))),
        };
      if (!isNumeric(type) && !isDecimal(type)) return { kind: "other", name, type, values };
      return {
        ...{ kind: "number", name, isWhole: type === "int32" || type === "int64" },
        values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))),
      };
    }),
  };
}

/** Some rows' values out of a table, in the order of `schema`; numbers as float64, whatever they were. */
export function valuesAt(table: Table, schema: readonly NamedColumn[]): (row: number) => readonly Value[] {
  const columns = schema.map(({ name }) => table.columns.find((column) => column.name === name));
  return (row) =>
    columns.map((column) => {
      if (column === undefined) return null;
      return isNumeric(column.type) || isDecimal(column.type) ? (numberAt(column, row) ?? null) : valueAt(column, row);
    });
}

/** The rows as a table that a version's inputs are encoded from. */
export function tableOf({ count, columns }: ExplainedRows): Table {
  return { rowCount: count, columns: columns.map(columnOf) };
}

function columnOf(column: ExplainedColumn): Column {
  if (column.kind === "number") return { name: column.name, type: "float64", values: column.values };
  if (column.kind === "other") return columnFrom(column.name, column.type, column.values as never[]);
  if (column.isBool)
    return columnFrom(
      column.name,
      "bool",
      column.values.map((value) => (value === null ? null : value === "true")),
    );
  return columnFrom(column.name, "string", column.values);
}

/** The column with other values, in the same form as `at` gives them. */
export function withCells(column: ExplainedColumn, cells: readonly Cell[]): ExplainedColumn {
  if (column.kind === "number")
    return { ...column, values: Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell))) };
  if (column.kind === "category")
    return { ...column, values: cells.map((cell) => (cell === null ? null : String(cell))) };
  return { ...column, values: cells };
}

/** What a column holds in a row; null where it is missing. */
export function cellAt(column: ExplainedColumn, row: number): Cell {
  if (column.kind !== "number") return column.values[row] ?? null;
  const value = column.values[row] ?? Number.NaN;
  return Number.isNaN(value) ? null : value;
}

/** The column at some places. */
export function takenFrom(column: ExplainedColumn, places: ArrayLike<number>): ExplainedColumn {
  if (column.kind === "number")
    return { ...column, values: Float64Array.from(places, (place) => column.values[place] ?? Number.NaN) };
  if (column.kind === "category")
    return { ...column, values: Array.from(places, (place) => column.values[place] ?? null) };
  return { ...column, values: Array.from(places, (place): Value => column.values[place] ?? null) };
}

/** The rows at some places, which may come again. */
export function takeRows({ columns }: ExplainedRows, places: ArrayLike<number>): ExplainedRows {
  return { count: places.length, columns: columns.map((column) => takenFrom(column, places)) };
}

/** The rows with one column exchanged. */
export function withColumn(rows: ExplainedRows, place: number, column: ExplainedColumn): ExplainedRows {
  return { ...rows, columns: rows.columns.map((each, other) => (other === place ? column : each)) };
}

/** A row's values by name. */
export function namedCells({ columns }: ExplainedRows, row: number): Readonly<Record<string, Cell>> {
  return Object.fromEntries(columns.map((column) => [column.name, cellAt(column, row)]));
}
