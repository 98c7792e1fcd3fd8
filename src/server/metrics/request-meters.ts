// What a process counts that only reads features: answered requests, and what was read. Its counts can be sent to another process, which adds
// them to its own.

import { AggregatorRegistry, Histogram, type Registry } from "prom-client";
import type { FeatureReads } from "../../platform/platform.ts";
import { type FeatureCounts, type FeatureTally, featureTally } from "./feature-tally.ts";

type Metrics = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** What a process has counted, as values that can be sent. */
export interface MeterCounts {
  readonly metrics: Readonly<Metrics>;
  readonly features: FeatureCounts;
}

/** Bounds of the buckets for durations, in seconds. */
const DURATIONS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

/** Counts requests and feature reads. */
export interface RequestMeters {
  /** One answered request. */
  answered(route: string, status: number, seconds: number): void;
  /** One answered gRPC call. */
  called(method: string, status: string, seconds: number): void;
  /** Features read by name. */
  read(reads: FeatureReads): void;
}

/** Request meters with what they have counted. */
export interface RequestMeterSet extends RequestMeters {
  readonly features: FeatureTally;
  /** Everything in the registry, and the features. */
  counts(): Promise<MeterCounts>;
}

/** Meters that stand in `registry` with whatever else does. */
export function requestMeters(registry: Registry): RequestMeterSet {
  const durations = new Histogram({
    name: "slipway_http_request_duration_seconds",
    help: "Time from a request's head to the end of its answer; its count is the number of requests.",
    labelNames: ["route", "status"],
    buckets: DURATIONS,
    registers: [registry],
  });
  const calls = new Histogram({
    name: "slipway_grpc_call_duration_seconds",
    help: "Time from a gRPC call's first message to the end of its answer; its count is the number of calls.",
    labelNames: ["method", "status"],
    buckets: DURATIONS,
    registers: [registry],
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
    features,
    counts: async () => ({ metrics: await registry.getMetricsAsJSON(), features: features.counts() }),
    answered: (route, status, seconds) => durationOf(route, status).observe(seconds),
    called: (method, status, seconds) => calls.observe({ method, status }, seconds),
    read({ selection, at, views }) {
      selection.views.forEach(({ spec, features: read }, index) => {
        const names = (places: readonly number[]): readonly string[] => places.map((place) => read[place]?.name ?? "");
        for (const { status, event, rejected = [], warned = [] } of views[index]?.keys ?? []) {
          features.add(spec.name, status, event === null ? null : at - event);
          if (rejected.length + warned.length > 0) features.unexpected(spec.name, names(rejected), names(warned));
        }
      });
    },
  };
}

/** What processes that are no more have counted together: their gauges, such as memory, went with them. */
export async function lastingCounts(all: readonly MeterCounts[]): Promise<MeterCounts> {
  const features = featureTally();
  for (const counts of all) features.addAll(counts.features);
  const lasting = all.map(({ metrics }) => metrics.filter(({ type }) => String(type) !== "gauge"));
  return { metrics: await AggregatorRegistry.aggregate(lasting).getMetricsAsJSON(), features: features.counts() };
}
