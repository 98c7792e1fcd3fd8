// Every route of the server on one Fastify instance, without a socket: tests inject into it, `createServer` listens with it.

import Fastify, { type FastifyInstance, type FastifyRequest, LogController } from "fastify";
import { destination, type LoggerOptions } from "pino";
import { formatInstant, type Instant, SlipwayError } from "../core/core.ts";
import type { ModelSpec, PushSpec } from "../define/define.ts";
import type {
  Access,
  Catalog,
  Datasets,
  FeatureReader,
  ImportedModels,
  Intake,
  MaterializeRequest,
  Promotions,
  Quarantine,
  RecordsReader,
  Serving,
  tracking,
} from "../platform/platform.ts";
import { guardRoutes } from "./access/gate.ts";
import { KEY_LIMIT } from "./asked-features.ts";
import { catalogRoutes } from "./catalog.ts";
import { datasetRoutes } from "./datasets.ts";
import { feastRoutes } from "./feast/feast.ts";
import { healthRoutes, readinessOf } from "./health.ts";
import { invocationRoutes } from "./imported.ts";
import { inferenceForm, inferenceRoutes } from "./inference/inference.ts";
import { meterRoutes, serverMeters } from "./metrics/meters.ts";
import { mlflowRoutes } from "./mlflow/mlflow.ts";
import { isMlflow, refuseMlflow } from "./mlflow/refusals.ts";
import { openApiDocument } from "./openapi/document.ts";
import { nativeRoutes } from "./predict.ts";
import { promotionRoutes } from "./promotions.ts";
import { pushRoutes } from "./push.ts";
import { quarantineRoutes } from "./quarantine.ts";
import { featureRoutes } from "./read-features.ts";
import { JSON_TYPE, nativeForm, refusalOf, refuse, routeNotFound, safetyHeaders } from "./refusal.ts";
import { runRoutes } from "./runs.ts";

/** What the routes work with. */
export interface AppOptions {
  readonly serving: Serving;
  readonly models: readonly ModelSpec[];
  /** Registered models that no definition stands behind; closed with the server. Without it none is served. */
  readonly imported?: ImportedModels;
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
  /** Where log lines get their time. */
  readonly now: () => Instant;
  /** Logs go to stderr; default level "warn". Requests are logged at "debug". */
  readonly logger?: LoggerOptions;
  /** Who may do what; without it everybody may do everything. */
  readonly access?: Access;
  /** What is asked under /api/v1/features and /api/v1/lineage; without it these routes are not there. */
  readonly catalog?: Catalog;
  /** Experiments, runs, models and artifacts for MLflow's clients; without it their routes are not there. */
  readonly tracking?: tracking.TrackingContext;
  /** Versions, aliases and approvals; without it their routes are not there. */
  readonly promotions?: Promotions;
  /** What is asked under /api/v1/datasets; without it these routes are not there. */
  readonly datasets?: Datasets;
  /** What is asked under /api/v1/runs and /api/v1/models/{model}/versions; without it these routes are not there. */
  readonly records?: RecordsReader;
  /** What is asked under /api/v1/quarantine; without it these routes are not there. */
  readonly quarantine?: Quarantine;
  /** What else keeps the server from being ready; empty when nothing does. */
  readonly ready?: () => readonly string[];
}

const BODY_LIMIT = 4 * 1024 * 1024;

/** Builds the routes. */
export function buildApp(options: AppOptions): FastifyInstance {
  const { serving, models, imported, version } = options;
  const app = Fastify({
    logger: {
      level: "warn",
      timestamp: () => `,"time":"${formatInstant(options.now())}"`,
      ...options.logger,
      stream: destination(2),
    },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    // A client that trickles its request in holds a connection no longer than this; an artifact of many gigabytes takes its time.
    requestTimeout: options.tracking ? 3_600_000 : 60_000,
    http: { headersTimeout: 15_000, connectionsCheckingInterval: 5_000 },
    // What still arrives on an open connection while closing is answered as ever.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (thrown, request, reply) => {
      if (options.tracking && isMlflow(request.url)) refuseMlflow(reply, refusalOf(thrown, request));
      else refuse(reply, refusalOf(thrown, request), isInference(request) ? inferenceForm : nativeForm);
    },
    clientErrorHandler: (_, socket) => {
      if (socket.writable) socket.end(malformed);
      else socket.destroy();
    },
  }) as unknown as FastifyInstance;
  const readiness = readinessOf(serving, options.ready);
  const { push, quarantine } = options;
  const meters = serverMeters(serving, version, { intake: push?.intake, quarantine });
  const document = JSON.stringify(
    openApiDocument(models, version, options.features?.project, {
      withCatalog: options.catalog !== undefined,
      withDatasets: options.datasets !== undefined,
      withRecords: options.records !== undefined,
      pushed: push?.sources ?? [],
      withQuarantine: options.quarantine !== undefined,
      withPromotions: options.promotions !== undefined,
    }),
  );

  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(safetyHeaders);
    const encoding = request.headers["content-encoding"];
    if (encoding === undefined || encoding === "identity" || isInference(request)) done();
    else done(new SlipwayError("INPUT_INVALID", "A compressed body is not taken here; send it as it is."));
  });
  if (options.access) guardRoutes(app, options.access, options.now);
  else app.decorateRequest("person", null);
  if (app.log.level === "debug" || app.log.level === "trace")
    app.addHook("onResponse", (request, reply, done) => {
      const { method, routeOptions } = request;
      request.log.debug(
        { method, route: routeOptions.url, status: reply.statusCode, ms: reply.elapsedTime },
        "answered",
      );
      done();
    });
  app.setErrorHandler((thrown, request, reply) => refuse(reply, refusalOf(thrown, request), nativeForm));
  app.setNotFoundHandler((request, reply) =>
    options.tracking && isMlflow(request.url)
      ? refuseMlflow(reply, routeNotFound(request))
      : refuse(reply, routeNotFound(request), nativeForm),
  );
  meterRoutes(app, meters);
  healthRoutes(app, readiness);
  app.get("/openapi.json", async (_, reply) => reply.type(JSON_TYPE).send(document));
  app.register(nativeRoutes({ serving, models, imported, meters }), { prefix: "/api/v1" });
  if (imported) {
    app.register(invocationRoutes(imported, meters), { prefix: "/api/v1" });
    app.addHook("onClose", () => imported.close());
  }
  if (options.quarantine) app.register(quarantineRoutes(options.quarantine), { prefix: "/api/v1" });
  if (options.promotions) app.register(promotionRoutes(options.promotions), { prefix: "/api/v1" });
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
  app.register(inferenceRoutes({ serving, imported, meters, readiness, version }), { prefix: "/v2" });
  return app;
}

function isInference({ url }: FastifyRequest): boolean {
  return /^\/v2(?:[/?]|$)/.test(url);
}

const malformedBody = nativeForm({
  status: 400,
  code: "INPUT_INVALID",
  message: "The request is not valid HTTP, or took too long to arrive.",
  details: {},
});
const malformed = [
  "HTTP/1.1 400 Bad Request",
  `Content-Type: ${JSON_TYPE}`,
  `Content-Length: ${Buffer.byteLength(malformedBody)}`,
  ...Object.entries(safetyHeaders).map(([name, value]) => `${name}: ${value}`),
  "Connection: close",
  "",
  malformedBody,
].join("\r\n");
