// The sketches against exact answers, and their SQL against their JavaScript, which must agree to the last bit.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DataType, days, hours, rowAt, type Value } from "../core/core.ts";
import {
  approxCountDistinct,
  countDistinct,
  entity,
  featureView,
  parquet,
  quantile,
  specOf,
  t,
} from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { lmdbStore } from "../engines/lmdb/lmdb.ts";
import type { OfflineEngine, OnlineStore } from "../ports/ports.ts";
import { keyColumn, materializeView, onlineView, pointInTimePlan, readOnline } from "./features.ts";
import type { Item } from "./item-bytes.ts";
import { tailOf } from "./oracle.fixture.ts";
import { bucketSql, bucketValueSql, estimateDistinctSql, registerCodeSql } from "./sketch-sql.ts";
import { bucketOf, estimateDistinct, quantileOf, registerCode } from "./sketches.ts";
import { valuesSql } from "./written-rows.fixture.ts";

let folder: string;
let offline: OfflineEngine;
let online: OnlineStore;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-sketches-"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 2 });
  online = lmdbStore(join(folder, "store"), { durable: false });
});
afterAll(async () => {
  await online.close();
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

async function rowsOf(sql: string): Promise<readonly Record<string, Value>[]> {
  const rows: Record<string, Value>[] = [];
  for await (const table of offline.stream(sql))
    for (let row = 0; row < table.rowCount; row += 1) rows.push(rowAt(table, row));
  return rows;
}

const floats = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, 1, -1, 127, 128, 2.2250738585072014e-308, 5e-324, Infinity, -Infinity),
);
const whole = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -200n, max: 200n }));
const valuesByType: Readonly<Partial<Record<string, fc.Arbitrary<Value>>>> = {
  string: fc.string({ unit: "grapheme" }),
  int32: fc.integer(),
  int64: whole,
  float64: floats,
  bool: fc.boolean(),
  float32: fc.float(),
  date: fc.integer({ min: -2_147_483_646, max: 2_147_483_646 }),
  uuid: fc.uuid(),
  bytes: fc.uint8Array(),
  timestamp: fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }),
};

describe("register codes", () => {
  test.each(Object.entries(valuesByType))("of %s are the same in SQL", async (name, values) => {
    const type = name as DataType;
    await fc.assert(
      fc.asyncProperty(
        fc.array(values as fc.Arbitrary<Value>, { minLength: 1, maxLength: 300, size: "max" }),
        async (cells) => {
          const from = valuesSql(
            offline.dialect,
            [{ name: "v", type }],
            cells.map((cell) => [cell]),
          );
          const codes = (await rowsOf(`SELECT ${registerCodeSql("v", type)} AS code FROM ${from}`)).map(
            ({ code }) => code,
          );
          expect(codes).toEqual(cells.map((cell) => registerCode(cell as Item, type)));
        },
      ),
      { numRuns: 20 },
    );
  });

  test("give -0 and 0, and every NaN, one code", () => {
    expect(registerCode(-0, "float64")).toBe(registerCode(0, "float64"));
    expect(registerCode(Number.NaN, "float64")).not.toBe(registerCode(0, "float64"));
  });

  test("are counted alike in SQL, and within four standard errors of the truth, from 1 to a million", async () => {
    for (const size of [1, 10, 100, 3000, 10_000, 20_000, 1_000_000]) {
      const codes = `SELECT ${registerCodeSql("'user ' || range", "string")} AS code FROM range(${size})`;
      const registers = `SELECT code // 64 AS register, max(code % 64) AS rank FROM (${codes}) GROUP BY ALL`;
      const sums = `SELECT count(*) AS filled, sum(1::BIGINT << (53 - rank)) AS total FROM (${registers})`;
      const [answer] = await rowsOf(`SELECT ${estimateDistinctSql("total", "filled")} AS n FROM (${sums})`);
      const inSql = await rowsOf(`SELECT DISTINCT code FROM (${codes})`);
      expect(estimateDistinct(inSql.map(({ code }) => code as number))).toBe(answer?.["n"]);
      expect(Math.abs(Number(answer?.["n"]) - size)).toBeLessThanOrEqual(4 * 0.01625 * size);
    }
  });
});

describe("buckets", () => {
  test("are the same in SQL, in the order of the numbers, and stand for them within 1 in 128", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(floats, { minLength: 1, maxLength: 300, size: "max" }),
        fc.boolean(),
        async (cells, isWhole) => {
          const from = valuesSql(
            offline.dialect,
            [{ name: "v", type: "float64" }],
            cells.map((cell) => [cell]),
          );
          const buckets = `SELECT v, ${bucketSql("v")} AS bucket FROM ${from}`;
          const rows = await rowsOf(`SELECT *, ${bucketValueSql("bucket", isWhole)} AS stands FROM (${buckets})`);
          for (const { v, bucket, stands } of rows as readonly Record<string, number>[]) {
            expect(bucket).toBe(bucketOf(v as number));
            expect(stands).toEqual(quantileOf(new Map([[bucket as number, 1]]), 0.5, isWhole));
          }
          const ordered = cells.toSorted((a, b) => (Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b)).map(bucketOf);
          expect(ordered).toEqual(ordered.toSorted((a, b) => a - b));
        },
      ),
      { numRuns: 50 },
    );
    await fc.assert(
      fc.asyncProperty(fc.double({ noNaN: true, noDefaultInfinity: true }), async (value) => {
        const stands = quantileOf(new Map([[bucketOf(value), 1]]), 0, false) ?? Number.NaN;
        const allowed = Math.abs(value) < 2.2250738585072014e-308 ? 2.3e-308 : Math.abs(value) / 128;
        expect(Math.abs(stands - value)).toBeLessThanOrEqual(allowed);
      }),
    );
  });

  test("of whole numbers below 128 are exact", () => {
    for (let value = -127; value < 128; value += 1)
      expect(quantileOf(new Map([[bucketOf(value), 3]]), 1, true)).toBe(value);
  });

  test("hold nothing: no quantile", () => {
    expect(quantileOf(new Map(), 0.5, false)).toBeNull();
  });
});

test("over many events, sketches are equal offline and online, whatever the steps, and near the exact answers", async () => {
  const start = BigInt(Date.UTC(2024, 0, 1)) * 1000n;
  const source = parquet("calls", {
    path: "calls.parquet",
    columns: { host: t.string(), at: t.timestamp(), caller: t.int64(), ms: t.float64() },
    eventTime: "at",
  });
  await offline.writeParquet(
    `SELECT 'h' || (i % 2) AS host, make_timestamp(${start} + i * 10000000) AS "at", (hash(i) % 30000)::BIGINT AS caller, exp((hash(i, 1) % 100000) / 10000.0) AS ms FROM (SELECT range AS i FROM range(60000))`,
    join(folder, "calls.parquet"),
  );
  const ranks = { p0: 0, p50: 0.5, p99: 0.99 };
  const quantilesBy = (window: bigint, of: string) =>
    Object.entries(ranks).map(([name, rank]) => [`${name}_${of}`, quantile(source.ms, rank).over(window)]);
  const view = specOf(
    featureView("calls", {
      entity: entity("host", { host: t.string() }),
      source,
      features: {
        ...countDistinct(source.caller).over({ exact_6h: hours(6), exact_7d: days(7) }),
        ...approxCountDistinct(source.caller).over({ about_6h: hours(6), about_7d: days(7) }),
        ...Object.fromEntries([...quantilesBy(hours(6), "6h"), ...quantilesBy(days(7), "7d")]),
      },
    }),
  );
  const compiled = onlineView(view);
  for (const step of [1, 3, 4, 6]) {
    const at = start + days(1) * BigInt(step) + 123n;
    await materializeView({ offline, online }, compiled, at);
    const [read] = await readOnline(online, [compiled], { host: "h1" }, at);
    const rows = `SELECT 'h1' AS ${keyColumn(offline.dialect, "host")}, ${at} AS t`;
    const plan = pointInTimePlan(offline.dialect, { rows, views: [view] });
    const columns = view.features.map(({ name }) => `${plan.feature("calls", name)} AS ${name}`);
    const [answer = {}] = await rowsOf(`${plan.with} SELECT ${columns.join(", ")} ${plan.from}`);
    expect(read?.values).toEqual(answer);
    for (const [of, window] of [
      ["6h", hours(6)],
      ["7d", days(7)],
    ] as const) {
      expect(Math.abs(Number(answer[`about_${of}`]) / Number(answer[`exact_${of}`]) - 1)).toBeLessThan(4 * 0.01625);
      const exact = Object.entries(ranks).map(
        ([name, rank]) => `ms[1 + floor(${rank} * (len(ms) - 1))::BIGINT] AS ${name}_${of}`,
      );
      const [truth = {}] = await rowsOf(
        `SELECT ${exact.join(", ")} FROM (SELECT list(ms ORDER BY ms) AS ms FROM read_parquet('${join(folder, "calls.parquet")}') WHERE host = 'h1' AND epoch_us("at") >= ${tailOf(at, window)} AND epoch_us("at") < ${at})`,
      );
      for (const [name, value] of Object.entries(truth))
        expect(Math.abs(Number(answer[name]) / Number(value) - 1)).toBeLessThanOrEqual(1 / 128);
    }
  }
});
