// The description's part about runs and model versions.

import type { Json } from "./schemas.ts";

const text: Json = { type: "string" };
const maybe: Json = { type: ["string", "null"] };
const numbers: Json = { type: "object", additionalProperties: { type: ["number", "null"] } };
const content = (schema: Json): Json => ({ "application/json": { schema } });
const refused = (description: string): Json => ({
  description,
  content: content({ $ref: "#/components/schemas/Error" }),
});

const run: Json = {
  id: text,
  name: text,
  kind: text,
  status: { enum: ["running", "finished", "failed", "cancelled"] },
  experiment: text,
  model: maybe,
  startedAt: text,
  endedAt: maybe,
  durationSeconds: { type: ["number", "null"] },
  actor: text,
  error: maybe,
  parent: { ...(maybe as object), description: "The run that this one is a part of." },
  command: { ...(maybe as object), description: "The words that started it; secrets are masked." },
  git: { type: ["object", "null"], properties: { commit: text, branch: maybe, dirty: { type: "boolean" } } },
  params: { type: "object", additionalProperties: text },
  tags: { type: "object", additionalProperties: text },
  metrics: { ...(numbers as object), description: "The last value of each." },
  versions: { type: "array", items: text, description: "The versions it made, as model@version." },
  resources: { type: ["object", "null"] },
};

function get(operationId: string, summary: string, parameters: readonly Json[], properties: Json): Json {
  return {
    get: {
      operationId,
      tags: ["records"],
      summary,
      parameters,
      responses: {
        200: { description: "The document.", content: content({ type: "object", properties }) },
        400: refused("The request is not valid; the message names what is wrong."),
        404: refused("There is no such run, model, version or metric."),
      },
    },
  };
}

const inPath = (name: string, description: string): Json => ({
  name,
  in: "path",
  required: true,
  description,
  schema: text,
});
const inQuery = (name: string, description: string, schema: Json = text): Json => ({
  name,
  in: "query",
  required: false,
  description,
  schema,
});

const version: Json = {
  number: { type: "integer" },
  createdAt: text,
  metrics: numbers,
  aliases: { type: "array", items: text },
};

/** Paths of runs and model versions. */
export const runPaths: Json = {
  "/api/v1/runs": get(
    "listRuns",
    "Runs, native ones and those of tracking clients, newest first unless told otherwise.",
    [
      inQuery("model", "Runs about this model, and runs that made a version of it."),
      inQuery("experiment", "An experiment's name or id."),
      inQuery("status", "How they stand.", { enum: ["running", "finished", "failed", "cancelled"] }),
      inQuery("filter", "In MLflow's filter language: metrics.auc > 0.7 and params.max_depth = '6'."),
      inQuery("orderBy", "In MLflow's words: metrics.auc DESC. May be given several times.", {
        type: "array",
        items: text,
      }),
      inQuery("limit", "The most that are listed; default 100.", { type: "integer", minimum: 1, maximum: 1000 }),
      inQuery("pageToken", "The nextPageToken of the page before, with the same filter and order."),
    ],
    { runs: { type: "array", items: { type: "object", properties: run } }, nextPageToken: maybe },
  ),
  "/api/v1/runs/{id}": get(
    "showRun",
    "One run with its datasets, its curves and what it was made with.",
    [inPath("id", "Its id, the start or the end of it, or model@version.")],
    {
      ...(run as object),
      datasets: { type: "array", items: { type: "object" } },
      provenance: { type: ["object", "null"] },
      curves: { type: "object" },
    },
  ),
  "/api/v1/runs/{id}/metrics/{name}": get(
    "runMetric",
    "Every value of a run's metric, by step.",
    [inPath("id", "The run's id."), inPath("name", "The metric's name, percent-encoded.")],
    {
      run: text,
      metric: text,
      values: {
        type: "array",
        items: {
          type: "object",
          properties: { step: { type: "integer" }, value: { type: ["number", "string"] }, at: text },
        },
      },
    },
  ),
  "/api/v1/models/{model}/versions": get(
    "listVersions",
    "A model's versions, newest first.",
    [inPath("model", "The model's name.")],
    { model: text, versions: { type: "array", items: { type: "object", properties: version } } },
  ),
  "/api/v1/models/{model}/versions/{version}": get(
    "showVersion",
    "One version with the run that made it.",
    [inPath("model", "The model's name."), inPath("version", "Its number or an alias.")],
    {
      model: text,
      ...(version as object),
      artifactHash: text,
      format: text,
      importance: {
        type: "array",
        items: { type: "object", properties: { input: text, gain: { type: "number" } } },
      },
      run: { type: ["object", "null"] },
    },
  ),
  "/api/v1/models/{model}/versions/{version}/evaluations": get(
    "listEvaluations",
    "The evaluations of a version that are kept: slipway evaluate --keep.",
    [inPath("model", "The model's name."), inPath("version", "Its number or an alias.")],
    {
      model: text,
      version: text,
      evaluations: {
        type: "array",
        items: {
          type: "object",
          properties: { rows: text, json: { type: "integer" }, html: { type: "integer" } },
        },
      },
    },
  ),
  "/api/v1/models/{model}/versions/{version}/evaluations/{rows}": get(
    "showEvaluation",
    "One of them: the document of slipway evaluate --json, or the page of --report.",
    [
      inPath("model", "The model's name."),
      inPath("version", "Its number or an alias."),
      inPath("rows", "Which rows it is of: test, validate, train or a span of time."),
      { name: "as", in: "query", schema: { enum: ["json", "html"], default: "json" } },
    ],
    { model: text, version: { type: "integer" }, task: text, rows: { type: "integer" }, metrics: { type: "array" } },
  ),
};
