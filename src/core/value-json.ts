// The one place where values become JSON and where what a caller gives becomes values. JSON has no whole numbers beyond 2^53, no exact
// decimals, no bytes and no days, so these travel as text; NaN and infinities go out as text and do not come in.

import { dateText, isDay, parseDate } from "./calendar.ts";
import { formatInstant, instantOf, parseInstant } from "./time.ts";
import {
  type ColumnSchema,
  type DataType,
  type DecimalType,
  fitsDecimal,
  fitsInt64,
  kindOf,
  type ListType,
  type StructType,
  type Value,
} from "./types.ts";

/** What JSON can hold. */
export type JsonValue =
  | boolean
  | number
  | string
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** A decimal's units as text: 1234n with scale 2 is `12.34`. */
export function decimalText(units: bigint, scale: number): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
  const point = digits.length - scale;
  const fraction = scale === 0 ? "" : `.${digits.slice(point)}`;
  return `${units < 0n ? "-" : ""}${digits.slice(0, point)}${fraction}`;
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?$/;

/** The units of a decimal text; undefined where it is none, or has more digits than the type. Zeros at the end are no digits. */
export function parseDecimal(text: string, type: DecimalType): bigint | undefined {
  const [, sign, whole = "", fraction = ""] = DECIMAL.exec(text) ?? [];
  const kept = fraction.replace(/0+$/, "");
  if (sign === undefined || kept.length > type.scale || whole.length > 40) return undefined;
  const units = BigInt(whole + kept.padEnd(type.scale, "0")) * (sign === "-" ? -1n : 1n);
  return fitsDecimal(units, type) ? units : undefined;
}

/** A value as JSON, by its type: int64 beyond 2^53 and decimals as text, bytes as base64, days and instants as ISO 8601. */
export function valueToJson(type: DataType, value: Value): JsonValue {
  if (value === null) return null;
  const kind = kindOf(type);
  switch (kind) {
    case "bool":
    case "int32":
    case "string":
    case "uuid":
      return value as boolean | number | string;
    case "float32":
    case "float64":
      return Number.isFinite(value) ? (value as number) : String(value);
    case "int64":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case "decimal":
      return decimalText(value as bigint, (type as DecimalType).scale);
    case "bytes":
      return Buffer.from(value as Uint8Array).toString("base64");
    case "date":
      return dateText(value as number);
    case "timestamp":
      return formatInstant(value as bigint);
    case "list":
      return (value as readonly Value[]).map((item) => valueToJson((type as ListType).of, item));
    case "struct":
      return rowToJson((type as StructType).fields, value as Readonly<Record<string, Value>>);
    default:
      return kind satisfies never;
  }
}

/** Named values as a JSON object, in the schema's order. */
export function rowToJson(
  schema: readonly Pick<ColumnSchema, "name" | "type">[],
  values: Readonly<Record<string, Value | undefined>>,
): { readonly [name: string]: JsonValue } {
  return Object.fromEntries(schema.map(({ name, type }) => [name, valueToJson(type, values[name] ?? null)]));
}

/** A value as a person reads it. */
export function valueText(type: DataType, value: Value): string {
  if (value === null) return "null";
  if (type === "float32") return shortestFloat32(value as number);
  if (type === "float64" || type === "int64") return String(value);
  const json = valueToJson(type, value);
  return typeof json === "object" ? JSON.stringify(json) : String(json);
}

/** The shortest text that is still this float32: 0.1 and not 0.10000000149011612. */
function shortestFloat32(value: number): string {
  for (let digits = 1; digits < 9; digits += 1)
    if (Math.fround(Number(value.toPrecision(digits))) === value) return String(Number(value.toPrecision(digits)));
  return String(value);
}

/** Called for what cannot be a value: where in the input it stands, what it is, and the type that was wanted there. */
export type RefuseInput = (path: string, given: unknown, type: DataType, problem?: string) => never;

/**
 * What a caller gives as a value of a type; `refuse` is called for anything else. With `isJson` only JSON's own forms are taken: no day
 * number, no bigint, nothing that is not finite.
 */
export function valueFrom(type: DataType, given: unknown, isJson: boolean, path: string, refuse: RefuseInput): Value {
  if (typeof type === "object" && type.kind === "list") {
    if (!Array.isArray(given)) return refuse(path, given, type);
    return given.map((item: unknown, index) =>
      item === null || item === undefined ? null : valueFrom(type.of, item, isJson, `${path}[${index}]`, refuse),
    );
  }
  if (typeof type === "object" && type.kind === "struct") return structFrom(type, given, isJson, path, refuse);
  if (type === "string" && typeof given === "string" && !isWellFormed(given))
    return refuse(path, given, type, "has half a surrogate pair in it");
  return scalarFrom(type, given, isJson) ?? refuse(path, given, type);
}

function structFrom(type: StructType, given: unknown, isJson: boolean, path: string, refuse: RefuseInput): Value {
  if (typeof given !== "object" || given === null || Array.isArray(given) || ArrayBuffer.isView(given))
    return refuse(path, given, type);
  const members = given as Readonly<Record<string, unknown>>;
  const value: Record<string, Value> = {};
  for (const field of type.fields) {
    const item = Object.hasOwn(members, field.name) ? members[field.name] : undefined;
    const place = `${path}.${field.name}`;
    if (item !== undefined && item !== null) value[field.name] = valueFrom(field.type, item, isJson, place, refuse);
    else if (field.optional) value[field.name] = null;
    else return refuse(place, item, field.type, "is missing");
  }
  for (const name of Object.keys(members))
    if (!Object.hasOwn(value, name)) return refuse(`${path}.${name}`, members[name], type, "is not a field of it");
  return value;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether a text can be written as UTF-8: half a surrogate pair cannot, and would make the whole file that it is written to unreadable. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

const INT32 = 2 ** 31;
/** The instants that every engine can hold: DuckDB's TIMESTAMP is the narrowest. */
const INSTANTS = { first: -9_223_372_022_400_000_000n, last: 9_223_372_036_854_775_806n } as const;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function scalarFrom(
  type: Exclude<DataType, ListType | StructType>,
  given: unknown,
  isJson: boolean,
): Value | undefined {
  const isText = typeof given === "string";
  if (typeof type === "object")
    return isText
      ? parseDecimal(given, type)
      : typeof given === "bigint" && fitsDecimal(given, type)
        ? given
        : undefined;
  switch (type) {
    case "string":
      return isText ? given : undefined;
    case "bool":
      return typeof given === "boolean" ? given : undefined;
    case "float64":
      return float(given, isJson);
    case "float32":
      return float32(float(given, isJson));
    case "int32":
      return typeof given === "number" && Number.isInteger(given) && given >= -INT32 && given < INT32
        ? given
        : undefined;
    case "int64":
      return int64(given);
    case "date":
      if (isText) return parseDate(given);
      return !isJson && typeof given === "number" && isDay(given) ? given : undefined;
    case "timestamp":
      return timestamp(given);
    case "uuid":
      return isText && UUID.test(given) ? given.toLowerCase() : undefined;
    case "bytes":
      return bytes(given);
    default:
      return type satisfies never;
  }
}

function float(given: unknown, isJson: boolean): number | undefined {
  // JSON's own 1e999 is read as Infinity.
  return typeof given === "number" && (!isJson || Number.isFinite(given)) ? given : undefined;
}

/** The nearest float32; undefined for a number that is too great for one. */
function float32(given: number | undefined): number | undefined {
  if (given === undefined) return undefined;
  const rounded = Math.fround(given);
  return Number.isFinite(given) && !Number.isFinite(rounded) ? undefined : rounded;
}

function int64(given: unknown): bigint | undefined {
  if (typeof given === "number") return Number.isSafeInteger(given) ? BigInt(given) : undefined;
  // Text, because JSON numbers lose whole numbers beyond 2^53.
  const value =
    typeof given === "bigint" || (typeof given === "string" && /^-?\d{1,19}$/.test(given)) ? BigInt(given) : undefined;
  return value !== undefined && fitsInt64(value) ? value : undefined;
}

const ZONED = /[T ].*(?:Z|[+-]\d{2}:?\d{2})$/;

function timestamp(given: unknown): bigint | undefined {
  if (typeof given === "bigint") return given >= INSTANTS.first && given <= INSTANTS.last ? given : undefined;
  if (given instanceof Date) return Number.isNaN(given.getTime()) ? undefined : instantOf(given);
  // Without a zone nobody knows which instant is meant.
  if (typeof given !== "string" || !ZONED.test(given)) return undefined;
  try {
    return parseInstant(given);
  } catch {
    return undefined;
  }
}

function bytes(given: unknown): Uint8Array | undefined {
  if (given instanceof Uint8Array) return given;
  if (typeof given !== "string") return undefined;
  const decoded = Buffer.from(given, "base64");
  return decoded.toString("base64") === given ? new Uint8Array(decoded) : undefined;
}

/** What to give for a value of a type, in words with an example: completes "give …". */
export function expectationOf(type: DataType): string {
  const kind = kindOf(type);
  switch (kind) {
    case "string":
      return 'text, such as "JFK"';
    case "bool":
      return "true or false";
    case "float64":
      return "a number";
    case "float32":
      return "a number within float32";
    case "int32":
      return "a whole number";
    case "int64":
      return 'a whole number, as text beyond 2^53, such as "9007199254740993"';
    case "decimal": {
      const { precision, scale } = type as DecimalType;
      return `a decimal as text with at most ${precision - scale} digits before and ${scale} after the point, such as "${decimalText(BigInt("1234".slice(0, precision)), scale)}"`;
    }
    case "bytes":
      return 'bytes as base64, such as "AAEC"';
    case "date":
      return 'a day, such as "2013-07-01"';
    case "timestamp":
      return 'a time with its zone, such as "2013-07-01T14:00:00Z"';
    case "uuid":
      return 'a UUID, such as "123e4567-e89b-12d3-a456-426614174000"';
    case "list":
      return `a list, each item of which is ${expectationOf((type as ListType).of)}`;
    case "struct":
      return `an object with ${(type as StructType).fields.map((field) => `"${field.name}"`).join(", ")}`;
    default:
      return kind satisfies never;
  }
}

/** A value that came as bare text (a word of a command line, a query parameter) as JSON would have it; what does not fit is left as it is. */
export function jsonFromText(type: DataType | undefined, text: string): string | number | boolean {
  if (type === "int32" && /^-?\d+$/.test(text)) return Number(text);
  if ((type === "float32" || type === "float64") && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text))
    return Number(text);
  if (type === "bool" && (text === "true" || text === "false")) return text === "true";
  return text;
}
