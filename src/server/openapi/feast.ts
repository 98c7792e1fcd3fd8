// The routes of Feast's dialect, described as far as a client of Feast's needs them; its own documents say the rest.

import { closed, type Json } from "./schemas.ts";

const columns: Json = { type: "object", additionalProperties: { type: "array", items: {} } };
const texts: Json = { type: "array", items: { type: "string" } };
const refused: Json = {
  description: "A JSON text: Feast's own errors hold module, class and message as JSON.",
  content: { "application/json": { schema: { type: "string" } } },
};

function post(operationId: string, summary: string, properties: Json, required: readonly string[], answer: Json): Json {
  const schema = { type: "object", properties, required };
  return {
    post: {
      operationId,
      tags: ["feast"],
      summary,
      requestBody: { required: true, content: { "application/json": { schema } } },
      responses: {
        200: { description: "As Feast answers.", content: { "application/json": { schema: answer } } },
        404: refused,
        422: {
          description: "A body of the wrong shape, as FastAPI tells it.",
          content: { "application/json": { schema: closed({ detail: { type: "array", items: {} } }) } },
        },
        500: refused,
      },
    },
  };
}

const onlineFeatures = closed({
  metadata: closed({ feature_names: texts }),
  results: {
    type: "array",
    items: closed({ values: { type: "array", items: {} }, statuses: texts, event_timestamps: texts }),
  },
});

/** The paths of Feast's dialect. */
export const feastPaths: Json = {
  "/push": post(
    "feastPush",
    "Feast: rows for a push source.",
    { push_source_name: { type: "string" }, df: columns, to: { enum: ["online", "online_and_offline"] } },
    ["push_source_name", "df"],
    {},
  ),
  "/write-to-online-store": post(
    "feastWriteToOnlineStore",
    "Feast: rows for a view over a push source.",
    { feature_view_name: { type: "string" }, df: columns },
    ["feature_view_name", "df"],
    { type: "null" },
  ),
  "/get-online-features": post(
    "feastGetOnlineFeatures",
    "Feast: online features, column by column.",
    {
      entities: columns,
      features: { ...texts, description: "view:feature" },
      feature_service: { type: "string", description: "A model's name: the features that it reads." },
      full_feature_names: { type: "boolean", default: false },
      include_feature_view_version_metadata: { type: "boolean", default: false },
    },
    ["entities"],
    onlineFeatures,
  ),
  "/materialize": post(
    "feastMaterialize",
    "Feast: brings views online up to end_ts, from where each stands.",
    {
      start_ts: { type: "string" },
      end_ts: { type: "string" },
      feature_views: texts,
      disable_event_timestamp: { type: "boolean" },
    },
    [],
    { type: "null" },
  ),
  "/materialize-incremental": post(
    "feastMaterializeIncremental",
    "Feast: the same, without a start.",
    { end_ts: { type: "string" }, feature_views: texts },
    ["end_ts"],
    { type: "null" },
  ),
  "/health": {
    get: {
      operationId: "feastHealth",
      tags: ["feast"],
      summary: "Feast: whether the process is up.",
      responses: { 200: { description: "It is." } },
    },
  },
};
