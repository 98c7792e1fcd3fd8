// Rows for models that no definition stands behind: by column name in, by output name back; and the same in the words that MLflow's own scoring
// server takes.

import type { FastifyInstance } from "fastify";
import { SlipwayError } from "../core/core.ts";
import type { ImportedModels, JsonRow } from "../platform/platform.ts";
import { ID_LIMIT, ROW_LIMIT } from "./asked-body.ts";
import type { Meters } from "./metrics/meters.ts";
import { JSON_TYPE } from "./refusal.ts";

type Members = Readonly<Record<string, unknown>>;

interface OneModel {
  Params: { readonly model: string };
}

function invalid(message: string): SlipwayError {
  return new SlipwayError("INPUT_INVALID", message);
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Answers a predict request for a model that is not defined here: the body that defined models take, with everything in `row`. */
export async function predictImported(
  { imported, meters }: { readonly imported: ImportedModels; readonly meters: Meters },
  model: string,
  body: unknown,
): Promise<Members> {
  if (!isObject(body)) throw invalid("The body is not a JSON object.");
  const isBatch = Object.hasOwn(body, "rows");
  const given = isBatch ? body["rows"] : [body];
  checkCount(given);
  const asked = given.map((each, place) => askedRow(each, isBatch ? `rows[${place}]` : "The body"));
  const { version, rows } = await imported.predict(
    model,
    undefined,
    asked.map(({ row }) => row),
  );
  meters.scored(model, version, rows.length);
  const answers = rows.map((outputs, place) => {
    const id = asked[place]?.id;
    return { ...(id === undefined ? {} : { id }), model, version, outputs };
  });
  return isBatch ? { predictions: answers } : (answers[0] ?? {});
}

function checkCount(rows: unknown): asserts rows is readonly unknown[] {
  if (!Array.isArray(rows)) throw invalid("The rows are not a list.");
  if (rows.length === 0 || rows.length > ROW_LIMIT)
    throw invalid(`There are ${rows.length} rows; send 1 to ${ROW_LIMIT}.`);
}

function askedRow(given: unknown, place: string): { readonly id?: string; readonly row: JsonRow } {
  if (!isObject(given)) throw invalid(`${place} is not an object.`);
  const { id, row, ...rest } = given;
  const [other] = Object.keys(rest);
  if (other !== undefined)
    throw invalid(`${place} has unknown field ${JSON.stringify(other.slice(0, 64))}; known are id, row.`);
  if (!isObject(row)) throw invalid(`${place} has no "row" that is an object of columns.`);
  if (id === undefined) return { row };
  if (typeof id !== "string" || id.length === 0 || id.length > ID_LIMIT)
    throw invalid(`${place} has an "id" that is not a text of 1 to ${ID_LIMIT} characters.`);
  return { id, row };
}

/** The route of MLflow's scoring dialect, below /api/v1/models/{model}. */
export function invocationRoutes(imported: ImportedModels, meters: Meters): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.post<OneModel>("/models/:model/invocations", async ({ params, body }, reply) => {
      const rows = invocationRows(body);
      const { version, rows: answers } = await imported.predict(params.model, undefined, rows);
      meters.scored(params.model, version, rows.length);
      return reply.type(JSON_TYPE).send({ predictions: answers.map(alone) });
    });
  };
}

/** A row with one output is that output. */
function alone(row: JsonRow): unknown {
  const values = Object.values(row);
  return values.length === 1 ? values[0] : row;
}

/** Rows out of `dataframe_records`, `dataframe_split`, `instances` or `inputs`. */
function invocationRows(body: unknown): readonly JsonRow[] {
  if (!isObject(body)) throw invalid("The body is not a JSON object.");
  const kinds = ["dataframe_records", "dataframe_split", "instances", "inputs"].filter((kind) =>
    Object.hasOwn(body, kind),
  );
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1)
    throw invalid("Send one of dataframe_split, dataframe_records, instances, inputs.");
  const given = body[kind];
  const rows = kind === "dataframe_split" ? splitRows(given) : isObject(given) ? columnRows(given) : given;
  checkCount(rows);
  return rows.map((row, place) => {
    if (isObject(row)) return row;
    throw invalid(`Row ${place} of ${kind} is not an object of columns; for bare tensors use /v2/models/…/infer.`);
  });
}

function splitRows(given: unknown): readonly JsonRow[] {
  const columns = isObject(given) ? given["columns"] : undefined;
  const data = isObject(given) ? given["data"] : undefined;
  if (!Array.isArray(columns) || !Array.isArray(data) || !columns.every((name) => typeof name === "string"))
    throw invalid('dataframe_split has no "columns" list of texts, or no "data" list.');
  return data.map((row: unknown, place) => {
    if (!Array.isArray(row) || row.length !== columns.length)
      throw invalid(`Row ${place} of dataframe_split has not the ${columns.length} values that its columns ask for.`);
    return Object.fromEntries(columns.map((name, column) => [name, row[column] as unknown]));
  });
}

/** `inputs` as one list a column. */
function columnRows(given: Members): readonly JsonRow[] {
  const columns = Object.entries(given).map(([name, values]) => {
    const list: readonly unknown[] = Array.isArray(values) ? values : [values];
    return {
      name,
      list: list.map((value) => (Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value)),
    };
  });
  const rows = columns[0]?.list.length ?? 0;
  if (columns.some(({ list }) => list.length !== rows)) throw invalid("The columns of inputs are not of one length.");
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(columns.map(({ name, list }) => [name, list[row]])),
  );
}
