// The part of the description about models that no definition stands behind: their columns are those of the version, so rows are open here.

import type { Json } from "./schemas.ts";

const text: Json = { type: "string" };
const row: Json = {
  type: "object",
  description: "Values by column name; GET /v2/models/{model} tells the model's tensors.",
};
const list = (items: Json): Json => ({ type: "array", items, minItems: 1, maxItems: 10_000 });
const content = (schema: Json): Json => ({ "application/json": { schema } });
const object = (properties: Json, required: readonly string[] = Object.keys(properties)): Json => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});

const asked = object({ id: { ...text, minLength: 1 }, row }, ["row"]);
const answered = object({ id: text, model: text, version: { type: "integer" }, outputs: { type: "object" } }, [
  "model",
  "version",
  "outputs",
]);
const split = object(
  { columns: { type: "array", items: text }, data: list({ type: "array" }), index: { type: "array" } },
  ["columns", "data"],
);

function post(operationId: string, summary: string, body: Json, description: string, answer: Json): Json {
  const refused = (why: string): Json => ({
    description: why,
    content: content({ $ref: "#/components/schemas/Error" }),
  });
  return {
    post: {
      operationId,
      tags: ["predictions"],
      summary,
      parameters: [{ name: "model", in: "path", required: true, schema: text }],
      requestBody: { required: true, content: content(body) },
      responses: {
        200: { description, content: content(answer) },
        400: refused("The request is not valid; the message names what is wrong."),
        404: refused("There is no such model here."),
        422: refused("The champion cannot be served; the message says why."),
        503: refused("Not ready to answer: no version is champion, or the model's process was lost."),
      },
    },
  };
}

/** Paths of imported models. */
export const importedPaths: Json = {
  "/api/v1/models/{model}/predict": post(
    "predictImported",
    "Predicts with a model that is not defined here, from named columns: one row, or many under rows.",
    { oneOf: [asked, object({ rows: list(asked) })] },
    "The outputs by name, or those of each row in the rows' order.",
    { oneOf: [answered, object({ predictions: { type: "array", items: answered } })] },
  ),
  "/api/v1/models/{model}/invocations": post(
    "invokeImported",
    "Predicts with a model that is not defined here, asked as MLflow's scoring server is.",
    {
      oneOf: [
        object({ dataframe_split: split }),
        object({ dataframe_records: list(row) }),
        object({ instances: list(row) }),
        object({ inputs: { oneOf: [list(row), { type: "object", description: "One list a column." }] } }),
      ],
    },
    "One prediction a row: its only output, or its outputs by name.",
    object({ predictions: { type: "array" } }),
  ),
};
