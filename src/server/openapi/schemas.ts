// Definitions as JSON Schema: what a caller may write for each field, and what a prediction looks like.

import type { ColumnSchema } from "../../core/core.ts";
import type { ModelSpec, TaskKind } from "../../define/define.ts";
import { ID_LIMIT, ROW_LIMIT } from "../asked-body.ts";
import { type Json, valueExample, valueSchema } from "./values.ts";

export type { Json } from "./values.ts";

/** What a caller may write for a field. */
export function fieldSchema({ type, optional }: Pick<ColumnSchema, "type" | "optional">): Json {
  const { description, ...rest } = valueSchema(type);
  const told = description === undefined ? {} : { description };
  const examples = [valueExample(type)];
  return optional ? { anyOf: [rest, { type: "null" }], ...told, examples } : { ...rest, ...told, examples };
}

function uniqueByName(fields: readonly ColumnSchema[]): readonly ColumnSchema[] {
  return [...new Map(fields.map((field) => [field.name, field])).values()];
}

function objectSchema(fields: readonly ColumnSchema[], elsewhere: ReadonlySet<string>, description: string): Json {
  const required = fields.filter(({ name, optional }) => !optional && !elsewhere.has(name)).map(({ name }) => name);
  return {
    type: "object",
    description,
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
  };
}

/** One row of a model as a caller writes it. */
export function rowSchema({ views, request }: ModelSpec): Json {
  const keys = uniqueByName(views.flatMap((view) => view.keys));
  const parts = {
    keys: objectSchema(
      keys,
      new Set(request.map(({ name }) => name)),
      "Entity keys: features are looked up by them. One that is also a request value may be given in either place.",
    ),
    request: objectSchema(
      request,
      new Set(keys.map(({ name }) => name)),
      "Values that are only known when the prediction is asked for.",
    ),
  };
  const id = {
    type: "string",
    minLength: 1,
    maxLength: ID_LIMIT,
    description: "Your name for the prediction: its label is found by it. Made up when left out.",
  };
  const row = objectSchema(
    uniqueByName([...request, ...keys]),
    new Set(),
    "Keys and request values together, instead of the two.",
  );
  return { type: "object", properties: { id, ...parts, row }, additionalProperties: false };
}

/** Many rows at once. */
export function batchSchema(row: string): Json {
  const rows = { type: "array", minItems: 1, maxItems: ROW_LIMIT, items: { $ref: row } };
  return { type: "object", properties: { rows }, required: ["rows"], additionalProperties: false };
}

/** A row that would be taken. */
export function rowExample({ views, request }: ModelSpec): Json {
  const valuesOf = (fields: readonly ColumnSchema[]): Json =>
    Object.fromEntries(fields.map(({ name, type }) => [name, valueExample(type)]));
  const asked = new Set(request.map(({ name }) => name));
  const keys = uniqueByName(views.flatMap((view) => view.keys)).filter(({ name }) => !asked.has(name));
  return { id: "row-1", keys: valuesOf(keys), request: valuesOf(request) };
}

/** An object that has all of these. */
export const closed = (properties: Json): Json => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});

const instant = { type: "string", format: "date-time" };
const orNull = (schema: Json): Json => ({ anyOf: [schema, { type: "null" }] });

const scoreText: Readonly<Record<TaskKind, string>> = {
  binary: "The probability of a true label.",
  multiclass: "The probability of the likeliest class.",
  regression: "The number foretold, in the label's unit.",
  ranking: "A score: of two rows of a group the one with the higher comes first.",
  survival: "The time foretold, in the label's unit.",
};

/** One prediction of a model as it is answered. */
export function predictionSchema({ name, views, task }: ModelSpec): Json {
  const properties = {
    id: { type: "string" },
    model: { const: name },
    version: { type: "integer", minimum: 1 },
    route: {
      enum: ["champion", "canary", "override"],
      description:
        "Why that version answered: it is the champion, the canary took the row's keys, or a header asked for it.",
    },
    score: { ...orNull({ type: "number" }), description: scoreText[task.kind] },
    ...(task.kind === "multiclass"
      ? {
          class: { type: "string", description: "The likeliest class." },
          probabilities: {
            type: "object",
            description: "Every class's probability.",
            additionalProperties: { type: "number", minimum: 0, maximum: 1 },
          },
        }
      : {}),
    at: instant,
    features: {
      type: "object",
      description: "How fresh each feature view was.",
      properties: Object.fromEntries(views.map((view) => [view.name, { $ref: "#/components/schemas/FeatureRead" }])),
      required: views.map((view) => view.name),
      additionalProperties: false,
    },
  };
  const explanation = { $ref: "#/components/schemas/Explanation" };
  return { type: "object", properties: { ...properties, explanation }, required: Object.keys(properties) };
}

const sumSchemas: Json = {
  base: { type: "number", description: "What the sum is on average, where nothing is known." },
  margin: { type: "number", description: "The sum: base and contributions added up." },
  contributions: {
    type: "object",
    description: "What each input adds, by its name.",
    additionalProperties: { type: "number" },
  },
};

/** Schemas that do not depend on a model. */
export const sharedSchemas: Json = {
  Explanation: {
    type: "object",
    description:
      "What each input added to the sum that the score comes from, where ?explain=true asks for it. Of several classes there is one sum each, under classes.",
    required: ["link", "calibration"],
    properties: {
      link: {
        enum: ["identity", "logistic", "softmax", "exponential"],
        description: "How the score comes from the sum.",
      },
      calibration: {
        ...orNull({ enum: ["platt", "isotonic"] }),
        description: "What is done to the score after the link.",
      },
      ...sumSchemas,
      classes: { type: "object", additionalProperties: closed(sumSchemas) },
    },
  },
  Error: {
    type: "object",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["code", "message", "details"],
        properties: { code: { type: "string" }, message: { type: "string" }, details: { type: "object" } },
      },
    },
  },
  InferenceError: { type: "object", required: ["error"], properties: { error: { type: "string" } } },
  FeatureRead: {
    type: "object",
    required: ["status", "age_seconds", "materialized_through"],
    properties: {
      status: { enum: ["present", "expired", "missing"] },
      age_seconds: { ...orNull({ type: "number" }), description: "Time since the newest event of the key." },
      materialized_through: { ...orNull(instant), description: "Everything known up to here is in the values." },
    },
  },
};
