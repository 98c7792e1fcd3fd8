// The server's own description, made from the definitions: one concrete path per model, with its real fields.

import type { ModelSpec, Project, PushSpec } from "../../define/define.ts";
import { inferRequestSchema } from "../inference/asked.ts";
import { alertPaths } from "./alert-paths.ts";
import { catalogPaths, catalogSchemas } from "./catalog-paths.ts";
import { datasetPaths } from "./dataset-paths.ts";
import { feastPaths } from "./feast.ts";
import { featurePaths } from "./features.ts";
import { importedPaths } from "./imported-paths.ts";
import { labelPaths } from "./label-paths.ts";
import { promotionPaths } from "./promotion-paths.ts";
import { pushPaths } from "./push.ts";
import { quarantinePaths } from "./quarantine-paths.ts";
import { runPaths } from "./run-paths.ts";
import { batchSchema, type Json, predictionSchema, rowExample, rowSchema, sharedSchemas } from "./schemas.ts";

const reference = (schema: string): Json => ({ $ref: `#/components/schemas/${schema}` });
const json = (schema: Json): Json => ({ "application/json": { schema } });
const answer = (description: string, schema: Json = { type: "object" }): Json => ({
  200: { description, content: json(schema) },
});
const refusals = (schema: string, ...codes: readonly (readonly [string, string])[]): Json =>
  Object.fromEntries(codes.map(([code, description]) => [code, { description, content: json(reference(schema)) }]));

const INVALID = ["400", "The request is not valid; the message names what is wrong."] as const;
const UNKNOWN = ["404", "There is no such model or version here."] as const;
const UNNAMED = ["404", "There is no such feature view or feature."] as const;
const OVERLOADED = ["429", "Too many requests wait for this model; Retry-After says when to ask again."] as const;
const TOO_LATE = ["504", "The time that the request had was over before it was begun."] as const;
const UNREADY = ["503", "Not ready to answer; try again later."] as const;
const BUSY = [OVERLOADED, UNREADY, TOO_LATE];

/** What a server may offer besides models and features. */
interface DocumentParts {
  readonly withCatalog?: boolean;
  readonly withDatasets?: boolean;
  readonly withRecords?: boolean;
  readonly withQuarantine?: boolean;
  readonly withPromotions?: boolean;
  readonly withAlerts?: boolean;
  readonly withLabels?: boolean;
  /** Models that are registered and not defined are served too. */
  readonly withImported?: boolean;
  /** The sources that events are pushed to. */
  readonly pushed?: readonly PushSpec[];
}

/**
 * The OpenAPI 3.1 description of a server of these models, of a project's features where they are read, of the catalogue where it is shown,
 * and of the sources that events are pushed to.
 */
export function openApiDocument(
  models: readonly ModelSpec[],
  version: string,
  project?: Project,
  {
    withCatalog = false,
    withDatasets = false,
    withRecords = false,
    withQuarantine = false,
    withPromotions = false,
    withAlerts = false,
    withLabels = false,
    withImported = false,
    pushed = [],
  }: DocumentParts = {},
): Json {
  return {
    openapi: "3.1.1",
    info: { title: "Slipway", version, summary: "Predictions from typed features.", license: { name: "Apache-2.0" } },
    tags: [
      { name: "predictions" },
      { name: "features" },
      { name: "promotion" },
      { name: "alerts" },
      { name: "datasets" },
      { name: "quarantine" },
      { name: "feast" },
      { name: "inference" },
      { name: "operations" },
    ],
    paths: {
      ...Object.fromEntries(models.map((model) => [`/api/v1/models/${model.name}/predict`, predictPath(model)])),
      ...(withImported ? importedPaths : {}),
      ...modelPaths(models),
      ...(withCatalog ? catalogPaths : {}),
      ...(withDatasets ? datasetPaths : {}),
      ...(withRecords ? runPaths : {}),
      ...(withQuarantine ? quarantinePaths : {}),
      ...(withPromotions ? promotionPaths : {}),
      ...(withAlerts ? alertPaths : {}),
      ...(withLabels ? labelPaths : {}),
      ...(project ? { ...featurePaths(project, refusals("Error", INVALID, UNNAMED)), ...feastPaths } : {}),
      ...pushPaths(pushed),
      ...inferencePaths(withImported ? [] : models),
      ...operationPaths,
    },
    // Nobody has to sign in until the project has a user.
    security: [{}, { key: [] }, { basic: [] }],
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "The key of a user." },
        basic: { type: "http", scheme: "basic", description: "The name of a user, with the key as password." },
      },
      schemas: {
        ...sharedSchemas,
        ...(withCatalog ? catalogSchemas : {}),
        InferRequest: inferRequestSchema(),
        ...Object.assign({}, ...models.map(modelSchemas)),
      },
    },
  };
}

function modelSchemas(model: ModelSpec): Json {
  const { name } = model;
  return {
    [`${name}.row`]: rowSchema(model),
    [`${name}.rows`]: batchSchema(`#/components/schemas/${name}.row`),
    [`${name}.prediction`]: predictionSchema(model),
  };
}

const timeoutHeader: Json = {
  name: "x-request-timeout",
  in: "header",
  required: false,
  schema: { type: "string", pattern: "^\\d{1,7}(\\.\\d{1,3})?(ms|s|m)$", examples: ["250ms"] },
  description: "How long the request may take before it is begun; after that it is dropped.",
};

const steeringHeaders: readonly Json[] = [
  {
    name: "x-slipway-version",
    in: "header",
    required: false,
    schema: { type: "integer", minimum: 1 },
    description: "The version that is to answer: the champion or its canary.",
  },
  {
    name: "x-slipway-sticky",
    in: "header",
    required: false,
    schema: { type: "string", minLength: 1, maxLength: 256 },
    description: "Decides between champion and canary in place of the row's keys.",
  },
];

const explainParameter: Json = {
  name: "explain",
  in: "query",
  required: false,
  schema: { type: "boolean", default: false },
  description: "Whether each prediction comes with what every input added to it (SHAP values).",
};

function predictPath(model: ModelSpec): Json {
  const { name } = model;
  const one = reference(`${name}.prediction`);
  const many = {
    type: "object",
    required: ["predictions"],
    properties: { predictions: { type: "array", items: one } },
  };
  return {
    post: {
      operationId: `predict_${name}`,
      tags: ["predictions"],
      summary: `Predicts with "${name}": one row, or many under "rows".`,
      parameters: [...steeringHeaders, timeoutHeader, explainParameter],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: { oneOf: [reference(`${name}.row`), reference(`${name}.rows`)] },
            examples: {
              one: { value: rowExample(model) },
              many: { value: { rows: [rowExample(model)] } },
            },
          },
        },
      },
      responses: {
        ...answer("The prediction, or the predictions in the rows' order.", { oneOf: [one, many] }),
        ...refusals(
          "Error",
          INVALID,
          ["409", "The champion no longer matches the definitions."],
          ["422", "It is to be explained, and the version cannot be."],
          ...BUSY,
        ),
      },
    },
  };
}

function parameter(name: string, schema: Json): Json {
  return { name, in: "path", required: true, schema };
}

const nameSchema = (models: readonly ModelSpec[]): Json =>
  models.length === 0 ? { type: "string" } : { type: "string", enum: models.map(({ name }) => name) };

function modelPaths(models: readonly ModelSpec[]): Json {
  const tags = ["predictions"];
  return {
    "/api/v1/models": {
      get: {
        operationId: "listModels",
        tags,
        summary: "The models and the versions that answer.",
        responses: answer("All models."),
      },
    },
    "/api/v1/models/{model}": {
      get: {
        operationId: "describeModel",
        tags,
        summary: "One model: its version, fields, inputs and feature views.",
        parameters: [parameter("model", nameSchema(models))],
        responses: { ...answer("The model."), ...refusals("Error", UNKNOWN) },
      },
    },
  };
}

function inferencePaths(models: readonly ModelSpec[]): Json {
  const get = (operationId: string, summary: string, parameters: readonly Json[] = []): Json => ({
    get: {
      operationId,
      tags: ["inference"],
      summary,
      ...(parameters.length === 0 ? {} : { parameters }),
      responses: {
        ...answer("See the Open Inference Protocol."),
        ...refusals("InferenceError", ...(parameters.length === 0 ? [] : [UNKNOWN]), UNREADY),
      },
    },
  });
  const model = parameter("model", nameSchema(models));
  const version = parameter("version", { type: "string", pattern: "^[0-9]+$" });
  const perModel = [
    ["/v2/models/{model}", "", [model]],
    ["/v2/models/{model}/versions/{version}", "OfVersion", [model, version]],
  ] as const;
  return {
    "/v2": get("serverMetadata", "The server and its extensions."),
    "/v2/health/live": get("serverLive", "Whether the process is up."),
    "/v2/health/ready": get("serverReady", "Whether every model can answer."),
    "/v2/models": get("inferenceModels", "The names of the models."),
    ...Object.assign(
      {},
      ...perModel.map(([path, suffix, parameters]) => ({
        [path]: get(`modelMetadata${suffix}`, "The model's tensors.", parameters),
        [`${path}/ready`]: get(`modelReady${suffix}`, "Whether the model can answer.", parameters),
        [`${path}/infer`]: {
          post: {
            operationId: `infer${suffix}`,
            tags: ["inference"],
            summary: "Scores ready-made tensors; no features are looked up and nothing is logged.",
            parameters: [...parameters, timeoutHeader],
            requestBody: { required: true, content: json(reference("InferRequest")) },
            responses: {
              ...answer("The scores."),
              ...refusals("InferenceError", INVALID, UNKNOWN, ...BUSY),
            },
          },
        },
      })),
    ),
  };
}

const operationPaths: Json = {
  "/healthz": operation("health", "Whether the process is up.", answer("It is.")),
  "/readyz": operation("readiness", "Whether every model can answer.", {
    ...answer("All can."),
    ...refusals("Error", UNREADY),
  }),
  "/metrics": operation("metrics", "Metrics for Prometheus.", {
    200: { description: "Text format.", content: { "text/plain": { schema: { type: "string" } } } },
  }),
  "/openapi.json": operation("openapi", "This document.", answer("OpenAPI 3.1.")),
};

function operation(operationId: string, summary: string, responses: Json): Json {
  return { get: { operationId, tags: ["operations"], summary, responses } };
}
