// The data types every engine agrees on, and how one value of each looks in JavaScript. A scalar type is a word; a decimal, a list and a
// struct are plain objects, so that a type can be stored, hashed and compared like any other part of a definition.

/** The types that are one word. `timestamp` is microseconds since the epoch, `date` whole days since then, both UTC. */
export type ScalarType =
  | "bool"
  | "int32"
  | "int64"
  | "float32"
  | "float64"
  | "string"
  | "bytes"
  | "date"
  | "timestamp"
  | "uuid";

/** Exact numbers of up to `precision` (1 to 18) digits, `scale` of them after the point. */
export interface DecimalType {
  readonly kind: "decimal";
  readonly precision: number;
  readonly scale: number;
}

/** Lists of one type; an element may be null. */
export interface ListType<T extends DataType = DataType> {
  readonly kind: "list";
  readonly of: T;
}

/** The fields of a struct for the compiler. */
export type StructShape = Readonly<Record<string, { readonly type: DataType; readonly isOptional: boolean }>>;

/** Named values of fixed types, in this order. `shape` is for the compiler only; no value has it. */
export interface StructType<S extends StructShape = StructShape> {
  readonly kind: "struct";
  readonly fields: readonly ColumnSchema[];
  readonly shape?: S;
}

/** A column's type, the same on every engine. */
export type DataType = ScalarType | DecimalType | ListType | StructType;

/** What kind of type one is: its word, or what it is an object for. */
export type TypeKind = ScalarType | "decimal" | "list" | "struct";

/** Every type that is one word, for validation and for tests that go through all of them. */
export const scalarTypes: readonly ScalarType[] = [
  "bool",
  "int32",
  "int64",
  "float32",
  "float64",
  "string",
  "bytes",
  "date",
  "timestamp",
  "uuid",
];

/** The types arithmetic works on as binary numbers; decimals have their own. */
export type NumericType = "int32" | "int64" | "float32" | "float64";

interface ValueByScalar {
  bool: boolean;
  int32: number;
  int64: bigint;
  float32: number;
  float64: number;
  string: string;
  bytes: Uint8Array;
  date: number;
  timestamp: bigint;
  uuid: string;
}

/** A struct's values by field name, in the type's order. */
export interface StructValue {
  readonly [field: string]: Value;
}

/** Any value a table cell, a feature or an expression can have. */
export type Value = boolean | number | bigint | string | Uint8Array | readonly Value[] | StructValue | null;

type StructOf<S extends StructShape> = {
  readonly [K in keyof S]: ValueOf<S[K]["type"]> | (S[K]["isOptional"] extends true ? null : never);
};

/**
 * How a non-null value of type `T` looks in JavaScript. int64 and timestamp are bigint, so nothing is rounded; a decimal is the bigint of its
 * units (12.34 with scale 2 is 1234n); a date is its day number; a uuid is lower-case text.
 */
export type ValueOf<T extends DataType> = [DataType] extends [T]
  ? Exclude<Value, null>
  : T extends ScalarType
    ? ValueByScalar[T]
    : T extends DecimalType
      ? bigint
      : T extends ListType<infer E>
        ? readonly (ValueOf<E> | null)[]
        : T extends StructType<infer S>
          ? StructOf<S>
          : never;

/** One named, typed column; `optional` means that it may hold nulls. */
export interface ColumnSchema {
  readonly name: string;
  readonly type: DataType;
  readonly optional: boolean;
}

/** What kind of type this is. */
export function kindOf(type: DataType): TypeKind {
  return typeof type === "string" ? type : type.kind;
}

/** Whether a type is a decimal. */
export function isDecimal(type: DataType): type is DecimalType {
  return kindOf(type) === "decimal";
}

/** Whether a type is a list. */
export function isList(type: DataType): type is ListType {
  return kindOf(type) === "list";
}

/** Whether a type is a struct. */
export function isStruct(type: DataType): type is StructType {
  return kindOf(type) === "struct";
}

/** Whether arithmetic in binary numbers works on a type. */
export function isNumeric(type: DataType): type is NumericType {
  return type === "int32" || type === "int64" || isFloat(type);
}

/** Whether a type is a floating-point one. */
export function isFloat(type: DataType): type is "float32" | "float64" {
  return type === "float32" || type === "float64";
}

/** Whether a model takes values of a type as categories: text, and names that are written like text. */
export function isCategory(type: DataType): type is "string" | "uuid" {
  return type === "string" || type === "uuid";
}

/** A type in words: `decimal(12, 2)`, `list(string)`, `struct(a: int64, b: string or null)`. */
export function typeText(type: DataType): string {
  if (typeof type === "string") return type;
  if (type.kind === "decimal") return `decimal(${type.precision}, ${type.scale})`;
  if (type.kind === "list") return `list(${typeText(type.of)})`;
  const fields = type.fields.map(
    (field) => `${field.name}: ${typeText(field.type)}${field.optional ? " or null" : ""}`,
  );
  return `struct(${fields.join(", ")})`;
}

/** Whether two types are the same, field by field. */
export function sameType(left: DataType | undefined, right: DataType | undefined): boolean {
  if (left === right) return true;
  return left !== undefined && right !== undefined && typeText(left) === typeText(right);
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Whether a bigint fits in 64 signed bits. */
export function fitsInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** Whether so many units fit in a decimal type. */
export function fitsDecimal(units: bigint, { precision }: DecimalType): boolean {
  const limit = 10n ** BigInt(precision);
  return units > -limit && units < limit;
}

/**
 * A decimal's units as float64: the units rounded once, then divided by a power of ten that is exact. The nearest float64 up to 2^53 units,
 * one bit off at most beyond. Every reader computes exactly this.
 */
export function decimalNumber(units: bigint, scale: number): number {
  return Number(units) / 10 ** scale;
}
