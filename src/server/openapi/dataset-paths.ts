// The datasets' part of the description.

import type { Json } from "./schemas.ts";

const text: Json = { type: "string" };
const maybe: Json = { type: ["string", "null"] };
const whole: Json = { type: "integer" };
const content = (schema: Json): Json => ({ "application/json": { schema } });
const refused = (description: string): Json => ({
  description,
  content: content({ $ref: "#/components/schemas/Error" }),
});

const listed: Json = {
  id: { type: "string", description: "The hash of its content." },
  model: text,
  kind: { enum: ["training", "folder"] },
  rows: whole,
  columns: whole,
  timeFrom: maybe,
  timeTo: maybe,
  folder: maybe,
  createdAt: maybe,
};

function get(operationId: string, summary: string, parameters: readonly Json[], schema: Json): Json {
  return {
    get: {
      operationId,
      tags: ["datasets"],
      summary,
      parameters,
      responses: {
        200: { description: "The document.", content: content(schema) },
        400: refused("The request is not valid; the message names what is wrong."),
        404: refused("There is no such dataset."),
      },
    },
  };
}

/** Paths of datasets. */
export const datasetPaths: Json = {
  "/api/v1/datasets": get(
    "listDatasets",
    "The datasets that are recorded, newest first.",
    [
      { name: "model", in: "query", required: false, description: "Only this model's.", schema: text },
      {
        name: "limit",
        in: "query",
        required: false,
        description: "The most that are listed; default 100.",
        schema: { type: "integer", minimum: 1, maximum: 1000 },
      },
    ],
    { type: "object", properties: { datasets: { type: "array", items: { type: "object", properties: listed } } } },
  ),
  "/api/v1/datasets/{id}": get(
    "showDataset",
    "One dataset, with the manifest of its folder where it is there.",
    [{ name: "id", in: "path", required: true, description: "Its id, or the start of it.", schema: text }],
    {
      type: "object",
      properties: { ...(listed as object), definitionsHash: text, manifest: { type: ["object", "null"] } },
    },
  ),
};
