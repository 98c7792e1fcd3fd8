// Values and instants as JSON text, written straight into an answer: thousands of them go into one.

import { type DataType, formatInstant, type Instant, type ScalarType, type Value, valueToJson } from "../core/core.ts";

/** Writes one non-null value of a type as JSON. */
type ValueText = (value: never) => string;

const texts: { readonly [T in ScalarType]?: ValueText } = {
  bool: (value: boolean) => (value ? "true" : "false"),
  int32: (value: number) => String(value),
  int64: int64Text,
  float32: floatText,
  float64: floatText,
  string: (value: string) => JSON.stringify(value),
  timestamp: (value: Instant) => instantText(value),
};

/**
 * How values of a type are written: null as null, whole numbers beyond 2^53 and what is not finite as text, times as ISO 8601. Types that are
 * rarer take the long way.
 */
export function valueText(type: DataType): (value: Value) => string {
  const own = typeof type === "string" ? (texts[type] as ((value: Value) => string) | undefined) : undefined;
  const text = own ?? ((value: Value) => JSON.stringify(valueToJson(type, value)));
  return (value) => (value === null ? "null" : text(value));
}

function int64Text(value: bigint): string {
  // A number is written in a fraction of the time of a bigint.
  const number = Number(value);
  return Number.isSafeInteger(number) ? String(number) : `"${value}"`;
}

function floatText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0" : String(value);
}

const MINUTE = 60_000_000n;
// Times that are answered lie close together: what comes before the seconds is mostly known.
const minutes = new Map<bigint, string>();

/** An instant as quoted ISO 8601. */
export function instantText(instant: Instant): string {
  const minute = instant / MINUTE;
  const rest = Number(instant - minute * MINUTE);
  if (rest < 0) return `"${formatInstant(instant)}"`;
  let start = minutes.get(minute);
  if (start === undefined) {
    if (minutes.size >= 10_000) minutes.clear();
    start = `"${formatInstant(minute * MINUTE).slice(0, 17)}`;
    minutes.set(minute, start);
  }
  const seconds = Math.floor(rest / 1e6);
  const fraction = rest - seconds * 1e6;
  const whole = seconds < 10 ? `${start}0${seconds}` : `${start}${seconds}`;
  return fraction === 0 ? `${whole}Z"` : `${whole}.${String(fraction).padStart(6, "0").replace(/0+$/, "")}Z"`;
}
