import { type DataType, formatInstant, type Value } from "../core/core.ts";

/** A value as JSON has it: times as ISO 8601, whole numbers beyond 2^53 and what is not finite as text. */
export function plainValue(value: Value, type: DataType): string | number | boolean | null {
  if (value === null) return null;
  if (type === "timestamp") return formatInstant(value as bigint);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
