// The feature routes' part of the description: which names may be asked for, and what an answer looks like.

import { allViews, type Project } from "../../define/define.ts";
import { closed, fieldSchema, type Json } from "./schemas.ts";

/** The path of feature reads, with the project's real names and keys. */
export function featurePaths(project: Project, refusals: Json): Json {
  const views = allViews(project);
  const names = views.flatMap((view) => [view.name, ...view.features.map(({ name }) => `${view.name}.${name}`)]);
  const request = views.flatMap((view) => (view.kind === "onDemand" ? view.request : []));
  const fields = new Map([...request, ...views.flatMap((view) => view.keys)].map((field) => [field.name, field]));
  const body = {
    type: "object",
    additionalProperties: false,
    required: ["features", "keys"],
    properties: {
      features: {
        type: "array",
        minItems: 1,
        items: names.length === 0 ? { type: "string" } : { enum: names },
        description: "Whole views, or single features as view.feature.",
      },
      keys: {
        type: "array",
        description:
          "One object per entity, with every key of the views asked for, and the request values of those that are computed on demand; a null key is missing.",
        items: {
          type: "object",
          properties: Object.fromEntries(
            [...fields].map(([name, field]) => [name, fieldSchema({ ...field, optional: true })]),
          ),
          additionalProperties: false,
        },
      },
    },
  };
  return {
    "/api/v1/features/read": {
      post: {
        operationId: "readFeatures",
        tags: ["features"],
        summary: "Reads features of many keys from many views, from one snapshot.",
        requestBody: { required: true, content: { "application/json": { schema: body } } },
        responses: {
          200: {
            description: "Per key and view its values, in the order of that view's features.",
            content: { "application/json": { schema: answer } },
          },
          ...refusals,
        },
      },
    },
  };
}

const instant: Json = { type: "string", format: "date-time" };
const orNull = (schema: Json): Json => ({ anyOf: [schema, { type: "null" }] });

const read = closed({
  status: { enum: ["present", "expired", "missing"] },
  event_time: { ...orNull(instant), description: "The newest event of the key." },
  age_seconds: orNull({ type: "number" }),
  values: { type: "array", items: {} },
  statuses: { type: "array", items: { enum: ["present", "null", "expired", "missing", "rejected"] } },
});

const answer = closed({
  at: instant,
  views: {
    type: "object",
    additionalProperties: closed({
      features: { type: "array", items: closed({ name: { type: "string" }, type: {} }) },
      materialized_through: { ...orNull(instant), description: "Everything known up to here is in the values." },
    }),
  },
  results: {
    type: "array",
    description: "One per key, in order.",
    items: { type: "object", additionalProperties: read },
  },
});
