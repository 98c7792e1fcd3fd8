// How values that SQL has no word for are stored, the same on every database: an instant as whole microseconds, NaN as null in a
// column of numbers, and anything else as JSON text in which NaN, the infinities and bigint are spelled as strings.

import type { Instant } from "../core/core.ts";

/** An instant as a column holds it. */
export function instantToSql(instant: Instant): number {
  return Number(instant);
}

/** An instant from a column. */
export function instantFromSql(micros: number): Instant {
  return BigInt(micros);
}

/** A number as a column of reals holds it: SQLite has no NaN. */
export function numberToSql(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** A number from a column of reals. */
export function numberFromSql(value: number | null): number {
  return value ?? Number.NaN;
}

/** A value as JSON text; `Number("NaN")` and `BigInt("123")` bring back what plain JSON would lose. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === "bigint") return String(item);
    return typeof item === "number" && !Number.isFinite(item) ? String(item) : item;
  });
}

/** A value from JSON text; the caller says what was put there. */
export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T;
}
