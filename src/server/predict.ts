// The native API: predictions from entity keys and request values, and what is served.

import type { FastifyInstance } from "fastify";
import { SlipwayError } from "../core/core.ts";
import type { ModelSpec } from "../define/define.ts";
import type { Admission, ImportedModels, ServedBeside, ServedModel, Serving } from "../platform/platform.ts";
import { admitted } from "./admitted.ts";
import { bodyShape, readBody } from "./asked-body.ts";
import { predictImported } from "./imported.ts";
import type { Meters } from "./metrics/meters.ts";
import { predictionsText, predictionText } from "./prediction-text.ts";
import { JSON_TYPE } from "./refusal.ts";
import { readExplain, readSteering, refuseSteering } from "./steering.ts";

interface OneModel {
  Params: { readonly model: string };
}

/** What the native API works with. */
export interface NativeContext {
  readonly serving: Serving;
  readonly models: readonly ModelSpec[];
  /** Models that no definition stands behind; without it there are none. */
  readonly imported?: ImportedModels | undefined;
  readonly meters: Meters;
  readonly admission: Admission;
}

/** The routes of the native API, below /api/v1. */
export function nativeRoutes({
  serving,
  models,
  imported,
  meters,
  admission,
}: NativeContext): (app: FastifyInstance) => Promise<void> {
  const shapes = new Map(models.map((model) => [model.name, bodyShape(model)]));
  const served = (name: string): ServedModel =>
    serving.models().find(({ model }) => model.name === name) ?? unknown(name);
  const unknown = (name: string): never => {
    const known = models.map((model) => model.name).join(", ") || "none";
    throw new SlipwayError("MODEL_NOT_FOUND", `No model "${name}" is served here. There are: ${known}.`, {
      details: { model: name },
    });
  };

  return async (app) => {
    app.post<OneModel>("/models/:model/predict", async (request, reply) => {
      const name = request.params.model;
      const explain = readExplain(request.query);
      const steering = { ...readSteering(request.headers), ...(explain ? { explain } : {}) };
      if (imported && !shapes.has(name)) {
        refuseSteering(name, steering);
        const work = (): Promise<unknown> => predictImported({ imported, meters }, name, request.body);
        return reply.type(JSON_TYPE).send(await admitted(admission, name, request, reply, work));
      }
      const shape = shapes.get(name) ?? unknown(name);
      const { isBatch, predictions } = await admitted(admission, name, request, reply, async () => {
        const asked = readBody(shape, request.body);
        return { ...asked, predictions: await serving.predict(name, asked.rows, steering) };
      });
      meters.predicted(predictions);
      const [only] = predictions;
      const text = isBatch || !only ? predictionsText(predictions) : predictionText(only);
      return reply.type(JSON_TYPE).send(text);
    });
    app.get("/models", async () => {
      const others = (await imported?.list()) ?? [];
      const known = others.map(({ model, version }) => ({ name: model, version, problem: null, imported: true }));
      return { models: [...serving.models().map(summaryOf), ...known] };
    });
    app.get<OneModel>("/models/:model", async ({ params }) => {
      if (!imported || shapes.has(params.model)) return describe(served(params.model));
      const { model, ...found } = await imported.describe(params.model);
      return { name: model, problem: null, imported: true, ...found };
    });
  };
}

function summaryOf({ model, version, problem, route }: ServedModel): Readonly<Record<string, unknown>> {
  return {
    name: model.name,
    version: version ?? null,
    problem: problemOf(problem),
    ...(route?.canary ? { canary: { ...besideOf(route.canary), weight: route.canary.weight } } : {}),
    ...(route?.shadow ? { shadow: besideOf(route.shadow) } : {}),
  };
}

function besideOf({ version, problem }: ServedBeside): Readonly<Record<string, unknown>> {
  return { version, problem: problemOf(problem) };
}

function problemOf(problem: SlipwayError | undefined): Readonly<Record<string, unknown>> | null {
  return problem ? { code: problem.code, message: problem.message } : null;
}

function describe(served: ServedModel): Readonly<Record<string, unknown>> {
  const { model } = served;
  const keys = new Map(model.views.flatMap((view) => view.keys).map((key) => [key.name, key]));
  return {
    ...summaryOf(served),
    keys: [...keys.values()],
    request: model.request,
    inputs: model.inputs.map(({ name, type, from }) => ({ name, type, from })),
    features: model.views.map(({ name }) => name),
  };
}
