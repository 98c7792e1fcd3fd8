// A small made-up project for journeys: a courier delivers an order, and we ask beforehand whether it will be more than ten minutes late.
// 3,600 orders over 60 days. From day 30 on, orders come from further away than any before, and there near ones are the late ones: a
// model trained before that day has never seen such distances. Nothing is random: every value is a hash of the order's number.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { type Instant, parseInstant } from "../../src/core/core.ts";
import {
  age,
  alertFrom,
  auc,
  between,
  byTime,
  count,
  days,
  entity,
  featureView,
  freshWithin,
  holds,
  hours,
  latest,
  logLoss,
  matches,
  max,
  mean,
  minutes,
  model,
  monitor,
  type ProjectConfig,
  parquet,
  project,
  retrain,
  share,
  sum,
  t,
  xgboost,
} from "../../src/index.ts";
import { type EngineFactory, type OpenOptions, openPlatform, type Platform } from "../../src/platform/platform.ts";
import { local } from "../../src/presets/presets.ts";

/** The moment of the first order. */
export const START: Instant = parseInstant("2025-03-01");

/** `count` days after the first order. */
export const day = (count: number): Instant => START + BigInt(Math.round(count * 24)) * hours(1);

/** The day from which orders are different. */
export const DRIFT_DAY = 30;

/** What a test may define otherwise. */
export interface Changes {
  /** The hours of the courier's window of one day. */
  readonly windowHours?: number;
  /** Minutes from which a delivery counts as late. */
  readonly lateAbove?: number;
  /** Leave the view of the last delivery out. */
  readonly withoutLast?: boolean;
  readonly seed?: number;
  /** How deep its trees may grow. */
  readonly maxDepth?: number;
  /** What is expected of deliveries: that minutes late and cities are possible ones; `stop` refuses all for a bad row. */
  readonly guard?: "reject" | "stop";
  /** Approvals that a version needs before it is champion. */
  readonly approvals?: number;
}

/** The definitions. */
export function deliveriesProject(changes: Changes = {}): ProjectConfig {
  const { windowHours = 24, lateAbove = 10, withoutLast = false, seed = 7, maxDepth = 3, guard, approvals } = changes;
  const orders = parquet("orders", {
    path: "data/orders.parquet",
    columns: {
      order_id: t.string(),
      ordered_at: t.timestamp(),
      courier: t.string().optional(),
      city: t.string(),
      distance_km: t.float64(),
      items: t.int32(),
      founded: t.int32(),
    },
    id: "order_id",
    eventTime: "ordered_at",
  });
  const deliveries = parquet("deliveries", {
    path: "data/deliveries.parquet",
    columns: {
      order_id: t.string(),
      courier: t.string().optional(),
      city: t.string(),
      minutes_late: t.int32(),
      tip: t.float64().optional(),
      delivered_at: t.timestamp(),
      reported_at: t.timestamp().optional(),
    },
    id: "order_id",
    eventTime: "delivered_at",
    createdAt: "reported_at",
    expect:
      guard === undefined
        ? []
        : [
            guard === "stop" ? between("minutes_late", -60, 240).orStop() : between("minutes_late", -60, 240),
            matches("city", /^city-\d$/),
            (row) => holds("a tip is no debt", row.tip.ge(0)).orWarn(),
            freshWithin(days(2)).orWarn(),
          ],
  });
  const cities = parquet("cities", {
    path: "data/cities.parquet",
    columns: { city: t.string(), people: t.int64(), opened: t.int32() },
  });
  const courier = entity("courier", { courier: t.string().optional() });
  const city = entity("city", { city: t.string() });
  const courierRecord = featureView("courier_record", {
    entity: courier,
    source: deliveries,
    features: {
      deliveries_24h: count().over(hours(windowHours)),
      minutes_late_mean_24h: mean(deliveries.minutes_late).over(hours(windowHours)),
      late_share_7d: share(deliveries.minutes_late.gt(10)).over(days(7)),
    },
  });
  const courierLast = featureView("courier_last", {
    entity: courier,
    source: deliveries,
    ttl: hours(12),
    features: { last_minutes_late: latest(deliveries.minutes_late), last_age_min: age(minutes(1)) },
    expect: guard === undefined ? [] : [between("last_minutes_late", -60, 240).orWarn()],
  });
  const cityRecord = featureView("city_record", {
    entity: city,
    source: deliveries,
    features: { tips_7d: sum(deliveries.tip).over(days(7)), worst_7d: max(deliveries.minutes_late).over(days(7)) },
  });
  const cityFacts = featureView("city_facts", {
    entity: city,
    source: cities,
    features: { people: latest(cities.people), opened: latest(cities.opened) },
  });
  const deliveryLate = model("delivery_late", {
    rows: orders,
    features: [courierRecord, ...(withoutLast ? [] : [courierLast]), cityRecord, cityFacts.features.people],
    request: { distance_km: t.float64(), items: t.int32(), city: t.string() },
    context: { founded: t.int32() },
    derived: {
      far: ({ request }) => request.distance_km.gt(8),
      many: ({ request }) => request.items.ge(4),
      courier_years: ({ context }) => context.founded.minus(cityFacts.features.opened),
    },
    label: deliveries.minutes_late.gt(lateAbove),
    trainer: xgboost({ objective: "binary:logistic", maxDepth, rounds: 25, learningRate: 0.3, seed }),
    split: byTime({ validate: days(5), test: days(5) }),
    metrics: [auc(), logLoss()],
    ...(approvals === undefined ? {} : { promotion: { approvals, gates: [{ metric: auc(), atLeast: 0.6 }] } }),
  });
  const deliveryHealth = monitor("delivery_health", { model: deliveryLate, every: hours(24), leastRows: 200 });
  const deliveryRetrain = retrain("delivery_retrain", {
    model: deliveryLate,
    when: [alertFrom(deliveryHealth)],
    atMostEvery: days(7),
    gateWindow: days(10),
    validate: days(3),
    promote: { better: "auc" },
  });
  return project({
    name: "deliveries",
    definitions: {
      orders,
      deliveries,
      cities,
      courier,
      city,
      courierRecord,
      courierLast,
      cityRecord,
      cityFacts,
      deliveryLate,
      deliveryHealth,
      deliveryRetrain,
    },
  });
}

const MADE = `
CREATE MACRO chance(number, salt) AS hash(salt || number::VARCHAR) / 18446744073709551615.0;
CREATE TABLE made AS
WITH drawn AS (
  SELECT range AS number, range // 60 AS day,
    TIMESTAMP '2025-03-01' + to_seconds((range * 1440 + chance(range, 'second') * 1400)::BIGINT) AS ordered_at,
    (hash('courier' || range::VARCHAR) % 8)::INTEGER AS courier_number,
    (hash('city' || range::VARCHAR) % 3)::INTEGER AS city_number,
    round(0.5 + 11 * chance(range, 'distance') + CASE WHEN range // 60 >= ${DRIFT_DAY} THEN 20 ELSE 0 END, 1) AS distance_km,
    1 + (hash('items' || range::VARCHAR) % 5)::INTEGER AS items
  FROM range(3600)
)
SELECT *,
  CASE WHEN number % 97 = 5 THEN NULL ELSE 'courier-' || courier_number::VARCHAR END AS courier,
  'city-' || city_number::VARCHAR AS city,
  'order-' || lpad(number::VARCHAR, 5, '0') AS order_id,
  (CASE WHEN day >= ${DRIFT_DAY} THEN 3 * (31.5 - distance_km) ELSE 3 * distance_km END
    + 4 * chance(courier_number * 100 + day // 5, 'mood') + 10 * chance(number, 'luck') - 14)::INTEGER AS minutes_late
FROM drawn;`;

const TABLES: Readonly<Record<string, string>> = {
  orders:
    "SELECT order_id, ordered_at, courier, city, distance_km, items, (1990 + courier_number)::INTEGER AS founded FROM made ORDER BY number",
  deliveries: `SELECT order_id, courier, city, minutes_late, CASE WHEN number % 3 = 0 THEN round(9 * chance(number, 'tip'), 2) END AS tip,
    ordered_at + to_minutes(45 + minutes_late) AS delivered_at,
    CASE WHEN number % 5 = 0 THEN ordered_at + to_minutes(45 + minutes_late + (hash('paper' || number::VARCHAR) % 90)::INTEGER) END AS reported_at
    FROM made WHERE number % 50 <> 7 ORDER BY delivered_at, order_id`,
  cities:
    "SELECT 'city-' || range::VARCHAR AS city, (range * 100000 + 5000)::BIGINT AS people, (1900 + range * 10)::INTEGER AS opened FROM range(2)",
};

/** Deliveries with bad ones among them: too late by years (one in 40), from a city that is none (one in 90), or both. */
export const DELIVERIES_WITH_BAD_ONES = `SELECT * FROM (${TABLES["deliveries"]}) UNION ALL
  SELECT 'bad-' || number::VARCHAR, courier, CASE WHEN number % 90 = 1 THEN 'nowhere' ELSE city END, CASE WHEN number % 40 = 1 THEN 99999 ELSE minutes_late END, 1000.5,
    ordered_at + to_minutes(45 + minutes_late), CASE WHEN number % 7 = 0 THEN ordered_at + to_minutes(400) END
  FROM made WHERE number % 40 = 1 OR number % 90 = 1 ORDER BY delivered_at, order_id`;

/** Runs SQL over the made-up rows (table `made`) and writes what it gives to a Parquet file. */
export async function writeRows(file: string, sql: string): Promise<void> {
  await withRows((run) => run(`COPY (${sql}) TO '${file}' (FORMAT parquet)`));
}

async function withRows(work: (run: (sql: string) => Promise<unknown>) => Promise<unknown>): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    await connection.run(MADE);
    await work((sql) => connection.run(sql));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The SQL that one of the project's tables is made with. */
export const tableSql = (table: "orders" | "deliveries" | "cities"): string => TABLES[table] ?? "";

/** How to open a world's platform. */
export interface OpenWorld {
  /** The time; default day 60. */
  readonly at?: Instant;
  readonly changes?: Changes;
  readonly config?: ProjectConfig;
  readonly stateDir?: string;
  /** Changes the engines once they are open. */
  readonly engines?: (engines: Awaited<ReturnType<EngineFactory>>) => Awaited<ReturnType<EngineFactory>>;
}

/** A platform whose clock a test moves. */
export interface WorldPlatform extends Platform {
  /** Moves the clock forward. */
  goTo(instant: Instant): void;
}

/** A folder with the project's data. */
export interface World {
  readonly root: string;
  readonly stateDir: string;
  readonly file: (table: "orders" | "deliveries" | "cities") => string;
  /** Writes one of its tables anew. */
  write(table: "orders" | "deliveries" | "cities", sql: string): Promise<void>;
  options(how?: OpenWorld): OpenOptions;
  /** Opens its platform; closed with the world at the latest. */
  open(how?: OpenWorld): Promise<WorldPlatform>;
  remove(): Promise<void>;
}

/** The options of a platform on a world's folder, also for child processes. */
export function worldOptions(root: string, how: OpenWorld = {}): OpenOptions {
  const factory = local({ threads: 1, memoryLimit: "1GB", durable: false });
  return {
    config: how.config ?? deliveriesProject(how.changes),
    engines: async (context) => {
      const engines = await factory(context);
      return how.engines ? how.engines(engines) : engines;
    },
    root,
    stateDir: how.stateDir ?? join(root, ".slipway"),
    cacheDir: fileURLToPath(new URL("../../node_modules/.cache/slipway", import.meta.url)),
    env: process.env,
    actor: "tester",
    clock: ({ clocks }) => clocks.replay(how.at ?? day(60)),
  };
}

/** Makes a world in a folder of its own. */
export async function deliveriesWorld(): Promise<World> {
  const root = await mkdtemp(join(tmpdir(), "slipway-journey-"));
  await mkdir(join(root, "data"));
  const file = (table: string): string => join(root, "data", `${table}.parquet`);
  await withRows(async (run) => {
    for (const [table, sql] of Object.entries(TABLES)) await run(`COPY (${sql}) TO '${file(table)}' (FORMAT parquet)`);
  });
  const open: WorldPlatform[] = [];
  return {
    root,
    stateDir: join(root, ".slipway"),
    file,
    write: (table, sql) => writeRows(file(table), sql),
    options: (how) => worldOptions(root, how),
    async open(how) {
      const platform = await openPlatform(worldOptions(root, how));
      let closed = false;
      const own: WorldPlatform = {
        ...platform,
        goTo: (instant) =>
          (platform.engines.clock as ReturnType<typeof platform.engines.clocks.replay>).advanceTo(instant),
        async close() {
          if (closed) return;
          closed = true;
          await platform.close();
        },
      };
      open.push(own);
      return own;
    },
    async remove() {
      for (const platform of open) await platform.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
