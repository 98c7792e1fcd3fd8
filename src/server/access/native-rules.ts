// What it takes on every route but MLflow's. A route that is not here is for admins alone, so one that was forgotten is shut.

import type { Rule } from "./rule.ts";

const open: Rule = { actions: [] };
const look: Rule = { actions: ["look"] };
const read: Rule = { actions: ["read"] };
/** Programs that ask for predictions must find out what to send. */
const describe: Rule = { actions: ["read", "predict"] };
const readFeatures: Rule = { actions: ["readFeatures"] };
const predict: Rule = { actions: ["predict"] };
const push: Rule = { actions: ["push"] };
const write: Rule = { actions: ["write"] };
const approve: Rule = { actions: ["approve"] };

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
  "GET /api/v1/models/:model/aliases": read,
  "GET /api/v1/models/:model/aliases/:alias": read,
  "POST /api/v1/models/:model/aliases/:alias": approve,
  "POST /api/v1/models/:model/aliases/:alias/rollback": approve,
  "GET /api/v1/models/:model/route": read,
  "POST /api/v1/models/:model/route": approve,
  "GET /api/v1/models/:model/versions/:version/gates": read,
  "POST /api/v1/models/:model/versions/:version/approvals": approve,
  "DELETE /api/v1/models/:model/versions/:version/approvals": approve,
  "POST /api/v1/features/read": readFeatures,
  "GET /api/v1/features": read,
  "GET /api/v1/features/:view": read,
  "GET /api/v1/features/:view/as-of": read,
  "GET /api/v1/features/:view/history": read,
  "GET /api/v1/lineage/:thing": read,
  "GET /api/v1/runs": read,
  "GET /api/v1/runs/:id": read,
  "GET /api/v1/runs/:id/metrics/:name": read,
  "GET /api/v1/models/:model/versions": read,
  "GET /api/v1/models/:model/versions/:version": read,
  "GET /api/v1/models/:model/versions/:version/evaluations": read,
  "GET /api/v1/models/:model/versions/:version/evaluations/:rows": read,
  "GET /api/v1/datasets": read,
  "GET /api/v1/datasets/:id": read,
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
