// Every route of the server on one Fastify instance, without a socket: tests inject into it, `createServer` listens with it.

import type { FastifyInstance } from "fastify";
import type { ModelSpec, PushSpec } from "../define/define.ts";
import {
  type Admission,
  type AdmissionLimits,
  type Alerts,
  type Catalog,
  type Datasets,
  type FeatureReader,
  type ImportedModels,
  type Intake,
  type Labels,
  type MaterializeRequest,
  openAdmission,
  type Promotions,
  type Quarantine,
  type RecordsReader,
  type Serving,
  type tracking,
} from "../platform/platform.ts";
import { alertRoutes } from "./alerts.ts";
import { KEY_LIMIT } from "./asked-features.ts";
import { type BareOptions, bareApp, isInference } from "./bare-app.ts";
import { catalogRoutes } from "./catalog.ts";
import { datasetRoutes } from "./datasets.ts";
import { feastRoutes } from "./feast/feast.ts";
import { healthRoutes, type Readiness, readinessOf } from "./health.ts";
import { inferenceRoutes } from "./inference/inference.ts";
import { type Inferences, inferencesOf } from "./inference/inferences.ts";
import { type AskedModel, bareInvocations, invocationRoutes } from "./invocations.ts";
import { labelRoutes } from "./labels.ts";
import { type MeterCounts, type MeterSet, meterRoutes, serverMeters } from "./metrics/meters.ts";
import { mlflowRoutes } from "./mlflow/mlflow.ts";
import { isMlflow, mlflowRouteNotFound, refuseMlflow } from "./mlflow/refusals.ts";
import { openApiDocument } from "./openapi/document.ts";
import { nativeRoutes } from "./predict.ts";
import { promotionRoutes } from "./promotions.ts";
import { pushRoutes } from "./push.ts";
import { quarantineRoutes } from "./quarantine.ts";
import { featureRoutes } from "./read-features.ts";
import { inferenceForm, JSON_TYPE, nativeForm, refusalOf, refuse, routeNotFound } from "./refusal.ts";
import { runRoutes } from "./runs.ts";
import type { TlsMaterial } from "./tls.ts";

/** What the routes work with. */
export interface AppOptions extends BareOptions {
  readonly serving: Serving;
  readonly models: readonly ModelSpec[];
  /** Registered models that no definition stands behind; closed with the server. Without it none is served. */
  readonly imported?: ImportedModels;
  /** Whom the bare /invocations asks; without it the only imported model that has a champion. */
  readonly invoked?: AskedModel;
  /** Reads features online; without it there are no routes for features. */
  readonly features?: FeatureReader;
  /** Brings views online when a client of Feast's asks for it; without it such a client is refused. */
  readonly materialize?: (request: MaterializeRequest) => Promise<unknown>;
  /** The most keys of one feature read; default 1,000. */
  readonly keyLimit?: number;
  /** Takes events in; without it there is no route for pushes. */
  readonly push?: { readonly intake: Intake; readonly sources: readonly PushSpec[] };
  /** The version of Slipway, told to clients. */
  readonly version: string;
  /** What is asked under /api/v1/features and /api/v1/lineage; without it these routes are not there. */
  readonly catalog?: Catalog;
  /** Experiments, runs, models and artifacts for MLflow's clients; without it their routes are not there. */
  readonly tracking?: tracking.TrackingContext;
  /** Versions, aliases and approvals; without it their routes are not there. */
  readonly promotions?: Promotions;
  /** What is asked and said under /api/v1/alerts; without it these routes are not there. */
  readonly alerts?: Alerts;
  /** Takes labels in; without it there is no route for them. */
  readonly labels?: Labels;
  /** What is asked under /api/v1/datasets; without it these routes are not there. */
  readonly datasets?: Datasets;
  /** What is asked under /api/v1/runs and /api/v1/models/{model}/versions; without it these routes are not there. */
  readonly records?: RecordsReader;
  /** What is asked under /api/v1/quarantine; without it these routes are not there. */
  readonly quarantine?: Quarantine;
  /** What other processes of this server have counted: /metrics tells the sums. */
  readonly otherCounts?: () => Promise<readonly MeterCounts[]>;
  /** How much of each model is taken at once. */
  readonly limits?: AdmissionLimits;
  /** What else keeps the server from being ready; empty when nothing does. */
  readonly ready?: () => readonly string[];
}

/** What the roads into a server share. */
export interface ServerParts {
  readonly meters: MeterSet;
  readonly readiness: Readiness;
  readonly inferences: Inferences;
  readonly admission: Admission;
}

/** Makes them. */
export function partsOf(options: AppOptions): ServerParts {
  const { serving, models, imported, version, push, quarantine, limits = {} } = options;
  const names = models.map(({ name }) => name);
  const admission = openAdmission(names, limits, () => performance.now());
  const watched = { intake: push?.intake, quarantine, others: options.otherCounts, admission };
  const meters = serverMeters(serving, version, watched);
  return {
    admission,
    meters,
    readiness: readinessOf(serving, options.ready),
    inferences: inferencesOf({ serving, imported, meters }),
  };
}

/** Builds the routes. */
export function buildApp(
  options: AppOptions,
  parts: ServerParts = partsOf(options),
  tls?: TlsMaterial,
): FastifyInstance {
  const { serving, models, imported, version } = options;
  const { meters, readiness, inferences, admission } = parts;
  const app = bareApp(options, {
    takesArtifacts: options.tracking !== undefined,
    tls,
    onUnreadable: (thrown, request, reply) => {
      if (options.tracking && isMlflow(request.url)) refuseMlflow(reply, refusalOf(thrown, request));
      else refuse(reply, refusalOf(thrown, request), isInference(request) ? inferenceForm : nativeForm);
    },
  });
  const { push } = options;
  const document = JSON.stringify(
    openApiDocument(models, version, options.features?.project, {
      withCatalog: options.catalog !== undefined,
      withDatasets: options.datasets !== undefined,
      withRecords: options.records !== undefined,
      pushed: push?.sources ?? [],
      withQuarantine: options.quarantine !== undefined,
      withPromotions: options.promotions !== undefined,
      withAlerts: options.alerts !== undefined,
      withLabels: options.labels !== undefined,
      withImported: options.imported !== undefined,
    }),
  );

  app.setNotFoundHandler((request, reply) =>
    options.tracking && isMlflow(request.url)
      ? refuseMlflow(reply, mlflowRouteNotFound(request))
      : refuse(reply, routeNotFound(request), nativeForm),
  );
  meterRoutes(app, meters);
  healthRoutes(app, readiness);
  app.get("/openapi.json", async (_, reply) => reply.type(JSON_TYPE).send(document));
  app.register(nativeRoutes({ serving, models, imported, meters, admission }), { prefix: "/api/v1" });
  if (imported) {
    app.register(invocationRoutes({ imported, meters, admission }), { prefix: "/api/v1" });
    app.register(bareInvocations({ imported, meters, admission }, options.invoked));
    app.addHook("onClose", () => imported.close());
  }
  if (options.quarantine) app.register(quarantineRoutes(options.quarantine), { prefix: "/api/v1" });
  if (options.promotions) app.register(promotionRoutes(options.promotions), { prefix: "/api/v1" });
  if (options.alerts) app.register(alertRoutes(options.alerts, options.access), { prefix: "/api/v1" });
  if (options.labels) app.register(labelRoutes(options.labels), { prefix: "/api/v1" });
  if (options.records) app.register(runRoutes(options.records), { prefix: "/api/v1" });
  if (options.datasets) app.register(datasetRoutes(options.datasets), { prefix: "/api/v1" });
  if (options.catalog) app.register(catalogRoutes(options.catalog), { prefix: "/api/v1" });
  const { features: reader, keyLimit = KEY_LIMIT, materialize } = options;
  if (reader) {
    const context = { reader, keyLimit, meters, ...(materialize ? { materialize } : {}), ...(push ? { push } : {}) };
    app.register(featureRoutes(context), { prefix: "/api/v1" });
    app.register(feastRoutes(context));
  }
  if (options.tracking) app.register(mlflowRoutes(options.tracking));
  if (push) app.register(pushRoutes({ intake: push.intake, meters }), { prefix: "/api/v1" });
  app.register(inferenceRoutes({ inferences, readiness, version, admission }), { prefix: "/v2" });
  return app;
}
