// What requests of this dialect are read with: JSON of protocol messages, in which whole numbers may be text, null means left out, and what is
// unknown is passed over; and query strings, in which everything is text. A refusal uses the words that clients know.

import { z } from "zod";
import { SlipwayError } from "../../core/core.ts";

const leftOut = <T>(value: T | null | undefined): T | undefined => value ?? undefined;

const wholeText = z
  .string()
  .regex(/^-?\d{1,19}$/)
  .transform(Number);

/** A whole number within ±2^53, as a number or as text. */
const whole = z.union([z.number(), wholeText]).pipe(z.number().int());

/** A number, or the text in which JSON has to write NaN and the infinities. */
const floating = z.union([
  z.number(),
  z.enum(["NaN", "Infinity", "-Infinity"]).transform(Number),
  z
    .string()
    .regex(/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/)
    .transform(Number),
]);

const truth = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);

/** Required and optional fields. */
export const field = {
  text: z.string(),
  textOr: z.string().nullish().transform(leftOut),
  /** Text that must not be empty. */
  name: z.string().min(1),
  whole,
  wholeOr: whole.nullish().transform(leftOut),
  floating,
  truthOr: truth.nullish().transform(leftOut),
} as const;

/** A list; null and left out are empty, and one text of a query string is a list of one. */
export function listOf<T extends z.ZodType>(item: T) {
  return z
    .preprocess(
      (given) => (given === null || given === undefined ? [] : Array.isArray(given) ? given : [given]),
      z.array(item),
    )
    .transform((items) => items as readonly z.output<T>[]);
}

/** A tag or a parameter: a key with a text, empty when it is left out. */
export const tag = z.object({
  key: z.string(),
  value: z
    .string()
    .nullish()
    .transform((value) => value ?? ""),
});

/** Tags. */
export const tags = listOf(tag);

/** Reads a body or a query. Throws INPUT_INVALID that names the parameter. */
export function read<T extends z.ZodType>(schema: T, given: unknown): z.output<T> {
  const body = given === undefined || given === null ? {} : given;
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  const at = path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );
  const value = path.reduce<unknown>(
    (within, part) =>
      typeof within === "object" && within !== null ? (within as Record<PropertyKey, unknown>)[part] : undefined,
    body,
  );
  throw new SlipwayError("INPUT_INVALID", parameterMessage(at, value), { details: { parameter: at } });
}

const HELP = "See the API docs for more information about request parameters.";

/** What is said of a parameter that is missing or wrong. */
export function parameterMessage(path: string, value: unknown): string {
  if (path === "") return `The request must be a JSON object. ${HELP}`;
  if (value === undefined || value === null || value === "")
    return `Missing value for required parameter '${path}'. ${HELP}`;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return `Invalid value ${shown} for parameter '${path}' supplied:  Hint: Value was of type '${pythonType(value)}'. ${HELP}`;
}

function pythonType(value: unknown): string {
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "string":
      return "str";
    case "boolean":
      return "bool";
    case "number":
      return Number.isInteger(value) ? "int" : "float";
    default:
      return "dict";
  }
}
