// What it takes on every route of the dialect: first whether the role may do such a thing at all, then whether the one who asks may do it to
// that very run, experiment, model or file. Ids are read with what the handlers read them with, so both mean the same thing.

import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { type Permission, type Thing, tracking } from "../../platform/platform.ts";
import type { Rule, Wanted } from "../access/rule.ts";
import { field, listOf, read } from "./fields.ts";
import { runIdOf } from "./runs.ts";

const open: Rule = { actions: [] };
const looking: Rule = { actions: ["read"] };
const making: Rule = { actions: ["write"] };
const adminsOnly: Rule = { actions: ["administer"] };

/** A rule about the one thing that a request changes; `of` gives its id, or undefined where the handler takes none. */
function changing(
  kind: Thing["kind"],
  permission: Permission,
  of: (request: FastifyRequest) => string | undefined,
): Rule {
  return {
    actions: ["write"],
    wants: (request) => {
      const id = of(request);
      return id === undefined ? [] : [{ thing: { kind, id }, permission }];
    },
  };
}

const experimentId = ({ body }: FastifyRequest): string =>
  read(z.object({ experiment_id: field.name }), body).experiment_id;
const intoExperiment = ({ body }: FastifyRequest): string =>
  read(z.object({ experiment_id: field.textOr }), body).experiment_id || "0";
const runId = ({ body }: FastifyRequest): string =>
  runIdOf(read(z.object({ run_id: field.textOr, run_uuid: field.textOr }), body));
const modelName = ({ body }: FastifyRequest): string => read(z.object({ name: field.name }), body).name;
const loggedModelId = ({ params }: FastifyRequest): string =>
  (params as Readonly<Record<string, string>>)["model_id"] ?? "";
const pathIn = ({ params }: FastifyRequest): string => (params as Readonly<Record<string, string>>)["*"] ?? "";

const experiment = (permission: Permission): Rule => changing("experiment", permission, experimentId);
const run = (permission: Permission): Rule => changing("run", permission, runId);
const model = (permission: Permission): Rule => changing("model", permission, modelName);
const loggedModel = (permission: Permission): Rule => changing("loggedModel", permission, loggedModelId);

/** A file belongs to whatever keeps its artifacts there; a path that is nobody's belongs to the experiment it lies under. */
function filesAt(permission: Permission): Rule {
  return {
    actions: ["write"],
    wants: (request): readonly Wanted[] => {
      const path = pathIn(request).replace(/\/+$/, "");
      return [{ thing: ownerOf(tracking.checkedArtifactPath(path)), permission, mustExist: true }];
    },
  };
}

function ownerOf(path: string): Thing {
  const words = path.split("/");
  // The outermost wins: what someone calls a folder of his own is his.
  const place = words.findIndex((word, index) => index > 1 && word === "artifacts");
  const owner = words[place - 1];
  if (owner === undefined) return { kind: "experiment", id: words[0] ?? "" };
  return { kind: words[place - 2] === "models" && place > 2 ? "loggedModel" : "run", id: owner };
}

/** An alias that servers follow is moved by who may approve; any other by who may change the model. */
const alias: Rule = {
  actions: ["write"],
  wants: async ({ body }, access) => {
    const asked = read(z.object({ name: field.name, alias: field.name }), body);
    const thing: Thing = { kind: "model", id: asked.name };
    if (await access.isProtected(asked.name, asked.alias)) return [{ thing, permission: "read", action: "approve" }];
    return [{ thing, permission: "edit" }];
  },
};

const metricOf = z.object({ model_id: field.textOr });

/** Metrics are a run's, and may be a logged model's too. */
const metrics: Rule = {
  actions: ["write"],
  wants: (request) => {
    const { model_id, metrics: several } = read(metricOf.extend({ metrics: listOf(metricOf) }), request.body);
    const ids = [model_id, ...several.map((one) => one.model_id)].flatMap((id) => id || []);
    return [
      { thing: { kind: "run", id: runId(request) }, permission: "edit" },
      ...[...new Set(ids)].map((id): Wanted => ({ thing: { kind: "loggedModel", id }, permission: "edit" })),
    ];
  },
};

const newLoggedModel: Rule = {
  actions: ["write"],
  wants: (request) => {
    const { source_run_id } = read(z.object({ source_run_id: field.textOr }), request.body);
    const into: Wanted = { thing: { kind: "experiment", id: intoExperiment(request) }, permission: "edit" };
    if (!source_run_id) return [into];
    return [into, { thing: { kind: "run", id: source_run_id }, permission: "edit" }];
  },
};

const rules: Readonly<Record<string, Rule>> = {
  "POST mlflow/experiments/create": making,
  "GET mlflow/experiments/get": looking,
  "GET mlflow/experiments/get-by-name": looking,
  "GET mlflow/experiments/search": looking,
  "POST mlflow/experiments/search": looking,
  "POST mlflow/experiments/delete": experiment("manage"),
  "POST mlflow/experiments/restore": experiment("manage"),
  "POST mlflow/experiments/update": experiment("edit"),
  "POST mlflow/experiments/set-experiment-tag": experiment("edit"),
  "POST mlflow/experiments/delete-experiment-tag": experiment("edit"),
  "POST mlflow/experiments/search-datasets": looking,
  "POST mlflow/runs/create": changing("experiment", "edit", intoExperiment),
  "POST mlflow/runs/update": run("edit"),
  "GET mlflow/runs/get": looking,
  "POST mlflow/runs/delete": run("manage"),
  "POST mlflow/runs/restore": run("manage"),
  "POST mlflow/runs/search": looking,
  "POST mlflow/runs/log-metric": metrics,
  "POST mlflow/runs/log-parameter": run("edit"),
  "POST mlflow/runs/set-tag": run("edit"),
  "POST mlflow/runs/delete-tag": run("edit"),
  "POST mlflow/runs/log-batch": metrics,
  "POST mlflow/runs/log-model": run("edit"),
  "POST mlflow/runs/log-inputs": run("edit"),
  "POST mlflow/runs/outputs": run("edit"),
  "GET mlflow/metrics/get-history": looking,
  "GET mlflow/metrics/get-history-bulk": looking,
  "GET mlflow/metrics/get-history-bulk-interval": looking,
  "POST mlflow/registered-models/create": making,
  "POST mlflow/registered-models/rename": model("manage"),
  "PATCH mlflow/registered-models/update": model("edit"),
  "DELETE mlflow/registered-models/delete": model("manage"),
  "GET mlflow/registered-models/get": looking,
  "GET mlflow/registered-models/search": looking,
  "GET mlflow/registered-models/get-latest-versions": looking,
  "POST mlflow/registered-models/get-latest-versions": looking,
  "POST mlflow/registered-models/set-tag": model("edit"),
  "DELETE mlflow/registered-models/delete-tag": model("edit"),
  "POST mlflow/registered-models/alias": alias,
  "DELETE mlflow/registered-models/alias": alias,
  "GET mlflow/registered-models/alias": looking,
  "POST mlflow/model-versions/create": model("edit"),
  "PATCH mlflow/model-versions/update": model("edit"),
  "POST mlflow/model-versions/transition-stage": model("edit"),
  "DELETE mlflow/model-versions/delete": model("manage"),
  "GET mlflow/model-versions/get": looking,
  "GET mlflow/model-versions/search": looking,
  "GET mlflow/model-versions/get-download-uri": looking,
  "POST mlflow/model-versions/set-tag": model("edit"),
  "DELETE mlflow/model-versions/delete-tag": model("edit"),
  "POST mlflow/logged-models": newLoggedModel,
  "POST mlflow/logged-models/search": looking,
  "GET mlflow/logged-models/:model_id": looking,
  "PATCH mlflow/logged-models/:model_id": loggedModel("edit"),
  "DELETE mlflow/logged-models/:model_id": loggedModel("manage"),
  "PATCH mlflow/logged-models/:model_id/tags": loggedModel("edit"),
  "DELETE mlflow/logged-models/:model_id/tags/:tag_key": loggedModel("edit"),
  "POST mlflow/logged-models/:model_id/params": loggedModel("edit"),
  "GET mlflow/logged-models/:model_id/artifacts/directories": looking,
  "GET mlflow/logged-models/:model_id/artifacts/files": looking,
  "GET mlflow/artifacts/list": looking,
  "GET mlflow/get-artifact": looking,
  "GET get-artifact": looking,
  "GET model-versions/get-artifact": looking,
  "GET mlflow-artifacts/artifacts": looking,
  "GET mlflow-artifacts/artifacts/*": looking,
  "PUT mlflow-artifacts/artifacts/*": filesAt("edit"),
  "DELETE mlflow-artifacts/artifacts/*": filesAt("manage"),
  "POST mlflow-artifacts/mpu/create/*": filesAt("edit"),
  // Clients send parts without their key. The upload's id is nobody's to guess and was given to who may write there; where the parts go is asked
  // again when they are put together.
  "PUT mlflow-artifacts/mpu/part/:upload/:part": open,
  "POST mlflow-artifacts/mpu/complete/*": filesAt("edit"),
  "POST mlflow-artifacts/mpu/abort/*": filesAt("edit"),
  "GET mlflow-artifacts/presigned/*": looking,
  // A webhook sends what happens here to an address outside.
  "POST mlflow/webhooks": adminsOnly,
  "GET mlflow/webhooks": adminsOnly,
  "GET mlflow/webhooks/:webhook_id": adminsOnly,
  "PATCH mlflow/webhooks/:webhook_id": adminsOnly,
  "DELETE mlflow/webhooks/:webhook_id": adminsOnly,
  "POST mlflow/webhooks/:webhook_id/test": adminsOnly,
  "GET mlflow/server-info": open,
};

/** The rule of a route by its method and pattern; undefined when there is none. */
export function mlflowRule(method: string, pattern: string): Rule | undefined {
  const path = pattern.replace(/^\/(?:(?:ajax-)?api\/[23]\.0\/?)?/, "");
  return Object.hasOwn(rules, `${method} ${path}`) ? rules[`${method} ${path}`] : undefined;
}
