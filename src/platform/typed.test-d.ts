// What must not compile when features are read and predictions asked for by definition.

import { expectTypeOf, test } from "vitest";
import { days } from "../core/core.ts";
import {
  auc,
  byTime,
  count,
  derivedView,
  entity,
  featureView,
  latest,
  model,
  onDemand,
  parquet,
  t,
  xgboost,
} from "../define/define.ts";
import { type Platform, predict, readFeatures, type Serving } from "./platform.ts";

const flights = parquet("flights", {
  path: "flights.parquet",
  columns: {
    key: t.string(),
    at: t.timestamp(),
    carrier: t.string(),
    gate: t.string(),
    late: t.bool(),
    km: t.float64(),
  },
  id: "key",
  eventTime: "at",
});
const carrierFlights = featureView("carrier_flights", {
  entity: entity("carrier", { carrier: t.string() }),
  source: flights,
  features: { flights_7d: count().over(days(7)), gate: latest(flights.gate) },
});
const airports = parquet("airports", { path: "airports.parquet", columns: { iata: t.string(), runways: t.int32() } });
const airport = featureView("airport", {
  entity: entity("airport", { iata: t.string() }),
  source: airports,
  features: { runways: latest(airports.runways) },
});
const traffic = derivedView("traffic", {
  entity: entity("stop", { carrier: t.string(), iata: t.string() }),
  features: {
    per_runway: carrierFlights.features.flights_7d.toFloat64().dividedBy(airport.features.runways.toFloat64()),
  },
});
const price = onDemand("price", {
  inputs: { flights: carrierFlights.features.flights_7d },
  request: { fare: t.float64(), note: t.string().optional() },
  features: { per_flight: ({ request, features }) => request.fare.dividedBy(features.flights.toFloat64()) },
});
const delay = model("delay", {
  rows: flights,
  features: [carrierFlights],
  request: { km: t.float64() },
  label: flights.late,
  trainer: xgboost({ objective: "binary:logistic" }),
  split: byTime({ validate: 1n, test: 1n }),
  metrics: [auc()],
});
const platform = {} as Platform;
const serving = {} as Serving;
const asked = async (): Promise<void> => {
  const { values, status } = await readFeatures(platform, carrierFlights, { carrier: "UA" });
  expectTypeOf(values.flights_7d).toEqualTypeOf<bigint | null>();
  expectTypeOf(values.gate).toEqualTypeOf<string | null>();
  expectTypeOf(status).toEqualTypeOf<"present" | "expired" | "missing">();
  // @ts-expect-error a misspelt feature
  values.flights_7;
  // @ts-expect-error a misspelt key
  await readFeatures(platform, carrierFlights, { carier: "UA" });
  // @ts-expect-error a key of another type
  await readFeatures(platform, carrierFlights, { carrier: 7 });
  // @ts-expect-error no key
  await readFeatures(platform, carrierFlights, {});
  await readFeatures(platform, "carrier_flights", { anything: "goes" });

  const { rows } = await readFeatures(
    platform,
    [carrierFlights, airport.features.runways],
    [{ carrier: "UA", iata: "EWR" }],
  );
  const [flown, runways] = rows[0] ?? [];
  expectTypeOf(flown?.values.flights_7d).toEqualTypeOf<bigint | null | undefined>();
  expectTypeOf(flown?.statuses.gate).toEqualTypeOf<
    "present" | "null" | "expired" | "missing" | "rejected" | undefined
  >();
  expectTypeOf(runways?.value).toEqualTypeOf<number | null | undefined>();
  // @ts-expect-error the key of the second view is left out
  await readFeatures(platform, [carrierFlights, airport.features.runways], [{ carrier: "UA" }]);
  // @ts-expect-error a key of another type
  await readFeatures(platform, [carrierFlights, airport], [{ carrier: "UA", iata: 7 }]);
  // @ts-expect-error a misspelt feature
  flown?.values.gates;

  const derived = await readFeatures(
    platform,
    [traffic, traffic.features.per_runway, airport],
    [{ carrier: "UA", iata: "EWR" }],
  );
  const [computed, one, stored] = derived.rows[0] ?? [];
  expectTypeOf(computed?.values.per_runway).toEqualTypeOf<number | null | undefined>();
  expectTypeOf(one?.value).toEqualTypeOf<number | null | undefined>();
  expectTypeOf(stored?.values.runways).toEqualTypeOf<number | null | undefined>();
  // @ts-expect-error one of the keys of a derived view is left out
  await readFeatures(platform, [traffic], [{ carrier: "UA" }]);
  // @ts-expect-error a misspelt feature
  computed?.values.per_runways;

  const asked = await readFeatures(
    platform,
    [price, price.features.per_flight, carrierFlights],
    [{ carrier: "UA", fare: 3.5, note: null }],
  );
  const [priced, perFlight] = asked.rows[0] ?? [];
  expectTypeOf(priced?.values.per_flight).toEqualTypeOf<number | null | undefined>();
  expectTypeOf(perFlight?.value).toEqualTypeOf<number | null | undefined>();
  await readFeatures(platform, price, { carrier: "UA", fare: 3.5 });
  // @ts-expect-error a request value is left out
  await readFeatures(platform, [price], [{ carrier: "UA" }]);
  // @ts-expect-error a request value of another type
  await readFeatures(platform, [price], [{ carrier: "UA", fare: "much" }]);
  // @ts-expect-error the key is left out
  await readFeatures(platform, price, { fare: 3.5 });

  expectTypeOf((await predict(serving, delay, { carrier: "UA", km: 1 })).score).toEqualTypeOf<number>();
  await predict(serving, delay, { carrier: "UA", km: 1 }, { id: "a" });
  // @ts-expect-error a misspelt request value
  await predict(serving, delay, { carrier: "UA", kms: 1 });
  // @ts-expect-error a request value of another type
  await predict(serving, delay, { carrier: "UA", km: "1" });
  // @ts-expect-error a key left out
  await predict(serving, delay, { km: 1 });
};

test("reads and predictions by definition are typed", () => {
  expectTypeOf(asked).returns.resolves.toBeVoid();
});
