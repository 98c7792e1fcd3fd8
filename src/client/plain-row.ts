// A row as JSON can carry it.

import { clientError } from "./request.ts";

/** Any row, for what is only known by name. */
export type UntypedRow = Readonly<Record<string, string | number | bigint | boolean | Date | null | undefined>>;

/** A row as it travels: instants as Date or ISO text, because a bare number would not say its unit. */
export type ClientRow<Row> = { readonly [K in keyof Row]: Sent<Row[K]> };

type Sent<V> = Date extends V ? (boolean extends V ? V : Exclude<V, bigint>) : V;

/** A row as plain JSON values: whole numbers beyond 2^53 and times as text. Throws INPUT_INVALID for what JSON cannot carry. */
export function plainRow(row: UntypedRow): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(name, value)]));
}

function plainValue(name: string, value: UntypedRow[string]): unknown {
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
