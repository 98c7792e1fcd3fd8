// Feast's types and a file's types as one of Slipway's, and as the words that declare it.

import { type ColumnSchema, type DataType, kindOf, sameType, typeText } from "../core/core.ts";

/** A column of a Parquet file, as it was found there. */
export interface FileColumn {
  readonly name: string;
  /** Undefined for a type that Slipway does not have. */
  readonly type: DataType | undefined;
  /** The type in the file's own words. */
  readonly found: string;
  readonly hasNulls: boolean;
}

const scalars: Readonly<Record<string, DataType>> = {
  int32: "int32",
  int64: "int64",
  float: "float32",
  float32: "float32",
  double: "float64",
  float64: "float64",
  string: "string",
  bool: "bool",
  bytes: "bytes",
  unixtimestamp: "timestamp",
  unix_timestamp: "timestamp",
  uuid: "uuid",
  date: "date",
};

/** Feast's type by its text: `Float32`, `ValueType.INT64`, `Array(String)`; undefined for what Slipway does not have. */
export function feastType(text: string): DataType | undefined {
  const bare = text.replace(/^(?:\w+\.)+/, "");
  const [, inner] = /^Array\((.*)\)$/s.exec(bare) ?? [];
  if (inner !== undefined) {
    const of = feastType(inner);
    return of && { kind: "list", of };
  }
  const [, listed] = /^(\w+)_LIST$/.exec(bare) ?? [];
  const of = listed === undefined ? undefined : feastType(listed);
  if (of) return { kind: "list", of };
  return scalars[bare.toLowerCase()];
}

/** What a column is declared as, or why it cannot be. */
export type DeclaredType =
  | { readonly type: DataType; readonly note?: string }
  | { readonly type: undefined; readonly note: string };

const wider: Readonly<Record<string, string>> = { int32: "int64", float32: "float64" };

/** The type of a column for which Feast says `declared`, and that a file, where it is at hand, holds as `column`. */
export function columnType(declared: string, column: FileColumn | undefined): DeclaredType {
  const wanted = feastType(declared);
  if (!column)
    return wanted
      ? { type: wanted }
      : { type: undefined, note: `its type ${declared || "is not given and"} has no counterpart.` };
  const { type, found } = column;
  if (!type) return { type: undefined, note: `its column is ${found} in the file, which Slipway does not read.` };
  if (!wanted && /^Struct\b/.test(declared) && kindOf(type) === "struct") return { type };
  if (!wanted)
    return declared === ""
      ? { type }
      : { type, note: `${declared} has no counterpart; it is read as the file has it, ${typeText(type)}.` };
  if (sameType(wanted, type) || wider[String(type)] === wanted) return { type: wanted };
  return { type, note: `Feast calls it ${declared}; it is read as the file has it, ${typeText(type)}.` };
}

/** The words that declare a type: `t.list(t.int64())`. */
export function typeWords(type: DataType, optional = false): string {
  const end = optional ? ".optional()" : "";
  if (typeof type === "string") return `t.${type}()${end}`;
  if (type.kind === "decimal") return `t.decimal(${type.precision}, ${type.scale})${end}`;
  if (type.kind === "list") return `t.list(${typeWords(type.of)})${end}`;
  const fields = type.fields as readonly ColumnSchema[];
  const words = fields.map((field) => `${property(field.name)}: ${typeWords(field.type, field.optional)}`);
  return `t.struct({ ${words.join(", ")} })${end}`;
}

/** A name as an object's key. */
export function property(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** How a name is taken from an object: `.name`, `["odd name"]`. */
export function member(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

/** Whether a type can be part of a key. */
export function isKeyType(type: DataType): boolean {
  return ["string", "int32", "int64", "uuid", "date", "timestamp", "bool"].includes(kindOf(type));
}
