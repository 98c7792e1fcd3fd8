// Values in a line of JSON that an engine reads back exactly: whole numbers of any size, times as whole microseconds, days as their numbers,
// decimals as their units, bytes as base64, NaN and infinities as text.

import type { StructValue, Value } from "./types.ts";

/** A value as it stands in a line. */
export function lineCell(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && !Number.isFinite(value)) return `"${value}"`;
  if (typeof value === "object") {
    if (value instanceof Uint8Array) return `"${Buffer.from(value).toString("base64")}"`;
    return Array.isArray(value) ? `[${value.map(lineCell).join(",")}]` : lineObject(value as StructValue);
  }
  return Object.is(value, -0) ? "-0.0" : String(value);
}

/** Names as JSON with their colon; there are few, and each is written again and again. */
const quotedNames = new Map<string, string>();

/** A name as it stands before its value in a line. */
export function lineName(name: string): string {
  let text = quotedNames.get(name);
  if (text === undefined) {
    text = `${JSON.stringify(name)}:`;
    quotedNames.set(name, text);
  }
  return text;
}

/** Named values as an object in a line. */
export function lineObject(values: Readonly<Record<string, Value>>): string {
  let text = "";
  for (const name in values) text += `${text === "" ? "" : ","}${lineName(name)}${lineCell(values[name] ?? null)}`;
  return `{${text}}`;
}
