// What it takes on every route but MLflow's. A route that is not here is for admins alone, so one that was forgotten is shut.

import type { FastifyRequest } from "fastify";
import { type Rule, type Wanted, wantedOfAlias } from "./rule.ts";

const open: Rule = { actions: [] };
const look: Rule = { actions: ["look"] };
const read: Rule = { actions: ["read"] };
/** Programs that ask for predictions must find out what to send. */
const describe: Rule = { actions: ["read", "predict"] };
const modelIn = ({ params }: FastifyRequest): string => (params as Readonly<Record<string, string>>)["model"] ?? "";
const seenModel = (request: FastifyRequest): readonly Wanted[] => [
  { thing: { kind: "model", id: modelIn(request) }, permission: "read" },
];
/** Of a model's records, which may be kept from some. */
const readModel: Rule = { actions: ["read"], wants: seenModel };
const approveModel: Rule = { actions: ["approve"], wants: seenModel };
const moveAlias: Rule = {
  actions: ["write"],
  wants: ({ params }, access) => {
    const { model = "", alias = "" } = params as Readonly<Record<string, string>>;
    return wantedOfAlias(access, model, alias);
  },
};
/** What names things of everybody. */
const readEverything: Rule = {
  actions: ["read"],
  wants: () => [{ thing: { kind: "everything", id: "" }, permission: "read" }],
};
const readFeatures: Rule = { actions: ["readFeatures"] };
const predict: Rule = { actions: ["predict"] };
const push: Rule = { actions: ["push"] };
const write: Rule = { actions: ["write"] };

const rules: Readonly<Record<string, Rule>> = {
  "GET /healthz": open,
  "GET /health": open,
  "GET /readyz": open,
  "GET /ping": open,
  "GET /version": open,
  "GET /v2/health/live": open,
  "GET /v2/health/ready": open,
  "GET /metrics": look,
  "GET /openapi.json": look,
  "GET /v2/": look,
  "GET /v2": look,
  "GET /v2/models": describe,
  "POST /v2/repository/index": describe,
  "GET /v2/models/:model": describe,
  "GET /v2/models/:model/ready": describe,
  "GET /v2/models/:model/versions/:version": describe,
  "GET /v2/models/:model/versions/:version/ready": describe,
  "POST /v2/models/:model/infer": predict,
  "POST /v2/models/:model/versions/:version/infer": predict,
  "GET /api/v1/models": describe,
  "GET /api/v1/models/:model": describe,
  "POST /api/v1/models/:model/predict": predict,
  "POST /api/v1/models/:model/invocations": predict,
  "POST /invocations": predict,
  "GET /api/v1/models/:model/aliases": readModel,
  "GET /api/v1/models/:model/aliases/:alias": readModel,
  "POST /api/v1/models/:model/aliases/:alias": moveAlias,
  "POST /api/v1/models/:model/aliases/:alias/rollback": moveAlias,
  "GET /api/v1/models/:model/route": readModel,
  "POST /api/v1/models/:model/route": approveModel,
  "GET /api/v1/models/:model/versions/:version/gates": readModel,
  "POST /api/v1/models/:model/versions/:version/approvals": approveModel,
  "DELETE /api/v1/models/:model/versions/:version/approvals": approveModel,
  "POST /api/v1/features/read": readFeatures,
  "GET /api/v1/features": read,
  "GET /api/v1/features/:view": read,
  "GET /api/v1/features/:view/as-of": read,
  "GET /api/v1/features/:view/history": read,
  "GET /api/v1/lineage/:thing": readEverything,
  "GET /api/v1/runs": read,
  "GET /api/v1/runs/:id": read,
  "GET /api/v1/runs/:id/metrics/:name": read,
  "GET /api/v1/models/:model/versions": readModel,
  "GET /api/v1/models/:model/versions/:version": readModel,
  "GET /api/v1/models/:model/versions/:version/evaluations": readModel,
  "GET /api/v1/models/:model/versions/:version/evaluations/:rows": readModel,
  "GET /api/v1/datasets": read,
  "GET /api/v1/datasets/:id": read,
  "GET /api/v1/alerts": read,
  "GET /api/v1/alerts/:id": read,
  "POST /api/v1/alerts/:id/acknowledge": write,
  "POST /api/v1/alerts/:id/resolve": write,
  "POST /api/v1/alerts/:id/comments": write,
  "GET /api/v1/alert-deliveries": read,
  "POST /api/v1/alert-deliveries/:id/retry": write,
  "GET /api/v1/quarantine": read,
  "GET /api/v1/quarantine/:batch": read,
  "POST /api/v1/push": push,
  "POST /api/v1/labels": push,
  "POST /get-online-features": readFeatures,
  "POST /push": push,
  "POST /write-to-online-store": push,
  "POST /materialize": write,
  "POST /materialize-incremental": write,
  "POST /retrieve-online-documents": readFeatures,
  "POST /search": readFeatures,
};

/** The rule of a route by its method and pattern; undefined when there is none. */
export function nativeRule(method: string, pattern: string): Rule | undefined {
  return rules[`${method} ${pattern}`];
}
