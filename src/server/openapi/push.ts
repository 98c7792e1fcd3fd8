// The push route, described with the real columns of each push source.

import type { PushSpec } from "../../define/define.ts";
import { EVENT_LIMIT } from "../asked-push.ts";
import { fieldSchema, type Json } from "./schemas.ts";

const json = (schema: Json): Json => ({ "application/json": { schema } });
const error = (description: string): Json => ({ description, content: json({ $ref: "#/components/schemas/Error" }) });
const closed = (properties: Json, required: readonly string[]): Json => ({
  type: "object",
  additionalProperties: false,
  required,
  properties,
});

/** The path of pushes to these sources; none when there are none. */
export function pushPaths(sources: readonly PushSpec[]): Json {
  if (sources.length === 0) return {};
  const one = sources.map((source) =>
    closed(
      {
        source: { const: source.name },
        events: { type: "array", maxItems: EVENT_LIMIT, items: eventSchema(source) },
      },
      ["source", "events"],
    ),
  );
  const batch = one.length === 1 && one[0] ? one[0] : { oneOf: one };
  return {
    "/api/v1/push": {
      post: {
        operationId: "push",
        tags: ["features"],
        summary: "Pushes events; the answer comes when they are safe on disk.",
        requestBody: {
          required: true,
          content: json({ oneOf: [...one, closed({ batches: { type: "array", items: batch } }, ["batches"])] }),
        },
        responses: {
          200: {
            description: "What became of the events; at least one is in the source.",
            content: json({
              oneOf: [outcomeSchema, closed({ batches: { type: "array", items: outcomeSchema } }, ["batches"])],
            }),
          },
          400: error("No event was taken: each is refused, or the body is not valid."),
          404: error("There is no such push source."),
          409: error("No event was taken, and at least one has an id that was pushed before with other content."),
          503: error("Not ready to take events; push them again later."),
          507: error("There is no space left; nothing was taken."),
        },
      },
    },
  };
}

function eventSchema({ columns }: PushSpec): Json {
  return closed(
    Object.fromEntries(columns.map((column) => [column.name, fieldSchema(column)])),
    columns.filter(({ optional }) => !optional).map(({ name }) => name),
  );
}

const outcomeSchema: Json = {
  type: "object",
  required: ["source", "accepted", "duplicates", "rejected"],
  properties: {
    source: { type: "string" },
    accepted: { type: "integer" },
    duplicates: { type: "integer" },
    rejected: {
      type: "array",
      items: {
        type: "object",
        required: ["index", "id", "code", "message"],
        properties: {
          index: { type: "integer" },
          id: { type: ["string", "null"] },
          code: { type: "string" },
          message: { type: "string" },
        },
      },
    },
  },
};
