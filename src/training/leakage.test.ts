// A leak of each kind, planted and found by name; and a training set without one, in which none is found.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { days } from "../core/core.ts";
import { cutDataset, ensureSnapshot, ownBounds } from "../datasets/datasets.ts";
import {
  byGroup,
  byTime,
  entity,
  featureView,
  latest,
  literal,
  model,
  parquet,
  random,
  regression,
  type SplitSpec,
  specOf,
  t,
  when,
  xgboost,
} from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { fileBlobs } from "../engines/files/files.ts";
import { leakageFindings } from "./leakage.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-leakage-"));
let offline: Awaited<ReturnType<typeof duckdb>>;
beforeAll(async () => {
  mkdirSync(join(folder, "tmp"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "tmp"), threads: 1 });
});
afterAll(async () => {
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

const shares = { validate: 0.1, test: 0.2 };

/** 3,000 rides over 30 days; a `sql` column may leak. Chance is a hash, so that every run plants the same rows. */
async function findingsOf(what: {
  readonly sql?: string;
  readonly type?: "float64" | "string" | "timestamp";
  readonly twice?: boolean;
  readonly timeless?: boolean;
  readonly number?: boolean;
  readonly several?: boolean;
  readonly split?: SplitSpec;
  readonly byDriver?: boolean;
  readonly drivers?: number;
}) {
  const { sql = "(hash('x' || i) % 1000)::DOUBLE", type = "float64", twice = false, drivers: many = 5 } = what;
  const field = { float64: t.float64, string: t.string, timestamp: t.timestamp }[type];
  const name = `rides_${Object.entries(what)
    .map(([key, value]) => `${key}${typeof value === "object" ? value.kind : String(value)}`)
    .join("")
    .replace(/\W/g, "")
    .toLowerCase()
    .slice(0, 40)}`;
  const drawn = `SELECT i, TIMESTAMP '2025-01-01' + to_minutes((i * 14)::INTEGER) AS asked, (hash('d' || i) % 100000)::DOUBLE AS km, (hash('l' || i) % 3 = 0) AS late, (hash('m' || i) % 90)::DOUBLE AS minutes FROM range(3000) r(i)`;
  const rows = `SELECT 'r' || i AS key, asked, km, late, minutes, ${sql} AS extra, 'd' || (i % ${many})::VARCHAR AS driver FROM (${drawn})`;
  // A repeated load: late ones of the rows are earlier ones again, under another id and at another time.
  const again = `SELECT 'again-' || key AS key, asked + INTERVAL 25 DAY AS asked, km, late, minutes, extra, driver FROM (${rows}) WHERE asked < TIMESTAMP '2025-01-05'`;
  await offline.writeParquet(twice ? `${rows} UNION ALL ${again}` : rows, join(folder, `${name}.parquet`));
  const rides = parquet(name, {
    path: `${name}.parquet`,
    columns: {
      ...{ key: t.string(), asked: t.timestamp(), km: t.float64(), late: t.bool(), minutes: t.float64() },
      ...{ extra: field().optional(), driver: t.string() },
    },
    id: "key",
    eventTime: "asked",
  });
  const drivers = parquet("drivers", { path: "drivers.parquet", columns: { driver: t.string(), age: t.int32() } });
  await offline.writeParquet(
    `SELECT 'd' || i AS driver, (30 + i)::INTEGER AS age FROM range(${many}) r(i)`,
    join(folder, "drivers.parquet"),
  );
  const view = featureView("driver_facts", {
    entity: entity("driver", { driver: t.string() }),
    source: drivers,
    features: { age: latest(drivers.age) },
  });
  const spec = specOf(
    model("ride", {
      rows: rides,
      features: what.timeless === true ? [view] : [],
      request: { km: t.float64(), extra: field().optional() },
      label:
        what.several === true
          ? when(rides.minutes.lt(20), literal("short", "string")).otherwise(
              when(rides.minutes.lt(60), literal("middle", "string")).otherwise("long"),
            )
          : what.number === true
            ? rides.minutes
            : rides.late,
      trainer: xgboost(what.number === true ? { task: regression() } : {}),
      split:
        what.byDriver === true
          ? byGroup(rides.driver, shares)
          : (what.split ?? byTime({ validate: days(3), test: days(3) })),
      metrics: [],
    } as never),
  );
  const engines = {
    offline,
    blobs: fileBlobs(join(folder, "blobs")),
    temporaryFolder: join(folder, "tmp"),
    root: folder,
  };
  const snapshot = await ensureSnapshot(engines, spec);
  const dataset = await cutDataset(engines, snapshot, await ownBounds(engines, snapshot));
  return (await leakageFindings(engines, dataset)).map(
    ({ code, column, severity }) => `${code} ${column}${severity === "info" ? " (info)" : ""}`,
  );
}

test("nothing is found where nothing leaks", async () => {
  expect(await findingsOf({})).toEqual([]);
  expect(await findingsOf({ number: true })).toEqual([]);
  expect(await findingsOf({ sql: "'id-' || i", type: "string" })).toEqual([]);
});

test("an input that alone tells the label is named: a number, the lack of one, a text, and of a number its double", async () => {
  const found = ["FEATURE_TELLS_LABEL extra"];
  expect(await findingsOf({ sql: "CASE WHEN late THEN km + 200000 ELSE km END" })).toEqual(found);
  expect(await findingsOf({ sql: "CASE WHEN late THEN -km - 1 ELSE km END" })).toEqual(found);
  expect(await findingsOf({ sql: "CASE WHEN late THEN km END" })).toEqual(found);
  expect(await findingsOf({ sql: "CASE WHEN late THEN 'refund' ELSE 'none' END", type: "string" })).toEqual(found);
  expect(await findingsOf({ sql: "minutes * 2 + km / 1e6", number: true })).toEqual(found);
});

test("an input that alone decides the class is named, however its values lie; one that only helps is not", async () => {
  const found = ["FEATURE_TELLS_LABEL extra"];
  expect(await findingsOf({ several: true })).toEqual([]);
  expect(await findingsOf({ several: true, sql: "abs(minutes - 40.5) * 7" })).toEqual([]);
  expect(await findingsOf({ several: true, sql: "minutes * 3 + 1" })).toEqual(found);
  const coded = "CASE WHEN minutes < 20 THEN 'c' WHEN minutes < 60 THEN 'a' ELSE 'b' END";
  expect(await findingsOf({ several: true, sql: coded, type: "string" })).toEqual(found);
  expect(
    await findingsOf({ several: true, sql: "CASE WHEN minutes >= 20 AND minutes < 60 THEN 1::DOUBLE END" }),
  ).toEqual([]);
});

test("rows of the training part that come again in the test part are counted", async () => {
  expect(await findingsOf({ twice: true })).toEqual(["ROWS_ON_BOTH_SIDES label"]);
});

test("features of a source without a time are told as seen from today", async () => {
  expect(await findingsOf({ timeless: true })).toEqual(["FEATURE_WITHOUT_TIME driver_facts (info)"]);
});

test("an entity on both sides is named where rows are divided by chance: many as a leak, few as what there is", async () => {
  const split = random(shares);
  const timeless = "FEATURE_WITHOUT_TIME driver_facts (info)";
  expect(await findingsOf({ timeless: true, split })).toEqual([timeless, "ENTITY_ON_BOTH_SIDES driver (info)"]);
  expect(await findingsOf({ timeless: true, split, drivers: 200 })).toEqual([timeless, "ENTITY_ON_BOTH_SIDES driver"]);
  const apart = { timeless: true, drivers: 200, byDriver: true };
  expect(await findingsOf(apart)).toEqual([timeless]);
});

test("a time that is later than its row is named, a plan now and then is not", async () => {
  const later = "asked + to_minutes(CASE WHEN i % 3 = 0 THEN 5 ELSE -5 END)";
  expect(await findingsOf({ sql: later, type: "timestamp" })).toEqual(["FEATURE_FROM_LATER extra"]);
  expect(await findingsOf({ sql: "asked - INTERVAL 1 MINUTE", type: "timestamp" })).toEqual([]);
});
