// Which of DuckDB's types, by the names it describes a file's columns with, fit a declared type without loss. A nested type fits when its parts
// do: a list's elements, and a struct's declared fields, whose order and company do not matter.

import { type DataType, type DecimalType, isDecimal, type ScalarType, typeText } from "../../core/core.ts";

const accepted: Readonly<Record<ScalarType, readonly string[]>> = {
  bool: ["BOOLEAN"],
  int32: ["TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT"],
  int64: ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"],
  float32: ["FLOAT"],
  float64: ["FLOAT", "DOUBLE"],
  string: ["VARCHAR"],
  bytes: ["BLOB"],
  date: ["DATE"],
  timestamp: ["TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE"],
  uuid: ["UUID"],
};

/** Types that a first part's type can hold, besides itself. */
const narrower: Readonly<Record<string, readonly string[]>> = {
  SMALLINT: ["TINYINT", "UTINYINT"],
  INTEGER: ["TINYINT", "SMALLINT", "UTINYINT", "USMALLINT"],
  BIGINT: ["TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"],
  USMALLINT: ["UTINYINT"],
  UINTEGER: ["UTINYINT", "USMALLINT"],
  DOUBLE: ["FLOAT"],
  TIMESTAMP_MS: ["TIMESTAMP_S"],
  TIMESTAMP: ["TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE"],
  "TIMESTAMP WITH TIME ZONE": ["TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP"],
};

/** Whether a file's type can hold the values of a later file's: DuckDB casts them to the first one's. */
export function canHold(first: string, later: string): boolean {
  if (first === later || narrower[first]?.includes(later) === true) return true;
  const [, precision, scale] = DECIMAL.exec(first) ?? [];
  return precision !== undefined && fitsDecimalType({ precision: Number(precision), scale: Number(scale) }, later);
}

const DECIMAL = /^DECIMAL\((\d+),\s*(\d+)\)$/;

/** Digits that the whole numbers of a type can have. */
const wholeDigits: Readonly<Record<string, number>> = {
  TINYINT: 3,
  UTINYINT: 3,
  SMALLINT: 5,
  USMALLINT: 5,
  INTEGER: 10,
  UINTEGER: 10,
};

/** Whether values of a type that DuckDB found fit a declared one without loss. */
export function fitsDeclared(declared: DataType, found: string): boolean {
  if (isDecimal(declared)) return fitsDecimalType(declared, found);
  if (typeof declared === "string") return accepted[declared].includes(found);
  if (declared.kind === "list") {
    const element = /^(.*)\[\d*\]$/s.exec(found)?.[1];
    return element !== undefined && fitsDeclared(declared.of, element);
  }
  const fields = structFields(found);
  return declared.fields.every(({ name, type }) => {
    const own = fields?.get(name);
    return own !== undefined && fitsDeclared(type, own);
  });
}

function fitsDecimalType({ precision, scale }: Pick<DecimalType, "precision" | "scale">, found: string): boolean {
  const [, digits, after] = DECIMAL.exec(found) ?? [];
  if (digits === undefined) return (wholeDigits[found] ?? Number.POSITIVE_INFINITY) <= precision - scale;
  return Number(after) <= scale && Number(digits) - Number(after) <= precision - scale;
}

/** The fields of `STRUCT(a BIGINT, "b c" VARCHAR[])`, by name; undefined for another type. */
function structFields(found: string): ReadonlyMap<string, string> | undefined {
  const inner = /^STRUCT\((.*)\)$/s.exec(found)?.[1];
  if (inner === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const part of topLevelParts(inner)) {
    const [, quoted, plain, type = ""] = /^(?:"((?:[^"]|"")*)"|(\S+)) (.*)$/s.exec(part) ?? [];
    fields.set(quoted?.replaceAll('""', '"') ?? plain ?? "", type);
  }
  return fields;
}

/** Splits at the commas that stand in no bracket and no quoted name. */
function topLevelParts(list: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let isQuoted = false;
  let start = 0;
  for (let at = 0; at < list.length; at += 1) {
    const letter = list[at];
    if (letter === '"') isQuoted = !isQuoted;
    if (isQuoted) continue;
    if (letter === "(") depth += 1;
    if (letter === ")") depth -= 1;
    if (letter === "," && depth === 0) {
      parts.push(list.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...parts, list.slice(start).trim()];
}

/** What to do about a column of another type than declared, where there is one good answer; "" elsewhere. */
export function adviceFor(declared: DataType, found: string): string {
  const isBinary = found === "DOUBLE" || found === "FLOAT";
  if (declared === "timestamp" && found === "VARCHAR")
    return "; convert the text to timestamps when the file is written";
  if (declared === "date" && found.startsWith("TIMESTAMP")) return "; declare it t.timestamp(), or write it as DATE";
  if (declared === "timestamp" && found === "DATE") return "; declare it t.date()";
  if (declared === "uuid" && found === "VARCHAR") return "; declare it t.string(), or write it as UUID";
  if (declared === "float32" && found === "DOUBLE") return "; declare it t.float64(), because float32 would round it";
  if (isDecimal(declared) && isBinary)
    return `; binary numbers are not exact, so declare it t.float64(), or write it as ${typeText(declared).toUpperCase()}`;
  return "";
}
