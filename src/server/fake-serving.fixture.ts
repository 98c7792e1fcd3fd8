// Serving without engines: real definitions, and scores that are a function of the version and the row.

import { type Explanation, type Instant, parseInstant, SlipwayError } from "../core/core.ts";
import {
  auc,
  byTime,
  entity,
  featureView,
  latest,
  type ModelSpec,
  model,
  type PushSpec,
  parquet,
  pushSource,
  specOf,
  t,
  xgboost,
} from "../define/define.ts";
import type { Prediction, Serving, Steering } from "../platform/platform.ts";

const carrier = entity("carrier", { carrier: t.string() });
const route = entity("route", { origin: t.string(), dest: t.string().optional() });
const columns = {
  key: t.string(),
  at: t.timestamp(),
  carrier: t.string(),
  origin: t.string(),
  dest: t.string().optional(),
  distance: t.int64(),
  fare: t.float64().optional(),
  booked_at: t.timestamp(),
};
const flights = parquet("flights", { path: "flights.parquet", columns, id: "key", eventTime: "at" });
const carrierDelays = featureView("carrier_delays", {
  entity: carrier,
  source: flights,
  features: { last_distance: latest(flights.distance) },
});
const routeDelays = featureView("route_delays", {
  entity: route,
  source: flights,
  features: { last_fare: latest(flights.fare) },
});

/** A model that asks for keys, request values, and one field that is both. */
export const flightDelay = model("flight_delay", {
  rows: flights,
  features: [carrierDelays, routeDelays],
  request: { carrier: t.string(), distance: t.int64(), fare: t.float64().optional(), booked_at: t.timestamp() },
  label: flights.distance.gt(500),
  trainer: xgboost({ objective: "binary:logistic" }),
  split: byTime({ validate: 30n * 86_400_000_000n, test: 30n * 86_400_000_000n }),
  metrics: [auc()],
});

/** A source that takes pushed events. */
export const clicksSpec: PushSpec = specOf(
  pushSource("clicks", {
    columns: { click: t.string(), at: t.timestamp(), user: t.string(), amount: t.float64().optional() },
    id: "click",
    eventTime: "at",
  }),
) as PushSpec;

/** The model as plain data. */
export const flightDelaySpec: ModelSpec = specOf(flightDelay);

/** When every prediction of the fake is made. */
export const fakeNow: Instant = parseInstant("2013-07-01T14:00:00Z");

/** A row that serving takes. */
export const goodBody = {
  id: "UA-1",
  keys: { carrier: "UA", origin: "EWR", dest: "ORD" },
  request: { distance: 719, booked_at: "2013-06-30T10:00:00Z" },
} as const;

/** What a test may change while the fake serves. */
export interface FakeServing extends Serving {
  /** The version that answers; undefined for none. */
  version: number | undefined;
  problem: SlipwayError | undefined;
  /** The score of a version. */
  scoreOf: (version: number) => number;
  /** Rows as they arrived. */
  readonly asked: Parameters<Serving["predict"]>[1][number][];
  /** What was said of who is to answer, by request. */
  readonly steering: Steering[];
  /** Awaited before each answer. */
  before: () => Promise<void>;
}

const fakeExplanation: Explanation = {
  link: "logistic",
  calibration: undefined,
  outputs: [{ base: -1, margin: -0.5, contributions: { distance: 0.5 } }],
};

/** Serves `flightDelay` from nothing. */
export function fakeServing(): FakeServing {
  const fake: FakeServing = {
    version: 3,
    problem: undefined,
    scoreOf: (version) => version / 10,
    asked: [],
    steering: [],
    before: async () => {},
    refresh: async () => [],
    async predict(name, asked, steering = {}) {
      const version = steering.version ?? versionNow();
      fake.asked.push(...asked);
      fake.steering.push(steering);
      await fake.before();
      return asked.map(
        ({ id, row }, index): Prediction => ({
          id: id ?? `made-${index}`,
          model: name,
          version,
          route: steering.version === undefined ? "champion" : "override",
          at: fakeNow,
          score: fake.scoreOf(version),
          ...(steering.explain === true ? { explanation: fakeExplanation } : {}),
          row: {},
          reads: [
            {
              view: "carrier_delays",
              values: {},
              status: row["carrier"] === "UA" ? "present" : "missing",
              age: row["carrier"] === "UA" ? 90_500_000n : null,
              through: fakeNow - 60_000_000n,
            },
            { view: "route_delays", values: {}, status: "expired", age: 864_000_000_000n, through: null },
          ],
        }),
      );
    },
    begin: async (name, asked, steering) => ({ logged: fake.predict(name, asked, steering) }),
    async score(_, matrix, rows) {
      const version = versionNow();
      await fake.before();
      const width = matrix.length / rows;
      const sums = Float32Array.from({ length: rows }, (_, row) =>
        matrix.subarray(row * width, (row + 1) * width).reduce((sum, cell) => sum + cell, 0),
      );
      return { version, scores: sums };
    },
    models: () => [{ model: flightDelaySpec, version: fake.version, problem: fake.problem }],
    deployed: () => {
      throw new Error("the server does not need it");
    },
    close: async () => {},
  };
  const versionNow = (): number => {
    if (fake.version !== undefined) return fake.version;
    throw fake.problem ?? new SlipwayError("NOT_READY", "no champion yet");
  };
  return fake;
}
