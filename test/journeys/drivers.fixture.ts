// A small made-up project for online reads: drivers with late-arriving, tied and null rows, routes with a key of two parts, a static table,
// and a view that is never materialised. The rows are plain values, so that a test can say by itself what is to be read.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { formatInstant, hours, type Instant, minutes, parseInstant } from "../../src/core/core.ts";
import {
  auc,
  byTime,
  count,
  days,
  entity,
  featureView,
  latest,
  mean,
  model,
  onDemand,
  parquet,
  project,
  sum,
  t,
  xgboost,
} from "../../src/index.ts";
import { applyDefinitions, materialize, openPlatform, type Platform } from "../../src/platform/platform.ts";
import { local } from "../../src/presets/presets.ts";

/** The time that reads are as of. */
export const NOW: Instant = parseInstant("2025-06-10T12:00:00Z");

/** One row of the drivers' events. */
export interface Trip {
  readonly driver_id: bigint | null;
  readonly happened: Instant;
  readonly fare: number | null;
  readonly seats: number;
  readonly meter: bigint;
  readonly note: string | null;
  readonly shared: boolean;
}

const BIG = 2n ** 53n + 1n;

/** The drivers' events: 40 drivers with 12 trips each over eight days; driver 7 has been gone for three, driver 0 has the odd values. */
export const trips: readonly Trip[] = Array.from({ length: 480 }, (_, number): Trip => {
  const driver = BigInt(number % 40);
  const back = driver === 7n ? days(3) + BigInt(number) * minutes(1) : BigInt((number * 7919) % 11_520) * minutes(1);
  return {
    driver_id: number % 97 === 5 ? null : driver,
    happened: NOW - minutes(1) - back,
    fare: number % 9 === 4 ? null : ((number * 31) % 400) / 8,
    seats: (number % 7) - 3,
    meter: driver === 0n ? BIG + BigInt(number) : BigInt(number * 1000),
    note: number % 5 === 2 ? null : `trip "${number}" é\n`,
    shared: number % 2 === 0,
  };
});

const source = parquet("trips", {
  path: "trips.parquet",
  columns: {
    driver_id: t.int64().optional(),
    happened: t.timestamp(),
    fare: t.float64().optional(),
    seats: t.int32(),
    meter: t.int64(),
    note: t.string().optional(),
    shared: t.bool(),
  },
  eventTime: "happened",
});
const routes = parquet("routes", {
  path: "routes.parquet",
  columns: { origin: t.string(), dest: t.string(), km: t.float64(), opened: t.timestamp() },
});
const requests = parquet("requests", {
  path: "requests.parquet",
  columns: {
    id: t.int64(),
    asked: t.timestamp(),
    driver_id: t.int64().optional(),
    origin: t.string(),
    dest: t.string(),
    done: t.bool(),
  },
  id: "id",
  eventTime: "asked",
});
const driver = entity("driver", { driver_id: t.int64().optional() });

/** Newest values with a ttl of two days. */
export const driverTrip = featureView("driver_trip", {
  entity: driver,
  source,
  ttl: days(2),
  features: {
    fare: latest(source.fare),
    seats: latest(source.seats),
    meter: latest(source.meter),
    note: latest(source.note),
    shared: latest(source.shared),
    happened: latest(source.happened),
  },
});

/** Windows over the same events, and one newest value. */
export const driverWeek = featureView("driver_week", {
  entity: driver,
  source,
  ttl: days(2),
  features: {
    trips_24h: count().over(hours(24)),
    fare_mean_7d: mean(source.fare).over(days(7)),
    meter_sum_7d: sum(source.meter).over(days(7)),
    last_fare: latest(source.fare),
  },
});

/** A static view with a key of two parts. */
export const route = featureView("route", {
  entity: entity("route", { origin: t.string(), dest: t.string() }),
  source: routes,
  features: { km: latest(routes.km), opened: latest(routes.opened) },
});

const legs = parquet("legs", {
  path: "legs.parquet",
  columns: { origin: t.string(), dest: t.string(), flown: t.timestamp(), km: t.float64(), crew: t.int64() },
  eventTime: "flown",
});

/** Newest values with a key of two parts. */
export const leg = featureView("leg", {
  entity: entity("leg", { origin: t.string(), dest: t.string() }),
  source: legs,
  features: { km: latest(legs.km), crew: latest(legs.crew) },
});

/** Never brought online. */
export const driverNever = featureView("driver_never", {
  entity: driver,
  source,
  features: { never_fare: latest(source.fare) },
});

/** Computed when asked for, of request values and of stored values with another key each. */
export const offer = onDemand("offer", {
  inputs: { usual: driverTrip.features.fare, km: leg.features.km },
  request: { bid: t.float64(), seats: t.int64(), note: t.string().optional(), until: t.timestamp() },
  features: {
    above: ({ request, features }) => request.bid.minus(features.usual),
    per_km: ({ request, features }) => request.bid.dividedBy(features.km),
    seats: ({ request }) => request.seats,
    note: ({ request }) => request.note.orElse("none"),
    until: ({ request }) => request.until,
  },
});

/** Of request values alone. */
export const plainOffer = onDemand("plain_offer", {
  request: { bid: t.float64() },
  features: { doubled: ({ request }) => request.bid.times(2) },
});

/** Never trained: it is here for the features that it reads. */
export const farFlown = model("far_flown", {
  rows: requests,
  features: [driverTrip.features.fare, driverTrip.features.meter, leg.features.crew],
  label: requests.done,
  trainer: xgboost({ objective: "binary:logistic" }),
  split: byTime({ validate: days(1), test: days(1) }),
  metrics: [auc()],
});

/** The project's config. */
export const drivers = project({
  name: "drivers",
  definitions: { driverTrip, driverWeek, route, leg, driverNever, offer, plainOffer, farFlown },
});

const literal = (value: unknown): string => {
  if (value === null) return "NULL";
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
};

/** The project opened on a folder of its own, its views online but the one that never is. */
export async function driversWorld(): Promise<{ readonly platform: Platform; remove(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), "slipway-drivers-"));
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  const rows = trips.map(
    (trip) =>
      `(${literal(trip.driver_id)}, TIMESTAMP '${formatInstant(trip.happened).slice(0, 19)}', ${literal(trip.fare)}, ${trip.seats}, ${trip.meter}, ${literal(trip.note)}, ${trip.shared})`,
  );
  await connection.run(
    `COPY (SELECT driver_id::BIGINT AS driver_id, happened, fare::DOUBLE AS fare, seats::INTEGER AS seats, meter::BIGINT AS meter, note, shared
      FROM (VALUES ${rows.join(", ")}) v(driver_id, happened, fare, seats, meter, note, shared)) TO '${join(root, "trips.parquet")}' (FORMAT parquet)`,
  );
  await connection.run(
    `COPY (SELECT * FROM (VALUES ('A', 'BC', 1.5::DOUBLE, TIMESTAMP '2001-02-03 04:05:06.789012'), ('AB', 'C', 'nan'::DOUBLE, TIMESTAMP '1969-12-31 23:59:59.5'))
      v(origin, dest, km, opened)) TO '${join(root, "routes.parquet")}' (FORMAT parquet)`,
  );
  await connection.run(
    `COPY (SELECT chr(65 + (range % 5)::INTEGER) AS origin, chr(65 + (range % 7)::INTEGER) || 'B' AS dest,
      TIMESTAMP '2025-06-10 11:00:00' - to_minutes(range * 13 % 1000) + to_microseconds(range * 250000) AS flown,
      range / 4.0::DOUBLE AS km, range::BIGINT AS crew FROM range(200)) TO '${join(root, "legs.parquet")}' (FORMAT parquet)`,
  );
  await connection.run(
    `COPY (SELECT range::BIGINT AS id, TIMESTAMP '2025-06-01' + to_hours(range) AS asked, range % 40 AS driver_id, 'A' AS origin, 'AB' AS dest,
      range % 3 = 0 AS done FROM range(50)) TO '${join(root, "requests.parquet")}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
  const platform = await openPlatform({
    config: drivers,
    engines: local({ threads: 1, memoryLimit: "1GB", durable: false }),
    root,
    stateDir: join(root, ".slipway"),
    cacheDir: join(root, "cache"),
    env: {},
    actor: "tester",
    clock: ({ clocks }) => clocks.replay(NOW - days(2)),
  });
  await applyDefinitions(platform);
  const views = ["driver_trip", "driver_week", "route", "leg"];
  // In two steps: what has expired by the second was still fresh at the first, and is kept.
  await materialize(platform, { views });
  (platform.engines.clock as ReturnType<typeof platform.engines.clocks.replay>).advanceTo(NOW);
  await materialize(platform, { views });
  return {
    platform,
    async remove() {
      await platform.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
