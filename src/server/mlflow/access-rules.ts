// What it takes on every route of the dialect: first whether the role may do such a thing at all, then whether the one who asks may do it to
// that very run, experiment, model or file. Ids are read with what the handlers read them with, so both mean the same thing.

import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { type Access, type Permission, type Thing, tracking } from "../../platform/platform.ts";
import { type Rule, type Wanted, wantedOfAlias } from "../access/rule.ts";
import { field, listOf, read } from "./fields.ts";
import { resourceOf } from "./permissions.ts";
import { runIdOf } from "./runs.ts";

const open: Rule = { actions: [] };
/** Lists and searches, which leave out what is kept from who asks. */
const listing: Rule = { actions: ["read"] };
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

/** A rule about things that a request shows. */
function seeing(
  kind: Thing["kind"],
  of: (request: FastifyRequest, access: Access) => string | undefined | readonly string[] | Promise<string | undefined>,
): Rule {
  return {
    actions: ["read"],
    wants: async (request, access) =>
      [(await of(request, access)) ?? []].flat().map((id): Wanted => ({ thing: { kind, id }, permission: "read" })),
  };
}

const given = ({ method, query, body }: FastifyRequest): unknown =>
  method === "GET" || method === "HEAD" ? query : body;
const seenExperiment = seeing(
  "experiment",
  (request) => read(z.object({ experiment_id: field.name }), given(request)).experiment_id,
);
const namedExperiment = seeing("experiment", (request, access) =>
  access.experimentNamed(read(z.object({ experiment_name: field.name }), given(request)).experiment_name),
);
const seenRun = seeing("run", (request) =>
  runIdOf(read(z.object({ run_id: field.textOr, run_uuid: field.textOr }), given(request))),
);
const seenRuns = (name: "run_id" | "run_ids"): Rule =>
  seeing("run", (request) => read(z.object({ [name]: listOf(field.text) }), given(request))[name] ?? []);
const seenModel = seeing("model", (request) => read(z.object({ name: field.name }), given(request)).name);
const seenLoggedModel = seeing("loggedModel", (request) => loggedModelId(request));

const everything: Thing = { kind: "everything", id: "" };

/** Files at a path or below it; what is nobody's takes the right to see everything. */
function filesSeen(pathOf: (request: FastifyRequest) => string): Rule {
  return {
    actions: ["read"],
    wants: (request) => {
      const path = pathOf(request).replace(/\/+$/, "");
      const thing = path === "" ? everything : shownAt(tracking.checkedArtifactPath(path));
      return [{ thing, permission: "read", otherwise: everything }];
    },
  };
}

function shownAt(path: string): Thing {
  const version = tracking.versionOfPath(path);
  if (tracking.isVersionFolder(path)) return version.model === "" ? everything : { kind: "model", id: version.model };
  const owner = ownerOf(path);
  return owner.kind === "experiment" ? { kind: "contents", id: owner.id } : owner;
}

const listedPath = ({ query }: FastifyRequest): string => read(z.object({ path: field.textOr }), query).path ?? "";

/** A version takes the files of its source for its own, so who makes one must be allowed to see them. */
const newVersion: Rule = {
  actions: ["write"],
  wants: ({ body }) => {
    const asked = read(
      z.object({ name: field.name, source: field.name, run_id: field.textOr, model_id: field.textOr }),
      body,
    );
    const named = tracking.sourceReference(asked.source);
    const seen: readonly Thing[] = [
      ...(asked.run_id ? [{ kind: "run", id: asked.run_id } as const] : []),
      ...(asked.model_id ? [{ kind: "loggedModel", id: asked.model_id } as const] : []),
      ...(named && "loggedModel" in named ? [{ kind: "loggedModel", id: named.loggedModel } as const] : []),
      ...(named && "model" in named ? [{ kind: "model", id: named.model } as const] : []),
    ];
    return [
      { thing: { kind: "model", id: asked.name }, permission: "edit" },
      ...seen.map((thing): Wanted => ({ thing, permission: "read" })),
    ];
  },
};

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

const alias: Rule = {
  actions: ["write"],
  wants: ({ body }, access) => {
    const asked = read(z.object({ name: field.name, alias: field.name }), body);
    return wantedOfAlias(access, asked.name, asked.alias);
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

/** Who manages a thing says what others may do with it. */
const sharing: Rule = {
  actions: ["write"],
  wants: ({ body }) => [{ thing: resourceOf(body), permission: "manage" }],
};

const rules: Readonly<Record<string, Rule>> = {
  "POST mlflow/experiments/create": making,
  "GET mlflow/experiments/get": seenExperiment,
  "GET mlflow/experiments/get-by-name": namedExperiment,
  "GET mlflow/experiments/search": listing,
  "POST mlflow/experiments/search": listing,
  "POST mlflow/experiments/delete": experiment("manage"),
  "POST mlflow/experiments/restore": experiment("manage"),
  "POST mlflow/experiments/update": experiment("edit"),
  "POST mlflow/experiments/set-experiment-tag": experiment("edit"),
  "POST mlflow/experiments/delete-experiment-tag": experiment("edit"),
  "POST mlflow/experiments/search-datasets": listing,
  "POST mlflow/runs/create": changing("experiment", "edit", intoExperiment),
  "POST mlflow/runs/update": run("edit"),
  "GET mlflow/runs/get": seenRun,
  "POST mlflow/runs/delete": run("manage"),
  "POST mlflow/runs/restore": run("manage"),
  "POST mlflow/runs/search": listing,
  "POST mlflow/runs/log-metric": metrics,
  "POST mlflow/runs/log-parameter": run("edit"),
  "POST mlflow/runs/set-tag": run("edit"),
  "POST mlflow/runs/delete-tag": run("edit"),
  "POST mlflow/runs/log-batch": metrics,
  "POST mlflow/runs/log-model": run("edit"),
  "POST mlflow/runs/log-inputs": run("edit"),
  "POST mlflow/runs/outputs": run("edit"),
  "GET mlflow/metrics/get-history": seenRun,
  "GET mlflow/metrics/get-history-bulk": seenRuns("run_id"),
  "GET mlflow/metrics/get-history-bulk-interval": seenRuns("run_ids"),
  "POST mlflow/registered-models/create": making,
  "POST mlflow/registered-models/rename": model("manage"),
  "PATCH mlflow/registered-models/update": model("edit"),
  "DELETE mlflow/registered-models/delete": model("manage"),
  "GET mlflow/registered-models/get": seenModel,
  "GET mlflow/registered-models/search": listing,
  "GET mlflow/registered-models/get-latest-versions": seenModel,
  "POST mlflow/registered-models/get-latest-versions": seenModel,
  "POST mlflow/registered-models/set-tag": model("edit"),
  "DELETE mlflow/registered-models/delete-tag": model("edit"),
  "POST mlflow/registered-models/alias": alias,
  "DELETE mlflow/registered-models/alias": alias,
  "GET mlflow/registered-models/alias": seenModel,
  "POST mlflow/model-versions/create": newVersion,
  "PATCH mlflow/model-versions/update": model("edit"),
  "POST mlflow/model-versions/transition-stage": model("edit"),
  "DELETE mlflow/model-versions/delete": model("manage"),
  "GET mlflow/model-versions/get": seenModel,
  "GET mlflow/model-versions/search": listing,
  "GET mlflow/model-versions/get-download-uri": seenModel,
  "POST mlflow/model-versions/set-tag": model("edit"),
  "DELETE mlflow/model-versions/delete-tag": model("edit"),
  "POST mlflow/logged-models": newLoggedModel,
  "POST mlflow/logged-models/search": listing,
  "GET mlflow/logged-models/:model_id": seenLoggedModel,
  "PATCH mlflow/logged-models/:model_id": loggedModel("edit"),
  "DELETE mlflow/logged-models/:model_id": loggedModel("manage"),
  "PATCH mlflow/logged-models/:model_id/tags": loggedModel("edit"),
  "DELETE mlflow/logged-models/:model_id/tags/:tag_key": loggedModel("edit"),
  "POST mlflow/logged-models/:model_id/params": loggedModel("edit"),
  "GET mlflow/logged-models/:model_id/artifacts/directories": seenLoggedModel,
  "GET mlflow/logged-models/:model_id/artifacts/files": seenLoggedModel,
  "GET mlflow/artifacts/list": seenRun,
  "GET mlflow/get-artifact": seenRun,
  "GET get-artifact": seenRun,
  "GET model-versions/get-artifact": seenModel,
  "GET mlflow-artifacts/artifacts": filesSeen(listedPath),
  "GET mlflow-artifacts/artifacts/*": filesSeen(pathIn),
  "PUT mlflow-artifacts/artifacts/*": filesAt("edit"),
  "DELETE mlflow-artifacts/artifacts/*": filesAt("manage"),
  "POST mlflow-artifacts/mpu/create/*": filesAt("edit"),
  // Clients send parts without their key. The upload's id is nobody's to guess and was given to who may write there; where the parts go is asked
  // again when they are put together.
  "PUT mlflow-artifacts/mpu/part/:upload/:part": open,
  "POST mlflow-artifacts/mpu/complete/*": filesAt("edit"),
  "POST mlflow-artifacts/mpu/abort/*": filesAt("edit"),
  "GET mlflow-artifacts/presigned/*": filesSeen(pathIn),
  // A webhook sends what happens here to an address outside.
  "POST mlflow/webhooks": adminsOnly,
  "GET mlflow/webhooks": adminsOnly,
  "GET mlflow/webhooks/:webhook_id": adminsOnly,
  "PATCH mlflow/webhooks/:webhook_id": adminsOnly,
  "DELETE mlflow/webhooks/:webhook_id": adminsOnly,
  "POST mlflow/webhooks/:webhook_id/test": adminsOnly,
  "POST mlflow/users/permissions/grant": sharing,
  "POST mlflow/users/permissions/revoke": sharing,
  // Of oneself, or of what one manages: its handler asks.
  "GET mlflow/users/permissions/get": { actions: ["look"] },
  "GET mlflow/server-info": open,
};

/** The rule of a route by its method and pattern; undefined when there is none. */
export function mlflowRule(method: string, pattern: string): Rule | undefined {
  const path = pattern.replace(/^\/(?:(?:ajax-)?api\/[23]\.0\/?)?/, "");
  return Object.hasOwn(rules, `${method} ${path}`) ? rules[`${method} ${path}`] : undefined;
}
