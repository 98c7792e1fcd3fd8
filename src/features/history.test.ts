// History against the oracle: between two changes nothing differs, at any moment, and at each change something does.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { days, hours, parseInstant, type Value } from "../core/core.ts";
import { count, entity, featureView, latest, mean, parquet, specOf, t } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import { type History, type HistoryChange, keyHistory, valuesAsOf, viewQuery } from "./features.ts";
import { agrees, oracle } from "./oracle.fixture.ts";
import { keysOf, scenarios } from "./random-views.fixture.ts";
import { writeRows } from "./written-rows.fixture.ts";

let folder: string;
let offline: OfflineEngine;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-history-"));
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

const RUNS = Number(process.env["SLIPWAY_TEST_RUNS"] ?? 20);

describe("a key's history", () => {
  test("is every change and nothing else, whatever the pages", async () => {
    const asked = scenarios(newFile, ["timely", "late"]).chain((scenario) =>
      fc.record({
        scenario: fc.constant(scenario),
        key: keysOf(scenario.view).filter((key) => !key.includes(null)),
        to: scenario.instant,
        probes: fc.array(scenario.instant, { minLength: 6, maxLength: 6 }),
        limit: fc.constantFrom(7, 1000, 1000),
      }),
    );
    await fc.assert(
      fc.asyncProperty(asked, async ({ scenario: { view, rows }, key, to, probes, limit }) => {
        await writeRows(offline, view.source, rows);
        const query = viewQuery(view);
        const changes: HistoryChange[] = [];
        let before: readonly Value[] | undefined;
        for (let after: bigint | undefined, page: History | undefined; ; after = page.next) {
          page = await keyHistory(offline, query, key, { after, to, limit });
          before ??= page.before;
          changes.push(...page.changes);
          if (page.next === undefined) break;
          expect(page.changes).toHaveLength(limit);
        }
        const isClock = view.features.map(
          ({ rule }) =>
            rule.kind === "age" || (rule.kind === "window" && ["timeSinceLast", "rate"].includes(rule.aggregate)),
        );
        const moments = [...probes, ...changes.flatMap(({ at }) => [at - 1n, at, at + 1n])].filter((at) => at <= to);
        for (const at of moments) {
          const last = changes.findLast((change) => change.at <= at);
          const values = last?.values ?? before ?? [];
          const expected = oracle(view, rows, { keys: key, t: at });
          view.features.forEach((feature, place) => {
            if (isClock[place] || agrees(feature, values[place], expected[place] ?? null)) return;
            expect.fail(`${feature.name} at ${at} is ${String(values[place])}, not ${String(expected[place])}`);
          });
        }
        for (const { changed, reasons } of changes) {
          expect(changed.length).toBeGreaterThan(0);
          expect(reasons.length).toBeGreaterThan(0);
          expect(changed.some((place) => isClock[place])).toBe(false);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("tells of no change where only the sign of a zero did, inside a list neither", async () => {
    const path = join(folder, "signs.parquet");
    await offline.writeParquet(
      `SELECT * FROM (VALUES ('a', TIMESTAMP '2024-01-01 10:00:00', [0::DOUBLE]),
         ('a', TIMESTAMP '2024-01-01 11:00:00', ['-0.0'::DOUBLE]),
         ('a', TIMESTAMP '2024-01-01 12:00:00', [1::DOUBLE])) v(k, e, fares)`,
      path,
    );
    const source = parquet("signs", {
      path,
      columns: { k: t.string(), e: t.timestamp(), fares: t.list(t.float64()) },
      eventTime: "e",
    });
    const entityOf = entity("k", { k: t.string() });
    const view = featureView("signs", { entity: entityOf, source, features: { last: latest(source.fares) } });
    const { changes } = await keyHistory(offline, viewQuery(specOf(view)), ["a"], {
      to: parseInstant("2024-02-01"),
      limit: 100,
    });
    expect(changes.map(({ at }) => at)).toEqual([parseInstant("2024-01-01T10:00"), parseInstant("2024-01-01T12:00")]);
  });

  test("says why: an event, a late arrival, a window that moved on, a row that grew too old", async () => {
    const path = join(folder, "told.parquet");
    await offline.writeParquet(
      `SELECT * FROM (VALUES ('a', TIMESTAMP '2024-01-01 10:00:00', TIMESTAMP '2024-01-01 10:00:00', 10::DOUBLE),
         ('a', TIMESTAMP '2024-01-01 10:30:00', TIMESTAMP '2024-01-01 12:00:00', 20::DOUBLE),
         ('b', TIMESTAMP '2024-01-01 10:00:00', NULL, 7::DOUBLE)) v(k, e, known, fare)`,
      path,
    );
    const source = parquet("told", {
      path,
      columns: { k: t.string(), e: t.timestamp(), known: t.timestamp().optional(), fare: t.float64() },
      eventTime: "e",
      createdAt: "known",
    });
    const view = featureView("told", {
      entity: entity("k", { k: t.string() }),
      source,
      ttl: days(1),
      features: { mean_3h: mean(source.fare).over(hours(3)), n: count().over(hours(3)), last: latest(source.fare) },
    });
    const { before, changes } = await keyHistory(offline, viewQuery(specOf(view)), ["a"], {
      to: parseInstant("2024-02-01"),
      limit: 100,
    });
    expect(before).toEqual([null, 0n, null]);
    const at = parseInstant;
    const first = { events: 1, first: at("2024-01-01T10:00"), last: at("2024-01-01T10:00") };
    const second = { events: 1, first: at("2024-01-01T10:30"), last: at("2024-01-01T10:30") };
    expect(changes.map((change) => ({ at: change.at, values: change.values, reasons: change.reasons }))).toEqual([
      { at: at("2024-01-01T10:00"), values: [null, 0n, 10], reasons: [{ kind: "event", view: "told", ...first }] },
      {
        at: at("2024-01-01T10:00:00.000001"),
        values: [10, 1n, 10],
        reasons: [{ kind: "event", view: "told", ...first }],
      },
      { at: at("2024-01-01T12:00"), values: [15, 2n, 20], reasons: [{ kind: "late", view: "told", ...second }] },
      {
        at: at("2024-01-01T13:05"),
        values: [20, 1n, 20],
        reasons: [{ kind: "window", view: "told", window: hours(3), ...first }],
      },
      {
        at: at("2024-01-01T13:35"),
        values: [null, 0n, 20],
        reasons: [{ kind: "window", view: "told", window: hours(3), ...second }],
      },
      {
        at: at("2024-01-02T10:30:00.000001"),
        values: [null, 0n, null],
        reasons: [{ kind: "expired", view: "told", ...second }],
      },
    ]);
  });

  test("goes on over more moments than one query asks for", async () => {
    const path = join(folder, "long.parquet");
    await offline.writeParquet(
      "SELECT 'a' AS k, TIMESTAMP '2024-01-01' + INTERVAL (i) MINUTE AS e, i::INTEGER AS v FROM range(2500) r(i)",
      path,
    );
    const source = parquet("long", {
      path,
      columns: { k: t.string(), e: t.timestamp(), v: t.int32() },
      eventTime: "e",
    });
    const view = specOf(
      featureView("long", { entity: entity("k", { k: t.string() }), source, features: { v: latest(source.v) } }),
    );
    const all = await keyHistory(offline, viewQuery(view), ["a"], { to: parseInstant("2024-02-01"), limit: 5000 });
    expect(all.changes.map(({ values }) => values[0])).toEqual(Array.from({ length: 2500 }, (_, index) => index));
    const page = await keyHistory(offline, viewQuery(view), ["a"], {
      after: parseInstant("2024-01-01T20:00"),
      to: parseInstant("2024-02-01"),
      limit: 2,
    });
    expect([page.before, page.changes.map(({ values }) => values[0]), page.next]).toEqual([
      [1200],
      [1201, 1202],
      parseInstant("2024-01-01T20:02"),
    ]);
  });

  test("is refused for a view without times, whose values at any time are still told", async () => {
    const path = join(folder, "fixed.parquet");
    await offline.writeParquet("SELECT 'a' AS k, 5::INTEGER AS v", path);
    const source = parquet("fixed", { path, columns: { k: t.string(), v: t.int32() } });
    const view = viewQuery(
      specOf(
        featureView("fixed", { entity: entity("k", { k: t.string() }), source, features: { v: latest(source.v) } }),
      ),
    );
    await expect(keyHistory(offline, view, ["a"], { to: 0n, limit: 1 })).rejects.toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringContaining("has no history"),
    });
    expect(await valuesAsOf(offline, view, ["a"], [0n, 5n])).toEqual([[5], [5]]);
  });
});
