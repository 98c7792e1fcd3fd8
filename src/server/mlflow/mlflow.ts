// MLflow's REST API on the platform's own records, so that its clients need no other server. Every route is there under /api/2.0 for clients
// and under /ajax-api/2.0 for pages; the proxy takes bodies of any kind, so it has a scope of its own.

import type { FastifyInstance } from "fastify";
import type { tracking } from "../../platform/platform.ts";
import { artifactProxy } from "./artifact-proxy.ts";
import { artifactRoutes, getRunArtifact, getVersionArtifact } from "./artifacts.ts";
import { experimentRoutes } from "./experiments.ts";
import { loggedModelRoutes } from "./logged-models.ts";
import { metricRoutes } from "./metrics.ts";
import { modelVersionRoutes } from "./model-versions.ts";
import { permissionRoutes } from "./permissions.ts";
import { refuseThrown } from "./refusals.ts";
import { registeredModelRoutes } from "./registered-models.ts";
import { PREFIXES, serveRoutes } from "./routes.ts";
import { runRoutes } from "./runs.ts";
import { webhookRoutes } from "./webhooks.ts";

/** The newest MLflow whose clients these routes were tried with. */
export const MLFLOW_VERSION = "3.17.2";

/** The profile of a dataset alone may have 16 MiB. */
const BODY_LIMIT = 40 * 1024 * 1024;

const ROUTES = [
  ...experimentRoutes,
  ...runRoutes,
  ...metricRoutes,
  ...registeredModelRoutes,
  ...modelVersionRoutes,
  ...loggedModelRoutes,
  ...artifactRoutes,
  ...webhookRoutes,
];

const SERVER_INFO = {
  store_type: "SqlStore",
  workspaces_enabled: false,
  trace_archival_enabled: false,
  multipart_uploads_enabled: true,
  multipart_downloads_enabled: false,
  presigned_upload_run_id_supported: false,
  presigned_upload_model_id_supported: false,
  features_enabled: { gateway: false },
};

/** Every route of the dialect. */
export function mlflowRoutes(context: tracking.TrackingContext): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.setErrorHandler((thrown, request, reply) => refuseThrown(thrown, request, reply));
    app.addHook("onRoute", (route) => {
      route.bodyLimit ??= BODY_LIMIT;
    });
    acceptEmptyJson(app);
    for (const prefix of PREFIXES) serveRoutes(app, context, prefix, ROUTES);
    serveRoutes(app, context, "", [
      ["GET", "/get-artifact", getRunArtifact],
      ["GET", "/model-versions/get-artifact", getVersionArtifact],
    ]);
    app.get("/version", async (_, reply) => reply.type("text/plain").send(MLFLOW_VERSION));
    for (const prefix of ["/api/3.0", "/ajax-api/3.0"]) serveRoutes(app, context, prefix, permissionRoutes);
    for (const path of ["/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info"])
      app.get(path, async () => SERVER_INFO);
    for (const prefix of PREFIXES) app.register(artifactProxy(context, prefix));
  };
}

// Some clients send a DELETE or a POST without arguments as JSON of no length.
function acceptEmptyJson(app: FastifyInstance): void {
  app.removeContentTypeParser("application/json");
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, text, done) => {
    if (text === "") done(null, {});
    else parse(request, text as string, done);
  });
}
