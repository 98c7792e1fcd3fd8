// Values and instants as JSON, written straight into an answer: thousands of them go into one.

import { type DataType, formatInstant, type Instant, type ScalarType, type Value, valueToJson } from "../core/core.ts";
import type { AnswerBytes } from "./answer-bytes.ts";

/** Writes one value of a type as JSON. */
export type ValueWriter = (out: AnswerBytes, value: Value) => void;

type Writer<V> = (out: AnswerBytes, value: V) => void;

const writers: { readonly [T in ScalarType]?: Writer<never> } = {
  bool: (out, value: boolean) => out.text(value ? "true" : "false"),
  int32: (out, value: number) => out.whole(value),
  int64(out, value: bigint | number) {
    const number = Number(value);
    if (Number.isSafeInteger(number)) out.whole(number);
    else out.text(`"${value}"`);
  },
  float32: writeFloat,
  float64: writeFloat,
  string: (out, value: string) => out.text(JSON.stringify(value)),
  timestamp: writeInstant,
};

/**
 * How values of a type are written: null as null, whole numbers beyond 2^53 and what is not finite as text, times as ISO 8601. Types that are
 * rarer take the long way.
 */
export function valueWriter(type: DataType): ValueWriter {
  const own = typeof type === "string" ? (writers[type] as Writer<Value> | undefined) : undefined;
  return orNull(own ?? ((out, value) => out.text(JSON.stringify(valueToJson(type, value)))));
}

/** Writes null as null, and everything else with `write`. */
export function orNull<V>(write: Writer<V>): ValueWriter {
  return (out, value) => (value === null ? out.text("null") : write(out, value as V));
}

function writeFloat(out: AnswerBytes, value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) out.whole(value);
  else if (!Number.isFinite(value)) out.text(`"${value}"`);
  else out.text(Object.is(value, -0) ? "-0" : String(value));
}

const MINUTE = 60_000_000;
// Times that are answered lie close together: what comes before the seconds is mostly known.
const minutes = new Map<number, string>();

/** Writes an instant as quoted ISO 8601. */
export function writeInstant(out: AnswerBytes, instant: Instant): void {
  const micros = Number(instant);
  if (micros < 0 || !Number.isSafeInteger(micros)) {
    out.text(`"${formatInstant(instant)}"`);
    return;
  }
  out.fraction(writeToSecond(out, micros));
  out.text('Z"');
}

/** Writes an instant up to its second, and gives the microseconds that are left; it is not before the epoch, and below 2^53. */
export function writeToSecond(out: AnswerBytes, micros: number): number {
  const minute = Math.floor(micros / MINUTE);
  const rest = micros - minute * MINUTE;
  let start = minutes.get(minute);
  if (start === undefined) {
    if (minutes.size >= 10_000) minutes.clear();
    start = `"${formatInstant(BigInt(minute) * BigInt(MINUTE)).slice(0, 17)}`;
    minutes.set(minute, start);
  }
  const seconds = Math.floor(rest / 1e6);
  out.text(start);
  if (seconds < 10) out.whole(0);
  out.whole(seconds);
  return rest - seconds * 1e6;
}

/** The longest time in microseconds whose seconds a float64 shows with the same digits. */
const EXACT = 1e15;

/** Writes microseconds as seconds. */
export function writeSeconds(out: AnswerBytes, micros: number): void {
  if (micros < 0 || micros > EXACT) {
    out.text(String(micros / 1e6));
    return;
  }
  const seconds = Math.floor(micros / 1e6);
  out.whole(seconds);
  out.fraction(micros - seconds * 1e6);
}
