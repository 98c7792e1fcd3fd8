// The Open Inference Protocol over REST, as KServe, Triton and their clients speak it. It scores ready-made matrices: no features are looked
// up and nothing is logged. Every refusal, also of unknown routes, is { "error": text }: clients read nothing else.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { SlipwayError } from "../../core/core.ts";
import type { ImportedModel, ImportedModels, ServedModel, Serving } from "../../platform/platform.ts";
import type { Readiness } from "../health.ts";
import type { Meters } from "../metrics/meters.ts";
import { JSON_TYPE, type RefusalForm, refusalOf, refuse, routeNotFound } from "../refusal.ts";
import { INFER_BODY_LIMIT, JSON_LENGTH_HEADER, readInferBody } from "./body.ts";
import { type InferAnswer, inferAnswer, readInference } from "./infer.ts";
import { type NamedInference, namedAnswer, namedMetadata, readNamedInference } from "./named-tensors.ts";

/** What the dialect works with. */
export interface InferenceContext {
  readonly serving: Serving;
  /** Models that no definition stands behind; without it there are none. */
  readonly imported?: ImportedModels | undefined;
  readonly meters: Meters;
  readonly readiness: Readiness;
  /** The version of Slipway. */
  readonly version: string;
}

interface OneVersion {
  Params: { readonly model: string; readonly version?: string };
}

/** The dialect's form of a refusal. */
export const inferenceForm: RefusalForm = ({ message }) => JSON.stringify({ error: message });

/** The routes of the dialect, below /v2. */
export function inferenceRoutes(context: InferenceContext): (app: FastifyInstance) => Promise<void> {
  const { serving, imported, meters, readiness, version } = context;
  const importedFor = (name: string): ImportedModels | undefined =>
    serving.models().some(({ model }) => model.name === name) ? undefined : imported;
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: INFER_BODY_LIMIT }, (_, body, done) =>
      done(null, body),
    );
    app.setErrorHandler((thrown, request, reply) => refuse(reply, refusalOf(thrown, request), inferenceForm));
    app.setNotFoundHandler((request, reply) => refuse(reply, routeNotFound(request), inferenceForm));

    app.get("/", async () => ({ name: "slipway", version, extensions: ["binary_tensor_data"] }));
    app.get("/health/live", async () => ({ live: true }));
    app.get("/health/ready", async (_, reply) => {
      const reasons = readiness().map(({ message }) => message);
      return reasons.length === 0
        ? { ready: true }
        : reply.code(503).send({ ready: false, error: `Not ready: ${reasons.join(" ")}` });
    });
    app.get("/models", async () => {
      const others = (await imported?.list()) ?? [];
      return { models: [...serving.models().map(({ model }) => model.name), ...others.map(({ model }) => model)] };
    });

    for (const path of ["/models/:model", "/models/:model/versions/:version"]) {
      app.get<OneVersion>(path, async ({ params }) => {
        const others = importedFor(params.model);
        return others ? namedMetadata(await others.describe(...askedOf(params))) : metadata(answering(serving, params));
      });
      app.get<OneVersion>(`${path}/ready`, async ({ params }) => {
        const others = importedFor(params.model);
        if (others) return { name: (await others.describe(...askedOf(params))).model, ready: true };
        const { model } = answering(serving, params);
        return { name: model.name, ready: true };
      });
      app.post<OneVersion>(`${path}/infer`, (request, reply) => infer(request, reply));
    }

    async function infer(request: FastifyRequest<OneVersion>, reply: FastifyReply): Promise<FastifyReply> {
      const others = importedFor(request.params.model);
      if (others) return inferImported(others, request, reply);
      const { model } = answering(serving, request.params);
      const inference = readInference(await readInferBody(request.headers, request.body), model.inputs.length);
      const { version: scoredBy, scores } = await serving.score(model.name, inference.matrix, inference.rows);
      // The champion may have moved since the request came in.
      if (request.params.version !== undefined && Number(request.params.version) !== scoredBy)
        throw unknownVersion(model.name, request.params.version, scoredBy);
      meters.scored(model.name, scoredBy, inference.rows);
      return send(reply, inferAnswer(model.name, scoredBy, inference, scores));
    }

    async function inferImported(
      others: ImportedModels,
      request: FastifyRequest<OneVersion>,
      reply: FastifyReply,
    ): Promise<FastifyReply> {
      const body = await readInferBody(request.headers, request.body);
      let asked: { readonly inference: NamedInference; readonly model: ImportedModel } | undefined;
      const { outputs } = await others.infer(...askedOf(request.params), (model) => {
        asked = { inference: readNamedInference(body, model), model };
        return asked.inference;
      });
      if (!asked) throw new SlipwayError("INTERNAL", "The model answered before it was asked.");
      const { inference, model } = asked;
      meters.scored(model.model, model.version, inference.inputs[0]?.shape[0] ?? 1);
      return send(reply, namedAnswer(model, inference, outputs));
    }
  };
}

function send(reply: FastifyReply, { json, binary }: InferAnswer): FastifyReply {
  if (!binary) return reply.type(JSON_TYPE).send(json);
  return reply
    .type("application/octet-stream")
    .header(JSON_LENGTH_HEADER, json.length)
    .send(Buffer.concat([json, binary]));
}

/** The model and version of a path; VERSION_NOT_FOUND for what is no number. */
function askedOf({ model, version }: OneVersion["Params"]): [model: string, version: number | undefined] {
  if (version === undefined) return [model, undefined];
  if (/^\d{1,15}$/.test(version)) return [model, Number(version)];
  throw new SlipwayError("VERSION_NOT_FOUND", "A version is asked for by its number.");
}

/** The model asked for, when the version asked for is the one that answers. Throws MODEL_NOT_FOUND, VERSION_NOT_FOUND or NOT_READY. */
function answering(
  serving: Serving,
  { model: name, version }: OneVersion["Params"],
): ServedModel & { version: number } {
  const served = serving.models().find(({ model }) => model.name === name);
  if (!served)
    throw new SlipwayError("MODEL_NOT_FOUND", "Request for unknown model. GET /v2/models lists those there are.");
  if (served.version === undefined)
    throw served.problem ?? new SlipwayError("NOT_READY", `Model "${served.model.name}" has no champion yet.`);
  if (version !== undefined && (!/^\d{1,15}$/.test(version) || Number(version) !== served.version))
    throw unknownVersion(served.model.name, version, served.version);
  return { ...served, version: served.version };
}

function unknownVersion(model: string, asked: string, served: number): SlipwayError {
  const which = /^\d{1,15}$/.test(asked) ? `version ${asked}` : "the version asked for, which is not a number,";
  return new SlipwayError(
    "VERSION_NOT_FOUND",
    `Request for unknown model: "${model}" ${which} is not served; version ${served} is.`,
  );
}

function metadata({ model, version }: ServedModel): Readonly<Record<string, unknown>> {
  return {
    name: model.name,
    versions: [String(version)],
    platform: "slipway",
    inputs: [{ name: "input", datatype: "FP32", shape: [-1, model.inputs.length] }],
    outputs: [{ name: "score", datatype: "FP32", shape: model.task.kind === "multiclass" ? [-1, -1] : [-1] }],
  };
}
