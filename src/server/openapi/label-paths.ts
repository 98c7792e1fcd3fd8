import { ID_LIMIT } from "../asked-body.ts";
import { LABEL_LIMIT } from "../labels.ts";
import type { Json } from "./schemas.ts";

const whole: Json = { type: "integer", minimum: 0 };
const content = (schema: Json): Json => ({ "application/json": { schema } });
const refused = (description: string): Json => ({
  description,
  content: content({ $ref: "#/components/schemas/Error" }),
});

const label: Json = {
  type: "object",
  additionalProperties: false,
  required: ["model", "id", "label"],
  properties: {
    model: { type: "string" },
    id: { type: "string", minLength: 1, maxLength: ID_LIMIT, description: "The prediction's." },
    label: { type: ["boolean", "number", "string"], description: "True or false, a number, or the name of a class." },
    at: { type: "string", format: "date-time", description: "When it was known; default now." },
  },
};

/** The path of pushed labels. */
export const labelPaths: Json = {
  "/api/v1/labels": {
    post: {
      operationId: "pushLabels",
      tags: ["predictions"],
      summary: "Says what became of predictions; the answer comes when it is safe on disk.",
      requestBody: {
        required: true,
        content: content({
          type: "object",
          additionalProperties: false,
          required: ["labels"],
          properties: { labels: { type: "array", minItems: 1, maxItems: LABEL_LIMIT, items: label } },
        }),
      },
      responses: {
        200: {
          description: "All are kept; `unknown` of them belong to no prediction that is logged here.",
          content: content({
            type: "object",
            required: ["taken", "unknown"],
            properties: { taken: whole, unknown: whole },
          }),
        },
        400: refused("A label is not valid; the message names it, and none was taken."),
        404: refused("There is no such model; none was taken."),
        507: refused("There is no space left; none was taken."),
      },
    },
  },
};
