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
  ["data"],
);

/** What MLflow's scoring server takes. */
const invocation: Json = {
  oneOf: [
    object({ dataframe_split: split }),
    object({ dataframe_records: list({ type: "object" }) }),
    object({ instances: { type: "array", description: "Rows by column or input name, or nested lists." } }),
    object({
      inputs: {
        oneOf: [
          { type: "array", description: "Nested lists for the only input, or rows." },
          { type: "object", description: "One list a column or an input." },
        ],
      },
    }),
  ],
};
const predictions: Json = object({
  predictions: {
    oneOf: [
      { type: "array", description: "A table was sent: one prediction a row." },
      { type: "object", description: "Tensors were sent: the outputs by name." },
    ],
  },
});
const csv: Json = { "text/csv": { schema: { type: "string", description: "A line of column names, and one a row." } } };

function post(
  operationId: string,
  summary: string,
  body: Json,
  description: string,
  answer: Json,
  { also = {}, ofModel = true }: { readonly also?: Json; readonly ofModel?: boolean } = {},
): Json {
  const refused = (why: string): Json => ({
    description: why,
    content: content({ $ref: "#/components/schemas/Error" }),
  });
  return {
    post: {
      operationId,
      tags: ["predictions"],
      summary,
      ...(ofModel ? { parameters: [{ name: "model", in: "path", required: true, schema: text }] } : {}),
      requestBody: { required: true, content: { ...content(body), ...also } },
      responses: {
        200: { description, content: content(answer) },
        400: refused("The request is not valid; the message names what is wrong."),
        404: refused("There is no such model here."),
        422: refused("The champion cannot be served; the message says why."),
        429: refused("Too many requests wait for this model; Retry-After says when to ask again."),
        503: refused("Not ready to answer: no version is champion, or the model's process was lost."),
        504: refused("The time that the request had was over before it was begun."),
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
    invocation,
    "Predictions as MLflow's scoring server writes them.",
    predictions,
    { also: csv },
  ),
  "/invocations": post(
    "invoke",
    "The same for the model that the server was started for, or the only one that was logged or imported.",
    invocation,
    "Predictions as MLflow's scoring server writes them.",
    predictions,
    { also: csv, ofModel: false },
  ),
};
