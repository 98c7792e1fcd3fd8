// The catalogue's part of the description.

import type { Json } from "./schemas.ts";

const text: Json = { type: "string" };

function query(name: string, description: string, schema: Json = text): Json {
  return { name, in: "query", required: false, description, schema };
}

function path(name: string, description: string): Json {
  return { name, in: "path", required: true, description, schema: text };
}

function get(operationId: string, summary: string, parameters: readonly Json[], schema: Json): Json {
  const error = { "application/json": { schema: { $ref: "#/components/schemas/Error" } } };
  return {
    get: {
      operationId,
      tags: ["features"],
      summary,
      parameters,
      responses: {
        200: { description: "The document.", content: { "application/json": { schema } } },
        400: { description: "The request is not valid; the message names what is wrong.", content: error },
        404: { description: "There is no such thing.", content: error },
      },
    },
  };
}

const keyQuery: Json = {
  name: "key",
  in: "query",
  required: true,
  description: "The entity's key, a parameter per field: key.carrier=UA.",
  style: "form",
  explode: true,
  schema: { type: "object", additionalProperties: text },
};
const list = (items: Json): Json => ({ type: "array", items });
const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

/** Paths of the catalogue. */
export const catalogPaths: Json = {
  "/api/v1/features": get(
    "listFeatures",
    "The feature views, or with q what holds some words.",
    [
      query("q", "Words to look for in names, descriptions, tags, owners and columns."),
      query("limit", "The most that a search finds.", { type: "integer", minimum: 1, maximum: 200 }),
      query("tag", "name=value; may be repeated, and all must hold.", list(text)),
      query("owner", "Only what this owner answers for."),
      query("entity", "Only what is about this entity."),
    ],
    {
      type: "object",
      properties: { views: list(reference("FeatureView")), query: text, found: list({ type: "object" }) },
    },
  ),
  "/api/v1/features/{view}": get(
    "showFeatures",
    "Everything about one view: features, source, who uses it, how fresh it is; figures and examples when asked for.",
    [
      path("view", "The view's name."),
      query("statistics", "Also figures and examples, computed from the offline data.", { enum: ["true", "false"] }),
    ],
    reference("FeatureView"),
  ),
  "/api/v1/features/{view}/as-of": get(
    "featuresAsOf",
    "A view's values for one key as they were known at one time, computed from the offline data. The key is given as key.<name>.",
    [path("view", "The view's name."), { ...query("at", "The time, ISO 8601."), required: true }, keyQuery],
    { type: "object", required: ["view", "key", "at", "values"] },
  ),
  "/api/v1/features/{view}/history": get(
    "featureHistory",
    "Every change of a view's values for one key, as they were known, and why. The key is given as key.<name>.",
    [
      path("view", "The view's name."),
      query("from", "Changes from then on; default the first."),
      query("to", "Changes up to then; default now."),
      query("after", "Go on where the page before ended: its next."),
      query("limit", "The most changes of one page; default 100.", { type: "integer", minimum: 1, maximum: 1000 }),
      keyQuery,
    ],
    { type: "object", required: ["view", "key", "before", "changes", "next"] },
  ),
  "/api/v1/lineage/{thing}": get(
    "showLineage",
    "What a column, feature, view, model, version, alias, dataset or run is made of, and what is made of it.",
    [
      path("thing", "departures.dep_delay, view.feature, model@3, model@champion, or an id."),
      query("direction", "Default both.", { enum: ["up", "down", "both"] }),
    ],
    {
      type: "object",
      required: ["from", "nodes", "edges"],
      properties: { from: list(text), nodes: list({ type: "object" }), edges: list({ type: "object" }) },
    },
  ),
};

/** Schemas that the paths name. */
export const catalogSchemas: Json = {
  FeatureView: {
    type: "object",
    required: ["name", "entity", "keys", "source", "hash", "features", "online"],
    properties: {
      name: text,
      entity: text,
      keys: list({ type: "object", required: ["name", "type"] }),
      source: { type: "object", required: ["name", "place"] },
      ttl: text,
      hash: { ...text, description: "Changes with what the view means, not with what is said about it." },
      owner: text,
      description: text,
      tags: { type: "object", additionalProperties: text },
      features: list({ type: "object", required: ["name", "type", "is", "columns"] }),
      online: { anyOf: [text, { type: "null" }], description: "Everything known up to here is online." },
      behindSeconds: { anyOf: [{ type: "number" }, { type: "null" }] },
      usedBy: { type: "object" },
      statistics: { anyOf: [{ type: "object" }, { type: "null" }] },
      examples: { anyOf: [list({ type: "object" }), { type: "null" }] },
    },
  },
};
