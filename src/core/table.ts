// Batches of rows as typed columns: what crosses every port. Null slots of `values` hold garbage, so always ask the validity.

import {
  type ColumnSchema,
  type DataType,
  type DecimalType,
  decimalNumber,
  kindOf,
  type ListType,
  type ScalarType,
  type StructValue,
  type Value,
  type ValueOf,
} from "./types.ts";

interface ValuesByScalar {
  bool: Uint8Array;
  int32: Int32Array;
  int64: BigInt64Array;
  float32: Float32Array;
  float64: Float64Array;
  string: readonly string[];
  bytes: readonly Uint8Array[];
  date: Int32Array;
  timestamp: BigInt64Array;
  uuid: readonly string[];
}

type ValuesOf<T extends DataType> = T extends ScalarType
  ? ValuesByScalar[T]
  : T extends DecimalType
    ? BigInt64Array
    : T extends ListType
      ? readonly (readonly Value[])[]
      : readonly StructValue[];

/** One column of a table. `validity` is a bitmap, least significant bit first, 1 = valid; absent means no nulls. */
export type Column<T extends DataType = DataType> = T extends DataType
  ? { readonly name: string; readonly type: T; readonly values: ValuesOf<T>; readonly validity?: Uint8Array }
  : never;

/** Columns of equal length. */
export interface Table {
  readonly rowCount: number;
  readonly columns: readonly Column[];
}

/** Whether row `index` of a column holds a value. */
export function isValid(column: Column, index: number): boolean {
  const { validity } = column;
  return validity === undefined || ((validity[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

/** The value in row `index`, or null. */
export function valueAt(column: Column, index: number): Value {
  if (!isValid(column, index)) return null;
  const value = column.values[index] as Value;
  return column.type === "bool" ? value !== 0 : value;
}

/** The column of that name; a wrong name is a programming error and throws. */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (!column) throw new RangeError(`The table has no column "${name}".`);
  return column;
}

/** Row `index` as an object. */
export function rowAt(table: Table, index: number): Record<string, Value> {
  return Object.fromEntries(table.columns.map((column) => [column.name, valueAt(column, index)]));
}

/** Builds one column from values and nulls. */
export function columnFrom<T extends DataType>(
  name: string,
  type: T,
  cells: readonly (ValueOf<T> | null)[],
): Column<T> {
  const values = allocateValues(type, cells.length);
  const validity = new Uint8Array((cells.length + 7) >> 3);
  let nulls = 0;
  cells.forEach((cell, index) => {
    if (cell === null) nulls += 1;
    else {
      (values as unknown[])[index] = typeof cell === "boolean" ? Number(cell) : cell;
      validity[index >> 3] = (validity[index >> 3] ?? 0) | (1 << (index & 7));
    }
  });
  const column = nulls === 0 ? { name, type, values } : { name, type, values, validity };
  return column as unknown as Column<T>;
}

const NO_BYTES = new Uint8Array();
const NO_STRUCT: StructValue = Object.freeze({});

/** Room for `length` values of a type, as a column holds them: zeros, or what is empty. */
export function allocateValues(type: DataType, length: number): ValuesOf<DataType> {
  const kind = kindOf(type);
  switch (kind) {
    case "bool":
      return new Uint8Array(length);
    case "int32":
    case "date":
      return new Int32Array(length);
    case "float32":
      return new Float32Array(length);
    case "float64":
      return new Float64Array(length);
    case "int64":
    case "timestamp":
    case "decimal":
      return new BigInt64Array(length);
    case "string":
    case "uuid":
      return new Array<string>(length).fill("");
    case "bytes":
      return new Array<Uint8Array>(length).fill(NO_BYTES);
    case "list":
      return new Array<readonly Value[]>(length).fill([]);
    case "struct":
      return new Array<StructValue>(length).fill(NO_STRUCT);
    default:
      return kind satisfies never;
  }
}

/** Row `index` of a column of numbers as float64, a decimal by its value; undefined for null. */
export function numberAt(column: Column, index: number): number | undefined {
  if (!isValid(column, index)) return undefined;
  const { type } = column;
  const value = column.values[index];
  return kindOf(type) === "decimal" ? decimalNumber(value as bigint, (type as DecimalType).scale) : Number(value);
}

/** Builds a table from row objects; an absent cell is null. */
export function tableFrom(
  schema: readonly ColumnSchema[],
  rows: readonly Readonly<Record<string, Value | undefined>>[],
): Table {
  const columns = schema.map(({ name, type }) =>
    columnFrom(
      name,
      type,
      rows.map((row) => (row[name] ?? null) as ValueOf<DataType> | null),
    ),
  );
  return { rowCount: rows.length, columns };
}

/** Several batches of the same columns as one table. */
export function concatTables(tables: readonly Table[]): Table {
  const [first] = tables;
  if (!first) return { rowCount: 0, columns: [] };
  if (tables.length === 1) return first;
  const rowCount = tables.reduce((total, table) => total + table.rowCount, 0);
  const columns = first.columns.map((column, place) => {
    const values = allocateValues(column.type, rowCount);
    const validity = new Uint8Array((rowCount + 7) >> 3);
    let start = 0;
    for (const table of tables) {
      const from = table.columns[place] as Column;
      for (let row = 0; row < table.rowCount; row += 1) {
        const at = start + row;
        (values as unknown[])[at] = from.values[row];
        if (isValid(from, row)) validity[at >> 3] = (validity[at >> 3] ?? 0) | (1 << (at & 7));
      }
      start += table.rowCount;
    }
    return { name: column.name, type: column.type, values, validity } as unknown as Column;
  });
  return { rowCount, columns };
}
