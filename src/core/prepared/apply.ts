// What a fitted step does to values. Each is compiled once, then takes a batch of any size, so that a request of one row and a training set of
// millions go through the same lines. Arithmetic is in float64; only the matrix is float32.

import { civilDate, dayNumber } from "../calendar.ts";
import { asText, type Signal } from "./signal.ts";
import { CROSSED, type DatePart, type FittedOf, type FittedStep } from "./step.ts";
import { bucketOf, countGrams } from "./text-hash.ts";

/** Told of a value that a step refuses because training did not have it. */
export type OnUnseen = (value: string, known: readonly string[]) => void;

/** A step, compiled. */
export type StepFunction = (signal: Signal, onUnseen?: OnUnseen) => Signal;

/** A step that takes what went before and gives what comes after. Signals of the wrong kind are a programming error. */
export function stepFunction(step: FittedStep): StepFunction {
  switch (step.step) {
    case "impute":
      return imputing(step.value);
    case "isMissing":
      return (signal) => ({ kind: "number", values: Float64Array.from(missingIn(signal), Number) });
    case "scale":
      return (signal) => scaled(step, numbersIn(signal));
    case "bucketize":
      return (signal) => ({ kind: "number", values: numbersIn(signal).map((value) => placeAmong(step.edges, value)) });
    case "oneHot":
      return oneHot(step);
    case "targetEncode":
      return targetEncoding(step);
    case "textLength":
      return (signal) => ({
        kind: "number",
        values: Float64Array.from(textsIn(signal), (text) => (text === null ? Number.NaN : [...text].length)),
      });
    case "ngramHash":
      return (signal) => grams(step, textsIn(signal));
    case "hash":
      return (signal) => ({
        kind: "text",
        values: textsIn(signal).map((text) => (text === null ? null : String(bucketOf(text, step.buckets)))),
      });
    case "dateParts":
      return (signal) => partsOf(step.parts, signal);
    default:
      return step satisfies never;
  }
}

/** Several texts as one a row; missing where one of them is. */
export function crossed(signals: readonly Signal[]): Signal {
  const texts = signals.map(textsIn);
  const [first = []] = texts;
  return {
    kind: "text",
    values: first.map((_, row) => {
      const parts = texts.map((each) => each[row] ?? null);
      return parts.includes(null) ? null : parts.join(CROSSED);
    }),
  };
}

/** Where each text stands among the categories of a step; `categories.length` for a missing one, one more for any other. */
export function categoryPlaces(categories: readonly string[]): (signal: Signal) => Int32Array {
  const places = new Map(categories.map((category, place) => [category, place]));
  const missing = categories.length;
  return (signal) => {
    const texts = textsIn(signal);
    const found = new Int32Array(texts.length);
    for (let row = 0; row < found.length; row += 1) {
      const text = texts[row] ?? null;
      found[row] = text === null ? missing : (places.get(text) ?? missing + 1);
    }
    return found;
  };
}

/** The row of a target encoding's table that belongs to a place, of shape (outputs). */
export function encodedAt(step: FittedOf<"targetEncode">, place: number, output: number): number {
  const { categories, values, outputs, missing, others } = step;
  if (place === categories.length) return missing[output] ?? Number.NaN;
  return (place > categories.length ? others[output] : values[place * outputs + output]) ?? Number.NaN;
}

/** The numbers of a signal. */
export function numbersIn(signal: Signal): Float64Array {
  if (signal.kind === "number") return signal.values;
  throw new TypeError(`A step for numbers was given a ${signal.kind}.`);
}

/** The texts of a signal; whole numbers count as text. */
export function textsIn(signal: Signal): readonly (string | null)[] {
  const texts = asText(signal);
  if (texts.kind === "text") return texts.values;
  throw new TypeError(`A step for texts was given a ${signal.kind}.`);
}

/** Whether each row's value is missing. */
export function missingIn(signal: Signal): readonly boolean[] {
  if (signal.kind === "text") return signal.values.map((value) => value === null);
  return Array.from(signal.kind === "time" ? signal.days : signal.values, Number.isNaN);
}

/** How many of the ascending edges a value has reached; NaN for NaN. */
function placeAmong(edges: readonly number[], value: number): number {
  if (Number.isNaN(value)) return value;
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function imputing(value: number | string): StepFunction {
  return (signal) => {
    if (typeof value === "string")
      return { kind: "text", values: textsIn(signal).map((text) => (text === null ? value : text)) };
    return { kind: "number", values: numbersIn(signal).map((number) => (Number.isNaN(number) ? value : number)) };
  };
}

function scaled({ center, scale, clip }: FittedOf<"scale">, values: Float64Array): Signal {
  const numbers = new Float64Array(values.length);
  for (let row = 0; row < values.length; row += 1) numbers[row] = ((values[row] ?? Number.NaN) - center) / scale;
  return {
    kind: "number",
    // Math.min keeps NaN.
    values: clip === true ? numbers.map((value) => Math.max(0, Math.min(1, value))) : numbers,
  };
}

function oneHot({ categories, missing, others, unseen }: FittedOf<"oneHot">): StepFunction {
  const placesOf = categoryPlaces(categories);
  const width = categories.length + (missing ? 1 : 0) + (others ? 1 : 0);
  return (signal, onUnseen) => {
    const places = placesOf(signal);
    if (unseen === "refuse") tellUnseen(signal, places, categories, onUnseen);
    const rows = places.length;
    const values = new Float64Array(rows * width);
    for (let row = 0; row < rows; row += 1) {
      const place = places[row] ?? 0;
      if (place < categories.length || (place === categories.length && missing)) values[place * rows + row] = 1;
      else if (place > categories.length && others) values[(width - 1) * rows + row] = 1;
    }
    return { kind: "block", width, values };
  };
}

function targetEncoding(step: FittedOf<"targetEncode">): StepFunction {
  const { categories, outputs, unseen } = step;
  const placesOf = categoryPlaces(categories);
  return (signal, onUnseen) => {
    const places = placesOf(signal);
    if (unseen === "refuse") tellUnseen(signal, places, categories, onUnseen);
    const rows = places.length;
    const values = new Float64Array(rows * outputs);
    for (let output = 0; output < outputs; output += 1)
      for (let row = 0; row < rows; row += 1) values[output * rows + row] = encodedAt(step, places[row] ?? 0, output);
    return outputs === 1 ? { kind: "number", values } : { kind: "block", width: outputs, values };
  };
}

function tellUnseen(
  signal: Signal,
  places: Int32Array,
  categories: readonly string[],
  onUnseen: OnUnseen | undefined,
): void {
  const row = onUnseen ? places.findIndex((place) => place > categories.length) : -1;
  if (row >= 0) onUnseen?.(String(textsIn(signal)[row]), categories);
}

function grams({ n, buckets }: FittedOf<"ngramHash">, texts: readonly (string | null)[]): Signal {
  const rows = texts.length;
  const values = new Float64Array(rows * buckets);
  for (const [row, text] of texts.entries())
    if (text !== null) countGrams(text, n, buckets, values, row, rows);
    else for (let bucket = 0; bucket < buckets; bucket += 1) values[bucket * rows + row] = Number.NaN;
  return { kind: "block", width: buckets, values };
}

const HOUR = 3_600_000_000;
const MINUTE = 60_000_000;

function partsOf(parts: readonly DatePart[], signal: Signal): Signal {
  if (signal.kind !== "time") throw new TypeError(`dateParts was given a ${signal.kind}.`);
  const { days, micros } = signal;
  const rows = days.length;
  const values = new Float64Array(rows * parts.length);
  for (const [place, part] of parts.entries())
    for (let row = 0; row < rows; row += 1)
      values[place * rows + row] = Number.isNaN(days[row])
        ? Number.NaN
        : datePart(part, days[row] ?? 0, micros[row] ?? 0);
  return parts.length === 1 ? { kind: "number", values } : { kind: "block", width: parts.length, values };
}

function datePart(part: DatePart, day: number, micros: number): number {
  switch (part) {
    case "dayOfWeek":
      return ((((day + 3) % 7) + 7) % 7) + 1;
    case "hourOfDay":
      return Math.floor(micros / HOUR);
    case "minuteOfHour":
      return Math.floor(micros / MINUTE) % 60;
    case "dayOfYear":
      return day - dayNumber({ year: civilDate(day).year, month: 1, dayOfMonth: 1 }) + 1;
    default:
      return civilDate(day)[part];
  }
}
