// The data types every engine agrees on, and how one value of each looks in JavaScript.

/** A column's type, the same on every engine. `timestamp` is microseconds since the epoch, UTC. */
export type DataType = "bool" | "int32" | "int64" | "float64" | "string" | "timestamp";

/** Every data type, for validation and for tests that go through all of them. */
export const dataTypes: readonly DataType[] = ["bool", "int32", "int64", "float64", "string", "timestamp"];

/** The types arithmetic works on. */
export type NumericType = "int32" | "int64" | "float64";

interface ValueByType {
  bool: boolean;
  int32: number;
  int64: bigint;
  float64: number;
  string: string;
  timestamp: bigint;
}

/** How a non-null value of type `T` looks in JavaScript: int64 and timestamp are bigint, so nothing is rounded. */
export type ValueOf<T extends DataType> = ValueByType[T];

/** Any value a table cell, a feature or an expression can have. */
export type Value = ValueByType[DataType] | null;

/** One named, typed column; `optional` means that it may hold nulls. */
export interface ColumnSchema {
  readonly name: string;
  readonly type: DataType;
  readonly optional: boolean;
}

/** Whether arithmetic works on a type. */
export function isNumeric(type: DataType): type is NumericType {
  return type === "int32" || type === "int64" || type === "float64";
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Whether a bigint fits in 64 signed bits. */
export function fitsInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}
