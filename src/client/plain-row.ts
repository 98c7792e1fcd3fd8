// A row as JSON can carry it.

import { clientError } from "./request.ts";

/** Any row, for what is only known by name. */
export type UntypedRow = Readonly<Record<string, SentValue>>;

/** What can travel as a value: bytes go as base64. */
export type SentValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Uint8Array
  | readonly SentValue[]
  | { readonly [field: string]: SentValue }
  | null
  | undefined;

/** A row as it travels: instants as Date or ISO text, days and decimals as text, because a bare number would not say its unit. */
export type ClientRow<Row> = { readonly [K in keyof Row]: Sent<Row[K]> };

// What may also be text must be: a number beside it is a day's or a decimal's number, which the server cannot tell from another.
type Sent<V> = [SentValue] extends [V] ? V : string extends V ? Exclude<V, number | bigint> : SentMember<V>;
type SentMember<V> = V extends readonly (infer E)[]
  ? readonly Sent<E>[]
  : V extends Date | Uint8Array
    ? V
    : V extends object
      ? { readonly [K in keyof V]: Sent<V[K]> }
      : V;

/** A row as plain JSON values: whole numbers beyond 2^53 and times as text. Throws INPUT_INVALID for what JSON cannot carry. */
export function plainRow(row: UntypedRow): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(name, value)]));
}

const isList = (value: SentValue): value is readonly SentValue[] => Array.isArray(value);

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function plainValue(name: string, value: SentValue): unknown {
  if (value instanceof Uint8Array) return base64(value);
  if (isList(value)) return value.map((item, index) => plainValue(`${name}[${index}]`, item));
  if (typeof value === "object" && value !== null && !(value instanceof Date))
    return Object.fromEntries(
      Object.entries(value).map(([field, item]) => [field, plainValue(`${name}.${field}`, item)]),
    );
  if (typeof value === "bigint") {
    const number = Number(value);
    // JSON numbers lose whole numbers beyond 2^53.
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (value instanceof Date || (typeof value === "number" && !Number.isFinite(value)))
    throw clientError(
      "INPUT_INVALID",
      `"${name}" is ${String(value)}, which JSON cannot carry; give null for missing.`,
    );
  return value;
}
