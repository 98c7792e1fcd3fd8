// What Prometheus scrapes. Every label comes from definitions or from the routes declared here, never from what a caller sent, so no caller
// can make series. What is counted per feature read is kept by hand: prom-client hashes labels each time, nine views deep on every request.

import type { FastifyInstance } from "fastify";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { FeatureReads, Intake, Prediction, PushOutcome, Quarantine, Serving } from "../../platform/platform.ts";
import { featureTally } from "./feature-tally.ts";
import { pushMeters } from "./push-meters.ts";

/** Counts what the server does. */
export interface Meters {
  /** One answered request. */
  answered(route: string, status: number, seconds: number): void;
  /** Predictions of one request. */
  predicted(predictions: readonly Prediction[]): void;
  /** Features read by name. */
  read(reads: FeatureReads): void;
  /** Events of one push. */
  pushed(outcome: PushOutcome): void;
  /** Rows scored from ready-made tensors. */
  scored(model: string, version: number, rows: number): void;
}

/** The meters of one server, and their text for Prometheus. */
export interface MeterSet extends Meters {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Meters over what `serving` does. */
export function serverMeters(
  serving: Serving,
  version: string,
  { intake, quarantine }: { readonly intake?: Intake | undefined; readonly quarantine?: Quarantine | undefined } = {},
): MeterSet {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "slipway_build_info",
    help: "The running version of Slipway.",
    labelNames: ["version"],
    registers,
  }).set({ version }, 1);
  const durations = new Histogram({
    name: "slipway_http_request_duration_seconds",
    help: "Time from a request's head to the end of its answer; its count is the number of requests.",
    labelNames: ["route", "status"],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  });
  const predictions = new Counter({
    name: "slipway_predictions_total",
    help: "Predictions from keys and request values.",
    labelNames: ["model", "version"],
    registers,
  });
  const scored = new Counter({
    name: "slipway_tensor_rows_scored_total",
    help: "Rows scored from ready-made tensors.",
    labelNames: ["model", "version"],
    registers,
  });
  new Gauge({
    name: "slipway_served_version",
    help: "The version of a model that answers now, as a label; no series when none does.",
    labelNames: ["model", "version"],
    registers,
    collect() {
      this.reset();
      for (const { model, version: served } of serving.models())
        if (served !== undefined) this.set({ model: model.name, version: served }, 1);
    },
  });
  new Gauge({
    name: "slipway_champion_refused",
    help: "1 when a model's champion could not be loaded, else 0.",
    labelNames: ["model"],
    registers,
    collect() {
      for (const { model, problem } of serving.models()) this.set({ model: model.name }, problem ? 1 : 0);
    },
  });
  const pushed = intake && pushMeters(registers, intake);
  if (quarantine)
    new Gauge({
      name: "slipway_quarantined_rows",
      help: "Rows that expectations turned away and that are held in quarantine.",
      labelNames: ["source"],
      registers,
      async collect() {
        this.reset();
        for (const { source, rows } of await quarantine.counts()) this.set({ source }, rows);
      },
    });
  const features = featureTally();
  // Routes and statuses are few, and looking a histogram up by labels costs more than counting in it.
  const byAnswer = new Map<string, ReturnType<typeof durations.labels>>();
  const durationOf = (route: string, status: number): ReturnType<typeof durations.labels> => {
    const mark = `${status} ${route}`;
    let known = byAnswer.get(mark);
    if (!known) {
      known = durations.labels({ route, status });
      byAnswer.set(mark, known);
    }
    return known;
  };
  return {
    contentType: registry.contentType,
    text: async () => `${(await registry.metrics()).trimEnd()}\n${features.text()}`,
    answered: (route, status, seconds) => durationOf(route, status).observe(seconds),
    predicted(made) {
      const [first] = made;
      if (first) predictions.inc({ model: first.model, version: first.version }, made.length);
      for (const { reads } of made)
        for (const { view, status, age, rejected = [], warned = [] } of reads) {
          features.add(view, status, age);
          if (rejected.length + warned.length > 0) features.unexpected(view, rejected, warned);
        }
    },
    read({ selection, at, views }) {
      selection.views.forEach(({ spec, features: read }, index) => {
        const names = (places: readonly number[]): readonly string[] => places.map((place) => read[place]?.name ?? "");
        for (const { status, event, rejected = [], warned = [] } of views[index]?.keys ?? []) {
          features.add(spec.name, status, event === null ? null : at - event);
          if (rejected.length + warned.length > 0) features.unexpected(spec.name, names(rejected), names(warned));
        }
      });
    },
    pushed: (outcome) => pushed?.(outcome),
    scored: (model, number, rows) => scored.inc({ model, version: number }, rows),
  };
}

/** Measures every request of `app`, and answers /metrics. */
export function meterRoutes(app: FastifyInstance, meters: MeterSet): void {
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.is404 ? "unmatched" : (request.routeOptions.url ?? "unmatched");
    meters.answered(route, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
  app.get("/metrics", async (_, reply) => reply.type(meters.contentType).send(await meters.text()));
}
