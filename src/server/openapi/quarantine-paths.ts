// The quarantine's part of the description.

import type { Json } from "./schemas.ts";

const content = (schema: Json): Json => ({ "application/json": { schema } });
const refused = (description: string): Json => ({
  description,
  content: content({ $ref: "#/components/schemas/Error" }),
});
const text: Json = { type: "string" };
const maybe: Json = { type: ["string", "null"] };

const batch: Json = {
  type: "object",
  properties: {
    id: text,
    source: text,
    kind: { enum: ["known", "timeless", "pushed"] },
    knownFrom: maybe,
    knownTo: maybe,
    rows: { type: "integer" },
    reasons: { type: "object", additionalProperties: { type: "integer" } },
    status: { enum: ["held", "released", "dropped", "replaced"] },
    at: text,
    closedAt: maybe,
    closedBy: maybe,
  },
};
const row: Json = {
  type: "object",
  properties: { reasons: { type: "array", items: text }, file: maybe, known: maybe, row: { type: "object" } },
};
const limit: Json = {
  name: "limit",
  in: "query",
  required: false,
  description: "The most that are listed; default 100 batches, 20 rows.",
  schema: { type: "integer", minimum: 1, maximum: 1000 },
};

function get(operationId: string, summary: string, parameters: readonly Json[], properties: Json): Json {
  return {
    get: {
      operationId,
      tags: ["quarantine"],
      summary,
      parameters,
      responses: {
        200: { description: "The document.", content: content({ type: "object", properties }) },
        400: refused("The request is not valid; the message names what is wrong."),
        404: refused("There is no such batch, or its rows are no longer held."),
      },
    },
  };
}

/** Paths of the quarantine. */
export const quarantinePaths: Json = {
  "/api/v1/quarantine": get(
    "listQuarantine",
    "Batches of rows that expectations turned away, newest first.",
    [
      { name: "source", in: "query", required: false, description: "Only this source's.", schema: text },
      {
        name: "status",
        in: "query",
        required: false,
        description: "Default held.",
        schema: { enum: ["held", "released", "dropped", "replaced", "all"] },
      },
      limit,
    ],
    { batches: { type: "array", items: batch } },
  ),
  "/api/v1/quarantine/{batch}": get(
    "showQuarantine",
    "One held batch with its first rows and their reasons.",
    [{ name: "batch", in: "path", required: true, description: "Its id.", schema: text }, limit],
    { batch, rows: { type: "array", items: row } },
  ),
};
