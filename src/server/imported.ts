// Rows for models that no definition stands behind: by column name in, by output name back.

import { SlipwayError } from "../core/core.ts";
import type { ImportedModels, JsonRow } from "../platform/platform.ts";
import { ID_LIMIT, ROW_LIMIT } from "./asked-body.ts";
import type { Meters } from "./metrics/meters.ts";

type Members = Readonly<Record<string, unknown>>;

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
