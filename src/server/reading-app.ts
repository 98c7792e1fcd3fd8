// The routes of a worker: features read online, and whether it is up. Every other request is the main process's, which alone writes; it is
// handed on before anything of it is looked at.

import type { FastifyInstance } from "fastify";
import { collectDefaultMetrics, Registry } from "prom-client";
import type { FeatureReader } from "../platform/platform.ts";
import { type BareOptions, bareApp } from "./bare-app.ts";
import { feastReadRoute } from "./feast/feast.ts";
import type { Forwarder } from "./forward.ts";
import { livenessRoutes } from "./health.ts";
import { measure } from "./metrics/meters.ts";
import { type MeterCounts, requestMeters } from "./metrics/request-meters.ts";
import { featureRoutes } from "./read-features.ts";
import type { TlsMaterial } from "./tls.ts";

/** What a worker's routes work with. */
export interface ReadingOptions extends BareOptions {
  readonly features: FeatureReader;
  /** The most keys of one feature read. */
  readonly keyLimit: number;
  /** Takes every request that is not read here. */
  readonly others: Forwarder;
}

/** A worker's routes, and what they have counted. */
export interface ReadingApp {
  readonly app: FastifyInstance;
  readonly counts: () => Promise<MeterCounts>;
}

/** Builds the routes. */
export function buildReadingApp(
  { features: reader, keyLimit, others, ...options }: ReadingOptions,
  tls?: TlsMaterial,
): ReadingApp {
  const app = bareApp(options, {
    takesArtifacts: true,
    tls,
    onUnreadable(_, { raw }, reply) {
      reply.hijack();
      others.forward(raw, reply.raw);
    },
    takeOver({ is404, raw }, reply) {
      if (!is404) return false;
      reply.hijack();
      others.forward(raw, reply.raw);
      return true;
    },
  });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const meters = requestMeters(registry);
  // Whoever answers a request counts it.
  const { answered } = meters;
  measure(app, { ...meters, answered: (route, ...rest) => route !== "unmatched" && answered(route, ...rest) });
  livenessRoutes(app);
  app.register(featureRoutes({ reader, keyLimit, meters }), { prefix: "/api/v1" });
  app.register(feastReadRoute({ reader, keyLimit, meters }));
  return { app, counts: meters.counts };
}
