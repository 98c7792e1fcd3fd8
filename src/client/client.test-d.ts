// What must not compile: a caller's mistakes against the model's definition.

import { expectTypeOf, test } from "vitest";
import {
  auc,
  byTime,
  entity,
  featureView,
  latest,
  model,
  onDemand,
  parquet,
  pushSource,
  t,
  xgboost,
} from "../define/define.ts";
import { type ClientPrediction, createClient } from "./client.ts";

const flights = parquet("flights", {
  path: "flights.parquet",
  columns: {
    key: t.string(),
    at: t.timestamp(),
    carrier: t.string(),
    distance: t.int64(),
    fare: t.float64().optional(),
  },
  id: "key",
  eventTime: "at",
});
const carrierDelays = featureView("carrier_delays", {
  entity: entity("carrier", { carrier: t.string() }),
  source: flights,
  features: { last_distance: latest(flights.distance) },
});
const fareOffer = onDemand("fare_offer", {
  inputs: { km: carrierDelays.features.last_distance },
  request: { bid: t.float64(), day: t.date() },
  features: { per_km: ({ request, features }) => request.bid.dividedBy(features.km.toFloat64()) },
});
const flightDelay = model("flight_delay", {
  rows: flights,
  features: [carrierDelays],
  request: { distance: t.int64(), fare: t.float64().optional(), at: t.timestamp() },
  label: flights.distance.gt(500),
  trainer: xgboost({ objective: "binary:logistic" }),
  split: byTime({ validate: 1n, test: 1n }),
  metrics: [auc()],
});
const client = createClient({ url: "http://127.0.0.1:8080" });
const at = new Date(0);

test("features are read with the types of their definitions", async () => {
  const { rows } = await client.read([carrierDelays, carrierDelays.features.last_distance], [{ carrier: "UA" }]);
  const [delays, distance] = rows[0] ?? [];
  expectTypeOf(delays?.values.last_distance).toEqualTypeOf<bigint | null | undefined>();
  expectTypeOf(distance?.value).toEqualTypeOf<bigint | null | undefined>();
  const named = await client.read<[typeof carrierDelays]>(["carrier_delays"], [{ carrier: "UA" }]);
  expectTypeOf(named.rows[0]?.[0].statuses.last_distance).toEqualTypeOf<
    "present" | "null" | "expired" | "missing" | "rejected" | undefined
  >();
  await client.read(["carrier_delays"], [{ anything: "goes" }]);
  // @ts-expect-error a misspelt key
  await client.read([carrierDelays], [{ carier: "UA" }]);
  // @ts-expect-error a key of another type
  await client.read([carrierDelays], [{ carrier: 7 }]);
  // @ts-expect-error a misspelt feature
  delays?.values.distance;
  // @ts-expect-error one name too few
  await client.read<[typeof carrierDelays]>([], [{ carrier: "UA" }]);
});

test("what is computed on demand takes request values beside the keys", async () => {
  const { rows } = await client.read([fareOffer, carrierDelays], [{ carrier: "UA", bid: 2, day: "2025-01-01" }]);
  expectTypeOf(rows[0]?.[0].values.per_km).toEqualTypeOf<number | null | undefined>();
  await client.read<[typeof fareOffer]>(["fare_offer"], [{ carrier: "AA", bid: 2, day: "2025-01-01" }]);
  // @ts-expect-error a request value is left out
  await client.read([fareOffer], [{ carrier: "UA", day: "2025-01-01" }]);
  // @ts-expect-error a request value of another type
  await client.read([fareOffer], [{ carrier: "UA", bid: "much", day: "2025-01-01" }]);
});

test("a right row compiles, by definition and by name", () => {
  expectTypeOf(
    client.predict(flightDelay, { carrier: "UA", distance: 1n, at }),
  ).resolves.toEqualTypeOf<ClientPrediction>();
  client.predict(flightDelay, { carrier: "UA", distance: 1, fare: null, at: "2013-07-01" }, { id: "a" });
  client.predict<typeof flightDelay>("flight_delay", { carrier: "UA", distance: 1, at });
  client.predict("flight_delay", { anything: 1n, goes: null });
});

const parcels = parquet("parcels", {
  path: "parcels.parquet",
  columns: {
    id: t.string(),
    at: t.timestamp(),
    depot: t.uuid(),
    price: t.decimal(12, 2),
    day: t.date(),
    seal: t.bytes().optional(),
    spot: t.struct({ n: t.int64(), days: t.list(t.date()).optional() }),
    ok: t.bool(),
  },
  id: "id",
  eventTime: "at",
});
const depots = featureView("depots", {
  entity: entity("depot", { depot: t.uuid() }),
  source: parcels,
  features: { last_price: latest(parcels.price) },
});
const parcel = model("parcel", {
  rows: parcels,
  features: [depots],
  request: { price: t.decimal(12, 2) },
  context: {
    day: t.date(),
    seal: t.bytes().optional(),
    spot: t.struct({ n: t.int64(), days: t.list(t.date()).optional() }),
  },
  label: parcels.ok,
  trainer: xgboost({ objective: "binary:logistic" }),
  split: byTime({ validate: 1n, test: 1n }),
  metrics: [auc()],
});

test("days and decimals travel as text, bytes as they are, also inside", () => {
  const depot = "123e4567-e89b-12d3-a456-426614174000";
  client.predict(parcel, { depot, price: "12.34", day: "2013-07-01", seal: Uint8Array.of(1), spot: { n: 1n } });
  client.predict(parcel, { depot, price: "12.34", day: "2013-07-01", spot: { n: 1, days: ["2013-07-01", null] } });
  // @ts-expect-error a decimal as units, which the server would take for another number
  client.predict(parcel, { depot, price: 1234n, day: "2013-07-01", spot: { n: 1 } });
  // @ts-expect-error a day as its number
  client.predict(parcel, { depot, price: "12.34", day: 15_887, spot: { n: 1 } });
  // @ts-expect-error a day as its number, inside
  client.predict(parcel, { depot, price: "12.34", day: "2013-07-01", spot: { n: 1, days: [15_887] } });
  // @ts-expect-error a misspelt field of a struct
  client.predict(parcel, { depot, price: "12.34", day: "2013-07-01", spot: { m: 1 } });
});

test("a wrong row does not", () => {
  // @ts-expect-error a misspelt key
  client.predict(flightDelay, { carier: "UA", distance: 1, at });
  // @ts-expect-error a misspelt request value
  client.predict(flightDelay, { carrier: "UA", distanse: 1, at });
  // @ts-expect-error one field too many
  client.predict(flightDelay, { carrier: "UA", distance: 1, at, tailnum: "N1" });
  // @ts-expect-error a key of another type
  client.predict(flightDelay, { carrier: 7, distance: 1, at });
  // @ts-expect-error a missing key
  client.predict(flightDelay, { distance: 1, at });
  // @ts-expect-error null where none may be
  client.predict(flightDelay, { carrier: null, distance: 1, at });
  // @ts-expect-error an instant as a bare number says no unit
  client.predict(flightDelay, { carrier: "UA", distance: 1, at: 1_372_687_200_000_000n });
  // @ts-expect-error a misspelt key, by name
  client.predict<typeof flightDelay>("flight_delay", { carier: "UA", distance: 1, at });
  // @ts-expect-error an unknown option
  client.predict(flightDelay, { carrier: "UA", distance: 1, at }, { ident: "a" });
});

test("events are pushed with the types of their source", () => {
  const clicks = pushSource("clicks", {
    columns: { click: t.string(), at: t.timestamp(), amount: t.float64().optional() },
    id: "click",
    eventTime: "at",
  });
  void (() => {
    void client.push(clicks, [
      { click: "a", at },
      { click: "b", at: "2025-02-01T12:00:00Z", amount: null },
    ]);
    void client.push<typeof clicks>("clicks", [{ click: "a", at, amount: 1 }]);
    // @ts-expect-error the id is missing
    void client.push(clicks, [{ at }]);
    // @ts-expect-error a column that the source does not have
    void client.push(clicks, [{ click: "a", at, amuont: 1 }]);
    // @ts-expect-error a source of files takes no events
    void client.push(flights, [{ key: "a" }]);
    // @ts-expect-error a bare number does not say its unit
    void client.push(clicks, [{ click: "a", at: 1n }]);
  });
});
