// Figures against the oracle: the values of every moment at which a row became known, summed up the plain way.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isNumeric, type Value } from "../core/core.ts";
import { count, entity, featureView, latest, parquet, specOf, t } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import { exampleRows, viewQuery, viewStatistics } from "./features.ts";
import { type OracleRow, oracle } from "./oracle.fixture.ts";
import { scenarios } from "./random-views.fixture.ts";
import { writeRows } from "./written-rows.fixture.ts";

let folder: string;
let offline: OfflineEngine;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-statistics-"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 2 });
});
afterAll(async () => {
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
const newFile = (): string => {
  files += 1;
  return join(folder, `rows-${files}.parquet`);
};

function knownAt(row: OracleRow, createdAt: string | undefined): bigint | null {
  const event = row["e"] as bigint | null;
  const created = createdAt === undefined ? null : (row[createdAt] as bigint | null);
  return event === null ? null : created !== null && created > event ? created : event;
}

const close = (actual: number | null | undefined, expected: number | null): void => {
  if (Object.is(actual, expected)) return;
  if (expected === null || actual === null || actual === undefined) expect(actual).toBe(expected);
  else expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
};

test("figures are those of the values at every moment at which something became known", async () => {
  await fc.assert(
    fc.asyncProperty(scenarios(newFile, ["timely", "late"]), fc.nat(3), async ({ view, rows, instant }, pick) => {
      await writeRows(offline, view.source, rows);
      const now = (fc.sample(instant, { numRuns: 4, seed: pick })[pick] ?? 0n) + 3_600_000_000n;
      const moments = rows.flatMap((row) => {
        const known = knownAt(row, view.source.createdAt);
        const keys = view.keys.map(({ name }) => row[name] ?? null);
        return known === null || known >= now || keys.includes(null) ? [] : [{ keys, t: known + 1n }];
      });
      const { rows: counted, of, features } = await viewStatistics(offline, viewQuery(view), { now });
      expect([counted, of]).toEqual([moments.length, moments.length]);
      const all = moments.map((moment) => oracle(view, rows, moment));
      view.features.forEach(({ type, name, rule }, place) => {
        const values = all
          .map((each) => each[place] ?? null)
          .filter((each): each is NonNullable<Value> => each !== null);
        const figures = features[place];
        expect(figures?.name).toBe(name);
        expect(figures?.nulls).toBe(moments.length - values.length);
        if (!isNumeric(type)) return;
        const numbers = values.map(Number);
        const real = numbers.filter((each) => !Number.isNaN(each));
        expect(figures?.nans).toBe(numbers.length - real.length);
        // The oracle's quantiles are exact, those of a sketch are near them.
        if (rule.kind === "window" && rule.aggregate === "quantile") return;
        close(figures?.min, real.length === 0 ? null : Math.min(...real));
        close(figures?.max, real.length === 0 ? null : Math.max(...real));
        const finite = real.filter(Number.isFinite).sort((a, b) => a - b);
        const mean = finite.reduce((sum, each) => sum + each, 0) / finite.length;
        close(figures?.mean, finite.length === 0 ? null : mean);
        const middle = (finite.length - 1) / 2;
        const [low = 0, high = 0] = [finite[Math.floor(middle)], finite[Math.ceil(middle)]];
        close(figures?.q50, finite.length === 0 ? null : low + (high - low) / 2);
      });
    }),
    { numRuns: Number(process.env["SLIPWAY_TEST_RUNS"] ?? 15) },
  );
});

test("a large source is thinned out evenly, ties included, and always to the same rows", async () => {
  const path = join(folder, "many.parquet");
  await offline.writeParquet(
    "SELECT 'k' || (i % 7) AS k, TIMESTAMP '2024-01-01' + INTERVAL (i // 1000) HOUR AS e, i::INTEGER AS v FROM range(20000) r(i)",
    path,
  );
  const source = parquet("many", { path, columns: { k: t.string(), e: t.timestamp(), v: t.int32() }, eventTime: "e" });
  const view = specOf(
    featureView("many", { entity: entity("k", { k: t.string() }), source, features: { v: latest(source.v) } }),
  );
  const ask = () => viewStatistics(offline, viewQuery(view), { now: BigInt(Date.UTC(2025, 0)) * 1000n, atMost: 1000 });
  const first = await ask();
  expect(first.of).toBe(20000);
  expect(first.rows).toBeGreaterThan(700);
  expect(first.rows).toBeLessThan(1300);
  expect(await ask()).toEqual(first);
});

test("examples are the newest keys, each just after its newest row was known; a static table's are of now", async () => {
  const path = join(folder, "few.parquet");
  await offline.writeParquet(
    "SELECT * FROM (VALUES ('a', TIMESTAMP '2024-01-01', 1), ('b', TIMESTAMP '2024-01-03', 2), ('c', TIMESTAMP '2024-01-02', 3), ('b', TIMESTAMP '2024-01-09', 4)) v(k, e, v)",
    path,
  );
  const now = BigInt(Date.UTC(2024, 0, 5)) * 1000n;
  const columns = { k: t.string(), e: t.timestamp(), v: t.int32() };
  const key = entity("k", { k: t.string() });
  const timed = parquet("few", { path, columns, eventTime: "e" });
  const timedView = featureView("few", {
    entity: key,
    source: timed,
    features: { n: count().over(1n), v: latest(timed.v) },
  });
  const examples = await exampleRows(offline, viewQuery(specOf(timedView)), { now, count: 2 });
  expect(examples).toEqual([
    { key: { k: "b" }, at: BigInt(Date.UTC(2024, 0, 3)) * 1000n + 1n, values: { n: 1n, v: 2 } },
    { key: { k: "c" }, at: BigInt(Date.UTC(2024, 0, 2)) * 1000n + 1n, values: { n: 1n, v: 3 } },
  ]);
  const fixed = parquet("fixed", { path, columns });
  const fixedView = featureView("fixed", { entity: key, source: fixed, features: { v: latest(fixed.v) } });
  expect(await exampleRows(offline, viewQuery(specOf(fixedView)), { now, count: 1 })).toMatchObject([
    { key: { k: "a" }, at: now, values: { v: 1 } },
  ]);
});
