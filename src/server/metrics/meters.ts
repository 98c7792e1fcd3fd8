// What Prometheus scrapes. Every label comes from definitions or from the routes declared here, never from what a caller sent, so no caller
// can make series. What is counted per feature read is kept by hand: prom-client hashes labels each time, nine views deep on every request.

import type { FastifyInstance } from "fastify";
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Admission, Intake, Prediction, PushOutcome, Quarantine, Serving } from "../../platform/platform.ts";
import { admissionMeters } from "./admission-meters.ts";
import { featureTally } from "./feature-tally.ts";
import { pushMeters } from "./push-meters.ts";
import { type MeterCounts, type RequestMeters, requestMeters } from "./request-meters.ts";

export type { MeterCounts };

/** Counts what the server does. */
export interface Meters extends RequestMeters {
  /** Predictions of one request. */
  predicted(predictions: readonly Prediction[]): void;
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

/** What else the meters of a server look at. */
export interface Watched {
  readonly intake?: Intake | undefined;
  readonly quarantine?: Quarantine | undefined;
  readonly admission?: Admission | undefined;
  /** What other processes of the same server have counted. */
  readonly others?: (() => Promise<readonly MeterCounts[]>) | undefined;
}

/** Meters over what `serving` does. */
export function serverMeters(
  serving: Serving,
  version: string,
  { intake, quarantine, admission, others }: Watched = {},
): MeterSet {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = requestMeters(registry);
  const { features } = requests;
  new Gauge({
    name: "slipway_build_info",
    help: "The running version of Slipway.",
    labelNames: ["version"],
    registers,
    aggregator: "first",
  }).set({ version }, 1);
  const predictions = new Counter({
    name: "slipway_predictions_total",
    help: "Predictions from keys and request values, by the version that answered and why it did.",
    labelNames: ["model", "version", "route"],
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
  new Gauge({
    name: "slipway_canary_weight",
    help: "How many of a hundred predictions a model's canary is to answer; no series without one.",
    labelNames: ["model", "version"],
    registers,
    collect() {
      this.reset();
      for (const { model, route } of serving.models())
        if (route?.canary) this.set({ model: model.name, version: route.canary.version }, route.canary.weight);
    },
  });
  new Gauge({
    name: "slipway_canary_refused",
    help: "1 when a model's canary could not be loaded and the champion answers in its place, else 0; no series without one.",
    labelNames: ["model"],
    registers,
    collect() {
      this.reset();
      for (const { model, route } of serving.models())
        if (route?.canary) this.set({ model: model.name }, route.canary.problem ? 1 : 0);
    },
  });
  new Counter({
    name: "slipway_shadow_predictions_total",
    help: "Rows that a shadow was to mirror, by what became of them.",
    labelNames: ["model", "version", "outcome"],
    registers,
    collect() {
      this.reset();
      for (const { model, shadows } of serving.models())
        for (const [of, counts] of shadows ?? [])
          for (const [outcome, rows] of Object.entries(counts))
            this.inc({ model: model.name, version: of, outcome }, rows);
    },
  });
  const pushed = intake && pushMeters(registers, intake);
  if (admission) admissionMeters(registers, admission);
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
  return {
    contentType: registry.contentType,
    async text() {
      if (others) return textOf([await requests.counts(), ...(await others())]);
      return `${(await registry.metrics()).trimEnd()}\n${features.text()}`;
    },
    answered: requests.answered,
    called: requests.called,
    read: requests.read,
    predicted(made) {
      const [first] = made;
      // Most requests are answered by one version.
      if (first && made.every(({ route }) => route === first.route))
        predictions.inc({ model: first.model, version: first.version, route: first.route }, made.length);
      else for (const { model, version: by, route } of made) predictions.inc({ model, version: by, route });
      for (const { reads } of made)
        for (const { view, status, age, rejected = [], warned = [] } of reads) {
          features.add(view, status, age);
          if (rejected.length + warned.length > 0) features.unexpected(view, rejected, warned);
        }
    },
    pushed: (outcome) => pushed?.(outcome),
    scored: (model, number, rows) => scored.inc({ model, version: number }, rows),
  };
}

/** What several processes have counted, as Prometheus text. */
async function textOf(all: readonly MeterCounts[]): Promise<string> {
  const features = featureTally();
  for (const counts of all) features.addAll(counts.features);
  const registry = AggregatorRegistry.aggregate(all.map(({ metrics }) => [...metrics]));
  return `${(await registry.metrics()).trimEnd()}\n${features.text()}`;
}

/** Measures every request of `app`. */
export function measure(app: FastifyInstance, meters: RequestMeters): void {
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.is404 ? "unmatched" : (request.routeOptions.url ?? "unmatched");
    meters.answered(route, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}

/** Measures every request of `app`, and answers /metrics. */
export function meterRoutes(app: FastifyInstance, meters: MeterSet): void {
  measure(app, meters);
  app.get("/metrics", async (_, reply) => reply.type(meters.contentType).send(await meters.text()));
}
