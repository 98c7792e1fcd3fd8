// Types and values of tables as DuckDB's appender takes them: the other direction of result-types.ts.

import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBUUIDValue,
  type DuckDBValue,
  FLOAT,
  INTEGER,
  LIST,
  listValue,
  STRUCT,
  structValue,
  TIMESTAMP,
  UUID,
  VARCHAR,
} from "@duckdb/node-api";
import {
  type DataType,
  type DecimalType,
  kindOf,
  type ListType,
  type StructType,
  type StructValue,
  type Value,
} from "../../core/core.ts";

const scalars = {
  bool: BOOLEAN,
  int32: INTEGER,
  int64: BIGINT,
  float32: FLOAT,
  float64: DOUBLE,
  string: VARCHAR,
  bytes: BLOB,
  date: DATE,
  timestamp: TIMESTAMP,
  uuid: UUID,
} as const;

/** A type as DuckDB's library has it. */
export function duckdbType(type: DataType): DuckDBType {
  if (typeof type === "string") return scalars[type];
  if (type.kind === "decimal") return DECIMAL(type.precision, type.scale);
  if (type.kind === "list") return LIST(duckdbType(type.of));
  return STRUCT(Object.fromEntries(type.fields.map((field) => [field.name, duckdbType(field.type)])));
}

/** Turns what a column holds in one row, not null, into what a vector takes: a bool is 0 or 1 in a column. */
export function valueWriter(type: DataType): (item: unknown) => DuckDBValue {
  return type === "bool" ? (item) => item !== 0 : writer(type);
}

function writer(type: DataType): (value: unknown) => DuckDBValue {
  const kind = kindOf(type);
  switch (kind) {
    case "timestamp":
      return (value) => new DuckDBTimestampValue(value as bigint);
    case "date":
      return (value) => new DuckDBDateValue(value as number);
    case "decimal": {
      const { precision, scale } = type as DecimalType;
      return (value) => new DuckDBDecimalValue(value as bigint, precision, scale);
    }
    case "bytes":
      return (value) => new DuckDBBlobValue(value as Uint8Array);
    case "uuid":
      return (value) => DuckDBUUIDValue.fromUint128(BigInt(`0x${(value as string).replaceAll("-", "")}`));
    case "list": {
      const write = orNull(writer((type as ListType).of));
      return (value) => listValue((value as readonly Value[]).map(write));
    }
    case "struct": {
      const fields = (type as StructType).fields.map(({ name, type: own }) => [name, orNull(writer(own))] as const);
      return (value) =>
        structValue(
          Object.fromEntries(fields.map(([name, write]) => [name, write((value as StructValue)[name] ?? null)])),
        );
    }
    default:
      return (value) => value as DuckDBValue;
  }
}

function orNull(write: (value: unknown) => DuckDBValue): (value: Value) => DuckDBValue {
  return (value) => (value === null ? null : write(value));
}
