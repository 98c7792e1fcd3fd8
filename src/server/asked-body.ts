// The body of a predict request: one row, or `rows`. Hand-written because it runs on every request; serving checks the values, this checks
// where they stand. Only names that the model knows are copied, so nothing a caller sends can reach a prototype.

import { SlipwayError } from "../core/core.ts";
import type { ModelSpec } from "../define/define.ts";
import type { Serving } from "../platform/platform.ts";

/** One row as serving takes it. */
export type Asked = Parameters<Serving["predict"]>[1][number];

/** What a body asks for. */
export interface AskedBody {
  readonly rows: readonly Asked[];
  /** Whether the body was `{ "rows": [...] }`, and the answer is to be a list. */
  readonly isBatch: boolean;
}

/** Which names may stand where, for one model. */
export interface BodyShape {
  readonly model: string;
  readonly keys: ReadonlySet<string>;
  readonly request: ReadonlySet<string>;
  /** Both together: a caller that cannot tell them apart, such as the typed client, sends a flat row. */
  readonly row: ReadonlySet<string>;
}

type Part = "keys" | "request" | "row";

/** The most rows of one request. */
export const ROW_LIMIT = 10_000;
/** The longest id of a prediction. */
export const ID_LIMIT = 256;

/** The shape of a model's bodies. */
export function bodyShape(model: ModelSpec): BodyShape {
  const keys = model.views.flatMap((view) => view.keys.map(({ name }) => name));
  const request = model.request.map(({ name }) => name);
  return { model: model.name, keys: new Set(keys), request: new Set(request), row: new Set([...keys, ...request]) };
}

type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a body. Throws INPUT_INVALID that names the field. */
export function readBody(shape: BodyShape, body: unknown): AskedBody {
  if (!isObject(body)) throw invalid(shape, "The body", "is not a JSON object");
  if (!Object.hasOwn(body, "rows")) return { rows: [readRow(shape, body, "The body")], isBatch: false };
  const { rows, ...rest } = body;
  const [beside] = Object.keys(rest);
  if (beside !== undefined)
    throw invalid(shape, "The body", `has "${shown(beside)}" beside "rows"; put it inside a row`);
  if (!Array.isArray(rows)) throw invalid(shape, "rows", "is not a list");
  if (rows.length === 0 || rows.length > ROW_LIMIT)
    throw invalid(shape, "rows", `has ${rows.length} rows; send 1 to ${ROW_LIMIT}`);
  const asked = rows.map((row, index) => {
    if (!isObject(row)) throw invalid(shape, `rows[${index}]`, "is not an object");
    return readRow(shape, row, `rows[${index}]`);
  });
  const ids = new Set<string>();
  for (const { id } of asked) {
    if (id === undefined) continue;
    if (ids.has(id)) throw invalid(shape, "rows", `asks twice for id "${id}"; an id names one prediction`);
    ids.add(id);
  }
  return { rows: asked, isBatch: true };
}

function readRow(shape: BodyShape, given: Members, place: string): Asked {
  const row: Record<string, unknown> = {};
  let id: string | undefined;
  for (const name in given) {
    const value = given[name];
    if (name === "keys" || name === "request" || name === "row") {
      if (!isObject(value)) throw invalid(shape, place, `has "${name}" that is not an object`);
      readValues(shape, name, value, row, place);
    } else if (name === "id") id = readId(shape, value, place);
    else throw invalid(shape, place, `has unknown field "${shown(name)}"; known are id, keys, request, row`, name);
  }
  return id === undefined ? { row, isJson: true } : { id, row, isJson: true };
}

function readId(shape: BodyShape, value: unknown, place: string): string {
  if (typeof value !== "string" || value.length === 0 || value.length > ID_LIMIT)
    throw invalid(shape, place, `has an "id" that is not a text of 1 to ${ID_LIMIT} characters`, "id");
  return value;
}

function readValues(shape: BodyShape, part: Part, given: Members, row: Record<string, unknown>, place: string): void {
  const known = shape[part];
  for (const name in given) {
    if (!known.has(name)) throw invalid(shape, place, unknownName(shape, part, name), name);
    const value = given[name];
    if (Object.hasOwn(row, name) && row[name] !== value)
      throw invalid(shape, place, `gives "${name}" twice with different values`, name);
    row[name] = value;
  }
}

function unknownName(shape: BodyShape, part: Part, name: string): string {
  // In a flat row every known name is in its place.
  if (shape.row.has(name)) return `gives "${name}" in ${part}; it belongs in ${part === "keys" ? "request" : "keys"}`;
  return `has unknown field "${shown(name)}" in ${part}; known are ${[...shape[part]].join(", ") || "none"}`;
}

/** A name out of a request, cut so that no answer is as long as what was sent. */
function shown(name: string): string {
  return name.length <= 64 ? name : `${name.slice(0, 64)}…`;
}

function invalid({ model }: BodyShape, place: string, problem: string, field?: string): SlipwayError {
  const details = field === undefined ? { model } : { model, field: shown(field) };
  return new SlipwayError("INPUT_INVALID", `Model "${model}": ${place} ${problem}.`, { details });
}
