// What a caller sends for one prediction, checked and typed: entity keys and request values. Hand-written because it runs on every
// request; the JSON schema of the same fields is made in the server.

import {
  type ColumnSchema,
  didYouMean,
  expectationOf,
  type RefuseInput,
  SlipwayError,
  type Value,
  valueFrom,
} from "../core/core.ts";
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

/** JSON has no bigint, and would show NaN and the infinities as null. */
function shownItem(_key: string, item: unknown): unknown {
  return typeof item === "bigint" || (typeof item === "number" && !Number.isFinite(item)) ? String(item) : item;
}

/** A value of any kind, for a message. */
function shown(value: unknown): string {
  const text =
    value instanceof Uint8Array ? `${value.length} bytes` : (JSON.stringify(value, shownItem) ?? String(value));
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}

const LONGEST_SHOWN = 200;

/** Who is asked, and in which forms values may come. */
export interface ParseOptions {
  /** Who is asked, for messages; default the model of that name. */
  readonly what?: string;
  /** Whether values come from JSON, and only its own forms are taken. */
  readonly isJson?: boolean;
}

/** The first name that is given and that no field has. */
export function unknownField(
  given: Readonly<Record<string, unknown>>,
  fields: readonly ColumnSchema[],
): string | undefined {
  return Object.keys(given).find((name) => !fields.some((field) => field.name === name));
}

/** Checks and types one row. Throws INPUT_INVALID that names the field, what was given and what is expected. */
export function parseRow(
  model: string,
  fields: readonly ColumnSchema[],
  given: Readonly<Record<string, unknown>>,
  { what = `Model "${model}"`, isJson = false }: ParseOptions = {},
): AskedRow {
  const fail = (problem: string, field: string): never => {
    throw new SlipwayError("INPUT_INVALID", `${what}: ${problem}`, { details: { model, field } });
  };
  const refuse: RefuseInput = (path, value, type, problem = `is ${shown(value)}`) =>
    fail(`"${path}" ${problem}; give ${expectationOf(type)}.`, path);
  const refuseUnknown = (): void => {
    const known = fields.map((field) => field.name);
    const unknown = unknownField(given, fields);
    if (unknown !== undefined)
      fail(
        `"${unknown}" is not a field of its rows. They are: ${known.join(", ")}.${didYouMean(unknown, known)}`,
        unknown,
      );
  };
  const row: Record<string, Value> = {};
  for (const { name, type, optional } of fields) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || value === null) {
      // A field under another name is both missing and too many: the name is what helps.
      if (!optional) {
        refuseUnknown();
        refuse(name, value, type, "is missing");
      }
      row[name] = null;
    } else row[name] = valueFrom(type, value, isJson, name, refuse);
  }
  if (Object.keys(given).some((name) => !Object.hasOwn(row, name))) refuseUnknown();
  return row;
}
