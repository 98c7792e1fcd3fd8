// Elements of tensors from JSON: every value is held against its type's range, and one that does not fit is refused rather than changed.

import { isWellFormed, SlipwayError } from "../core/core.ts";
import type { TensorData, TensorType } from "../ports/ports.ts";

const WHOLE: Readonly<Partial<Record<TensorType, readonly [least: bigint, most: bigint]>>> = {
  UINT8: [0n, 2n ** 8n - 1n],
  UINT16: [0n, 2n ** 16n - 1n],
  UINT32: [0n, 2n ** 32n - 1n],
  UINT64: [0n, 2n ** 64n - 1n],
  INT8: [-(2n ** 7n), 2n ** 7n - 1n],
  INT16: [-(2n ** 15n), 2n ** 15n - 1n],
  INT32: [-(2n ** 31n), 2n ** 31n - 1n],
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Elements of a type from JSON values; null is a missing float. `what` names an element for a refusal. */
export function elementsFrom(
  type: TensorType,
  values: readonly unknown[],
  what: (place: number) => string,
): TensorData {
  const refuse = (place: number, expected: string): never => {
    throw new SlipwayError("INPUT_INVALID", `${what(place)} is not ${expected}.`);
  };
  switch (type) {
    case "FP32":
    case "FP64":
      return floats(type, values, refuse);
    case "BOOL":
      return Uint8Array.from(values, (value, place) =>
        typeof value === "boolean"
          ? Number(value)
          : value === 0 || value === 1
            ? value
            : refuse(place, "true or false"),
      );
    case "BYTES":
      return values.map((value, place) =>
        // ONNX Runtime's texts end at the first NUL.
        typeof value === "string" && isWellFormed(value) && !value.includes("\0")
          ? value
          : refuse(place, "text without NUL"),
      );
    case "FP16":
      throw new SlipwayError("INPUT_INVALID", "FP16 has no form in JSON; send it as binary data.");
    default:
      return wholes(type, values, refuse);
  }
}

function floats(
  type: "FP32" | "FP64",
  values: readonly unknown[],
  refuse: (place: number, expected: string) => never,
): TensorData {
  const cells = type === "FP32" ? new Float32Array(values.length) : new Float64Array(values.length);
  values.forEach((value, place) => {
    if (value === null) cells[place] = Number.NaN;
    else if (typeof value !== "number") refuse(place, "a number or null");
    else {
      cells[place] = value;
      if (!Number.isFinite(cells[place])) refuse(place, `a number that ${type} can hold`);
    }
  });
  return cells;
}

function wholes(
  type: TensorType,
  values: readonly unknown[],
  refuse: (place: number, expected: string) => never,
): TensorData {
  const [least, most] = WHOLE[type] ?? [0n, 0n];
  const read = (value: unknown, place: number): bigint => {
    // JSON's own numbers are exact up to 2^53; a larger one comes as text.
    const isExact =
      typeof value === "number" ? Number.isSafeInteger(value) : typeof value === "string" && /^-?\d{1,20}$/.test(value);
    const whole = isExact ? BigInt(value as number | string) : refuse(place, `a whole number of ${type}`);
    return whole >= least && whole <= most ? whole : refuse(place, `a whole number from ${least} to ${most}`);
  };
  if (type === "INT64") return BigInt64Array.from(values.map(read));
  if (type === "UINT64") return BigUint64Array.from(values.map(read));
  const numbers = values.map((value, place) => Number(read(value, place)));
  switch (type) {
    case "UINT8":
      return Uint8Array.from(numbers);
    case "UINT16":
      return Uint16Array.from(numbers);
    case "UINT32":
      return Uint32Array.from(numbers);
    case "INT8":
      return Int8Array.from(numbers);
    case "INT16":
      return Int16Array.from(numbers);
    default:
      return Int32Array.from(numbers);
  }
}

/** What `pandas.read_csv` takes for a missing number. */
const MISSING = new Set(
  "|#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null".split("|"),
);
const MOST_DIGITS = 20;
const NUMBER = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

/** A cell of text as the value that a type asks for; what cannot be read so stays text, for {@link elementsFrom} to refuse. */
export function valueFromText(type: TensorType, text: string): unknown {
  if (type === "BYTES") return text;
  if (type === "BOOL") return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : text;
  if (MISSING.has(text)) return null;
  if (NUMBER.test(text)) return type.includes("INT") ? (wholeFromText(text) ?? text) : Number(text);
  return /^true$/i.test(text) ? 1 : /^false$/i.test(text) ? 0 : text;
}

/** What a decimal is when it is whole, as "7.0" and "1e3" are: digits alone where a number would round it. */
function wholeFromText(text: string): number | string | undefined {
  const [, sign = "", before = "", behind = "", exponent = "0"] =
    /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?\s*$/.exec(text) ?? [];
  const digits = before + behind;
  const point = Math.max(before.length + Number(exponent), 0);
  if (/[1-9]/.test(digits.slice(point))) return undefined;
  // Twenty zeros more are beyond every type, however many there are.
  const padded = digits.slice(0, point).padEnd(Math.min(point, digits.length + MOST_DIGITS), "0");
  const whole = (sign === "-" ? "-" : "") + (padded.replace(/^0+/, "") || "0");
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
}

/** The value of IEEE 754's 16 bits. */
function halfFromBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** An element as JSON has it: NaN and infinities as null, whole numbers beyond 2^53 as text. */
export function elementToJson(type: TensorType, value: number | bigint | string | undefined): unknown {
  if (typeof value === "bigint") return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : String(value);
  if (typeof value !== "number") return value ?? null;
  if (type === "BOOL") return value !== 0;
  const number = type === "FP16" ? halfFromBits(value) : value;
  return Number.isFinite(number) ? number : null;
}
