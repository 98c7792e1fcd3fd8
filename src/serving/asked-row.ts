// What a caller sends for one prediction, checked and typed: entity keys and request values. Hand-written because it runs on every
// request; the JSON schema of the same fields is made in the server.

import { type ColumnSchema, type DataType, instantOf, parseInstant, SlipwayError, type Value } from "../core/core.ts";
import type { ModelSpec } from "../define/define.ts";

/** A checked row by field name. */
export type AskedRow = Readonly<Record<string, Value>>;

/** The fields of a model's row: request values, then the keys that are not among them. */
export function rowFields(model: ModelSpec): readonly ColumnSchema[] {
  const fields = new Map<string, ColumnSchema>();
  for (const field of [...model.request, ...model.views.flatMap((view) => view.keys)]) {
    const known = fields.get(field.name);
    // A field that is asked for twice may be null only if every asker allows it.
    fields.set(field.name, known ? { ...field, optional: known.optional && field.optional } : field);
  }
  return [...fields.values()];
}

const INT32 = 2 ** 31;

function typed(type: DataType, given: unknown): Value | undefined {
  switch (type) {
    case "string":
      return typeof given === "string" ? given : undefined;
    case "bool":
      return typeof given === "boolean" ? given : undefined;
    case "float64":
      return typeof given === "number" ? given : undefined;
    case "int32":
      return typeof given === "number" && Number.isInteger(given) && given >= -INT32 && given < INT32
        ? given
        : undefined;
    case "int64":
      return int64(given);
    case "timestamp":
      return timestamp(given);
    default:
      return type satisfies never;
  }
}

function int64(given: unknown): bigint | undefined {
  if (typeof given === "number") return Number.isSafeInteger(given) ? BigInt(given) : undefined;
  // Text, because JSON numbers lose whole numbers beyond 2^53.
  const value =
    typeof given === "bigint" || (typeof given === "string" && /^-?\d{1,19}$/.test(given)) ? BigInt(given) : undefined;
  return value !== undefined && BigInt.asIntN(64, value) === value ? value : undefined;
}

function timestamp(given: unknown): bigint | undefined {
  if (typeof given === "bigint") return given;
  if (given instanceof Date) return instantOf(given);
  if (typeof given !== "string") return undefined;
  try {
    return parseInstant(given);
  } catch {
    return undefined;
  }
}

const examples: Readonly<Record<DataType, string>> = {
  string: 'text, such as "JFK"',
  bool: "true or false",
  float64: "a number",
  int32: "a whole number",
  int64: 'a whole number, as text beyond 2^53, such as "9007199254740993"',
  timestamp: 'a time, such as "2013-07-01T14:00:00Z"',
};

/** A value of any kind, for a message. */
function shown(value: unknown): string {
  return (
    JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? String(item) : item)) ?? String(value)
  );
}

/** Checks and types one row. Throws INPUT_INVALID that names the field, what was given and what is expected. */
export function parseRow(
  model: string,
  fields: readonly ColumnSchema[],
  given: Readonly<Record<string, unknown>>,
  what = `Model "${model}"`,
): AskedRow {
  const fail = (problem: string, field: string): never => {
    throw new SlipwayError("INPUT_INVALID", `${what}: ${problem}`, { details: { model, field } });
  };
  const row: Record<string, Value> = {};
  for (const { name, type, optional } of fields) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || value === null) {
      if (!optional) fail(`"${name}" is missing; give ${examples[type]}.`, name);
      row[name] = null;
      continue;
    }
    row[name] = typed(type, value) ?? fail(`"${name}" is ${shown(value)}; give ${examples[type]}.`, name);
  }
  for (const name of Object.keys(given))
    if (!Object.hasOwn(row, name)) {
      const known = fields.map((field) => field.name).join(", ");
      fail(`"${name}" is not a field of its rows. They are: ${known}.`, name);
    }
  return row;
}
