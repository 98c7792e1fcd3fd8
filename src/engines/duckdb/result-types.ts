// DuckDB's own types and values as a table has them. Only what tables can hold is known here; narrower whole numbers are widened by the SQL.

import type {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalType,
  DuckDBDecimalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampValue,
  DuckDBType,
} from "@duckdb/node-api";
import { type DataType, kindOf, type ListType, type ScalarType, type StructType, type Value } from "../../core/core.ts";

const scalarById: Readonly<Record<number, ScalarType>> = {
  1: "bool",
  4: "int32",
  5: "int64",
  10: "float32",
  11: "float64",
  12: "timestamp",
  13: "date",
  17: "string",
  18: "bytes",
  27: "uuid",
};

const DECIMAL = 19;
const LIST = 24;
const STRUCT = 25;

/** The type of a column of a result; undefined for one that tables do not hold. */
export function dataTypeOf(found: DuckDBType): DataType | undefined {
  const id: number = found.typeId;
  if (id === DECIMAL) {
    const { width, scale } = found as DuckDBDecimalType;
    return width <= 18 ? { kind: "decimal", precision: width, scale } : undefined;
  }
  if (id === LIST) {
    const of = dataTypeOf((found as DuckDBListType).valueType);
    return of && { kind: "list", of };
  }
  if (id !== STRUCT) return scalarById[id];
  const { entryNames, entryTypes } = found as DuckDBStructType;
  const fields = entryNames.flatMap((name, index) => {
    const type = dataTypeOf(entryTypes[index] as DuckDBType);
    return type ? [{ name, type, optional: true }] : [];
  });
  return fields.length === entryNames.length ? { kind: "struct", fields } : undefined;
}

/** Turns what a vector gives for one row, not null, into what a column holds: a bool is 0 or 1 there. */
export function valueReader(type: DataType): (item: unknown) => unknown {
  return type === "bool" ? Number : tableValue(type);
}

function tableValue(type: DataType): (item: unknown) => Value {
  const kind = kindOf(type);
  switch (kind) {
    case "date":
      return (item) => (item as DuckDBDateValue).days;
    case "timestamp":
      return (item) => (typeof item === "bigint" ? item : (item as DuckDBTimestampValue).micros);
    case "decimal":
      return (item) => (item as DuckDBDecimalValue).value;
    case "bytes":
      // A copy: the vector's memory goes with its chunk.
      return (item) => Uint8Array.from((item as DuckDBBlobValue).bytes);
    case "uuid":
      return String;
    case "list": {
      const read = orNull(tableValue((type as ListType).of));
      return (item) => (item as DuckDBListValue).items.map(read);
    }
    case "struct": {
      const fields = (type as StructType).fields.map(({ name, type: own }) => [name, orNull(tableValue(own))] as const);
      return (item) => {
        const { entries } = item as DuckDBStructValue;
        return Object.fromEntries(fields.map(([name, read]) => [name, read(entries[name])]));
      };
    }
    default:
      return (item) => item as Value;
  }
}

function orNull(read: (item: unknown) => Value): (item: unknown) => Value {
  return (item) => (item === null || item === undefined ? null : read(item));
}
