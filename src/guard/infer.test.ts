// What is inferred holds: for rows like those that were looked at, as a rule, and never because it reached for what lies far outside.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hours } from "../core/core.ts";
import { type Fields, parquet, specOf, t } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import type { GuardContext } from "./guard.ts";
import { proposeForSource } from "./guard.ts";
import { dailyCounts, freshness, type Proposal } from "./infer.ts";
import { patternOf } from "./shapes.ts";

let folder: string;
let offline: OfflineEngine;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-infer-"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 1 });
});
afterAll(async () => {
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;

/** What is proposed for a query's rows, by column. */
async function proposed<C extends Fields>(
  sql: string,
  columns: C,
  sample = 1_000_000,
): Promise<Record<string, Proposal>> {
  files += 1;
  const path = join(folder, `rows-${files}.parquet`);
  await offline.writeParquet(sql, path);
  const now = 2n ** 60n;
  const context = { offline, temporaryFolder: folder, clock: { now: () => now }, random: () => new Uint8Array(16) };
  const source = specOf(parquet("rows", { path, columns }));
  const { proposals } = await proposeForSource(context as unknown as GuardContext, source, now, sample);
  return Object.fromEntries(proposals.map((each) => [each.column ?? each.code, each]));
}

const number = { x: t.float64().optional() };
/** Deterministic, roughly normal: the sum of twelve uniform hashes, less six. */
const normal = (salt: string): string =>
  `(${Array.from({ length: 12 }, (_, part) => `hash(i::VARCHAR || '${salt}${part}') / 18446744073709551615.0`).join(" + ")} - 6)`;

describe("a range", () => {
  test("names what lies far outside and does not reach for it", async () => {
    const { x } = await proposed(
      `SELECT CASE WHEN i = 777 THEN 1048.36 WHEN i % 900 = 1 THEN NULL ELSE 10 + 4 * ${normal("w")} END AS x FROM range(26000) r(i)`,
      number,
    );
    const [, low, high] = /^between\("x", (\S+), (\S+)\)$/.exec(x?.code ?? "") ?? [];
    expect(Number(low)).toBeLessThan(-5);
    expect(Number(high)).toBeGreaterThan(25);
    expect(Number(high)).toBeLessThan(100);
    expect(x?.failing).toBe(1);
    expect(x?.why).toContain("1048.36");
  });

  test("holds for new rows of the same kind: hardly more than one in as many as were looked at falls out", async () => {
    for (const size of [200, 2000, 20_000]) {
      const { x } = await proposed(`SELECT ${normal("a")} AS x FROM range(${size}) r(i)`, number);
      const [, low, high] = /^between\("x", (\S+), (\S+)\)$/.exec(x?.code ?? "") ?? [];
      const sql = `SELECT (count(*) FILTER (WHERE v NOT BETWEEN ${low} AND ${high}))::BIGINT AS n FROM (SELECT ${normal("b")} AS v FROM range(100000) r(i))`;
      for await (const table of offline.stream(sql))
        expect(Number(table.columns[0]?.values[0]) / 100_000).toBeLessThan(2 / size);
    }
  });

  test("of parts of a whole, of counts and of one value", async () => {
    expect((await proposed("SELECT (i % 101) / 100.0::DOUBLE AS x FROM range(5000) r(i)", number))["x"]?.code).toBe(
      'between("x", 0, 1)',
    );
    expect((await proposed("SELECT 7::DOUBLE AS x FROM range(5000) r(i)", number))["x"]?.code).toBe('notNull("x")');
    expect(await proposed("SELECT i::DOUBLE AS x FROM range(50) r(i)", number)).toEqual({});
    expect(await proposed("SELECT i::DOUBLE AS x FROM range(0) r(i)", number)).toEqual({});
  });

  test("is not thrown by NaN, infinities and nulls", async () => {
    const { x } = await proposed(
      "SELECT CASE WHEN i % 50 = 1 THEN 'NaN'::DOUBLE WHEN i % 50 = 2 THEN NULL WHEN i = 3 THEN 'Infinity'::DOUBLE ELSE (i % 40)::DOUBLE END AS x FROM range(5000) r(i)",
      number,
    );
    expect(x?.code).toBe('between("x", 0, 40)');
    expect(x?.failing).toBe(1);
  });
});

describe("a set, a presence and a pattern", () => {
  const text = { x: t.string().optional() };
  test("a set only where nothing in it is rare or new", async () => {
    const found = async (sql: string) => (await proposed(`SELECT ${sql} AS x FROM range(2000) r(i)`, text))["x"]?.code;
    expect(await found("CASE WHEN i = 5 THEN NULL ELSE ['EWR', 'JFK', 'LGA'][1 + i % 3] END")).toBe(
      'oneOf("x", ["EWR","JFK","LGA"])',
    );
    expect(await found("CASE WHEN i = 5 THEN NULL WHEN i = 9 THEN 'once!' ELSE 'a' END")).toBeUndefined();
    expect(await found("CASE WHEN i = 5 THEN NULL WHEN i > 1900 THEN 'new ' || i % 2 ELSE 'a' END")).toBeUndefined();
  });

  test("a presence with the rule of three, and none where there is a null", async () => {
    const { x } = await proposed("SELECT 'v' || hash(i) AS x FROM range(3000) r(i)", text);
    expect(x?.why).not.toContain("null");
    const whole = await proposed("SELECT i::DOUBLE AS x FROM range(3000) r(i)", { x: t.float64().optional() });
    expect(Object.values(whole).map(({ code }) => code)).toContain('between("x", 0, 3500)');
    const constant = await proposed("SELECT 1::DOUBLE AS x FROM range(3000) r(i)", number);
    expect(constant["x"]).toMatchObject({
      code: 'notNull("x")',
      why: "no null in 3,000 rows: fewer than 0.1 % at 95 % confidence",
    });
  });

  test("a key that is unique, alone or with another column", async () => {
    const columns = { a: t.string(), b: t.int32() };
    expect(await proposed("SELECT 'k' || i AS a, (i % 7)::INTEGER AS b FROM range(500) r(i)", columns)).toHaveProperty([
      'unique(["a"])',
    ]);
    expect(
      Object.keys(await proposed("SELECT 'k' || i % 499 AS a, (i % 7)::INTEGER AS b FROM range(500) r(i)", columns)),
    ).not.toContain('unique(["a"])');
  });

  test("every text that a pattern was made from matches it", () => {
    const texts = fc.array(fc.stringMatching(/^[A-Z]{1,3}[-.]\d{1,4}[a-z]?$/), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(texts, (given) => {
        const shapes = given.map((each) => ({
          shape: each.replace(/[a-z]/g, "a").replace(/[A-Z]/g, "A").replace(/\d/g, "9"),
          count: 1,
        }));
        const pattern = patternOf(shapes);
        for (const each of given) expect(each).toMatch(new RegExp(pattern ?? "^never$", "u"));
      }),
    );
    expect(patternOf([])).toBeUndefined();
    expect(patternOf(["a", "9", "A", "-", "a-"].map((shape) => ({ shape, count: 9 })))).toBeUndefined();
  });
});

test("freshness from the longest silence, and counts from how days differ", () => {
  expect(freshness({ moments: 1000, longestGap: hours(6) })[0]?.code).toBe("freshWithin(hours(12))");
  expect(freshness({ moments: 5, longestGap: hours(6) })).toEqual([]);
  const days = Array.from({ length: 30 }, (_, day) => 1000 + (day % 3) * 50);
  expect(dailyCounts(days)[0]?.code).toBe("rowCount({ within: 0.1, of: 7, per: days(1) })");
  expect(dailyCounts([...days, 1])).toEqual([]);
  expect(dailyCounts(days.slice(0, 10))).toEqual([]);
});
