// MLflow's scoring dialect: /invocations takes a table or bare values, as JSON or CSV. Below /api/v1/models/{model} it asks the model of the path;
// bare, as `mlflow models serve` has it, the one that the server was started for, or else the only one there is.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { SlipwayError } from "../core/core.ts";
import {
  type Admission,
  type AskedVersion,
  type ImportedModels,
  type Invocation,
  type JsonRow,
  namesOf,
} from "../platform/platform.ts";
import { admitted } from "./admitted.ts";
import { ROW_LIMIT } from "./asked-body.ts";
import { csvFrame } from "./csv-frame.ts";
import { INFER_BODY_LIMIT } from "./inference/body.ts";
import type { Meters } from "./metrics/meters.ts";
import { JSON_TYPE } from "./refusal.ts";

/** A model, and which version of it: a number or an alias; its champion when left out. */
export interface AskedModel {
  readonly model: string;
  readonly version?: AskedVersion;
}

interface OneModel {
  Params: { readonly model: string };
}

/** What the dialect works with. */
export interface InvocationContext {
  readonly imported: ImportedModels;
  readonly meters: Meters;
  readonly admission: Admission;
}

/** The route of a named model, below /api/v1. */
export function invocationRoutes(context: InvocationContext): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    acceptCsv(app);
    app.post<OneModel>("/models/:model/invocations", { bodyLimit: INFER_BODY_LIMIT }, (request, reply) =>
      answer(context, { model: request.params.model }, request, reply),
    );
  };
}

/** The routes that `mlflow models serve` has, at the root. */
export function bareInvocations(
  context: InvocationContext,
  asked: AskedModel | undefined,
): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    acceptCsv(app);
    app.get("/ping", async (_, reply) => reply.type(JSON_TYPE).send("\n"));
    app.post("/invocations", { bodyLimit: INFER_BODY_LIMIT }, async (request, reply) =>
      answer(context, asked ?? (await onlyModel(context.imported)), request, reply),
    );
  };
}

function acceptCsv(app: FastifyInstance): void {
  app.addContentTypeParser("text/csv", { parseAs: "buffer" }, (_, body, done) => {
    try {
      done(null, new TextDecoder("utf-8", { fatal: true }).decode(body as Buffer));
    } catch {
      done(invalid("The CSV is not UTF-8."));
    }
  });
}

async function onlyModel(imported: ImportedModels): Promise<AskedModel> {
  const models = (await imported.list()).map(({ model }) => model);
  const [only] = models;
  if (only !== undefined && models.length === 1) return { model: only };
  if (only === undefined)
    throw new SlipwayError(
      "NOT_READY",
      'No model that was logged or imported has a champion. Give the alias "champion" to a version, and ask again.',
    );
  throw invalid(
    `Several models are served: ${models.slice(0, 10).join(", ")}. Ask /api/v1/models/{model}/invocations, or start the server for one of them: slipway serve --invocations ${only}.`,
  );
}

async function answer(
  { imported, meters, admission }: InvocationContext,
  { model, version: wanted }: AskedModel,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { body, headers } = request;
  // JSON can be a bare text too.
  const isCsv = /^text\/csv\b/i.test(headers["content-type"] ?? "");
  const { version, rows, predictions } = await admitted(admission, model, request, reply, async () =>
    imported.invoke(model, wanted, isCsv ? csvInvocation(String(body)) : invocationOf(body)),
  );
  meters.scored(model, version, rows);
  return reply.type(JSON_TYPE).send({ predictions });
}

const KINDS = ["dataframe_split", "dataframe_records", "instances", "inputs"] as const;

function csvInvocation(text: string): Invocation {
  const { names, rows } = csvFrame(text);
  checkCount(rows);
  return { kind: "frame", names, rows, isText: true };
}

/** What a body of JSON asks for. */
function invocationOf(body: unknown): Invocation {
  if (!isObject(body)) throw invalid("The body is not a JSON object.");
  const [kind, ...others] = KINDS.filter((each) => Object.hasOwn(body, each));
  if (kind === undefined || others.length > 0) throw invalid(`Send one of ${KINDS.join(", ")}.`);
  const given = body[kind];
  if (kind === "dataframe_split") return splitFrame(given);
  if (kind === "dataframe_records") return recordsFrame(given);
  const lists = isObject(given) ? Object.values(given) : [given];
  if (lists.length === 0) throw invalid(`There is nothing in ${kind}.`);
  for (const list of lists) if (Array.isArray(list)) checkCount(list);
  return { kind: "values", values: given };
}

function splitFrame(given: unknown): Invocation {
  const { columns, data } = isObject(given) ? given : {};
  const names = columns ?? undefined;
  if (!Array.isArray(data) || (names !== undefined && !isNames(names)))
    throw invalid('dataframe_split has no "data" list, or its "columns" are not a list of texts.');
  checkCount(data);
  const width = names?.length ?? (Array.isArray(data[0]) ? data[0].length : 0);
  const rows = data.map((row: unknown, place): readonly unknown[] => {
    if (Array.isArray(row) && row.length === width) return row;
    throw invalid(`Row ${place} of dataframe_split has not the ${width} values that its columns ask for.`);
  });
  return { kind: "frame", names, rows };
}

function isNames(given: unknown): given is readonly string[] {
  return Array.isArray(given) && given.every((name) => typeof name === "string");
}

function recordsFrame(given: unknown): Invocation {
  checkCount(given);
  const records = given.map((row, place): JsonRow => {
    if (isObject(row)) return row;
    throw invalid(`Row ${place} of dataframe_records is not an object of columns.`);
  });
  const names = namesOf(records);
  const rows = records.map((row) => names.map((name) => (Object.hasOwn(row, name) ? row[name] : undefined)));
  return { kind: "frame", names, rows };
}

function checkCount(rows: unknown): asserts rows is readonly unknown[] {
  if (!Array.isArray(rows)) throw invalid("The rows are not a list.");
  if (rows.length === 0 || rows.length > ROW_LIMIT)
    throw invalid(`There are ${rows.length} rows; send 1 to ${ROW_LIMIT}.`);
}

function isObject(value: unknown): value is JsonRow {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string): SlipwayError {
  return new SlipwayError("INPUT_INVALID", message);
}
