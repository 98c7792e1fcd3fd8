// A value that its view does not expect is null wherever it is read: online, with its status, and offline in the join, for random views, rows and
// expectations, against the values that the oracle gives.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rowAt, type Value } from "../core/core.ts";
import { type Expression, expressionOf, type FeatureSpec, type FeatureViewSpec } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { lmdbStore } from "../engines/lmdb/lmdb.ts";
import type { OfflineEngine, OnlineStore } from "../ports/ports.ts";
import {
  keyColumn,
  materializeView,
  onlineView,
  pointInTimePlan,
  readOnline,
  readViews,
  valueStatus,
} from "./features.ts";
import { agrees, oracle } from "./oracle.fixture.ts";
import { keysOf, scenarios } from "./random-views.fixture.ts";
import { valuesSql, writeRows } from "./written-rows.fixture.ts";

let folder: string;
let offline: OfflineEngine;
let online: OnlineStore;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-value-guard-"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 2 });
  online = lmdbStore(join(folder, "store"), { durable: false });
});
afterAll(async () => {
  await online.close();
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An expectation with its verdict written out by hand: whether it fails for some values. */
interface Expected {
  readonly names: readonly string[];
  readonly condition: Expression<"bool">;
  readonly fails: (value: (name: string) => Value) => boolean;
  readonly severity: "reject" | "warn";
}

const leaf = (view: FeatureViewSpec, { name, type }: FeatureSpec): Expression =>
  expressionOf({ kind: "feature", view: view.name, name, type });

function expectedOf(view: FeatureViewSpec): fc.Arbitrary<readonly Expected[]> {
  const severity = fc.constantFrom<Expected["severity"]>("reject", "reject", "warn");
  const feature = fc.constantFrom(...view.features);
  const present = fc.record({ a: feature, severity }).map(
    ({ a, severity: own }): Expected => ({
      names: [a.name],
      condition: leaf(view, a).isNull().not(),
      fails: (value) => value(a.name) === null,
      severity: own,
    }),
  );
  const together = fc.record({ a: feature, b: feature, severity }).map(
    ({ a, b, severity: own }): Expected => ({
      names: [a.name, b.name],
      condition: leaf(view, a).isNull().or(leaf(view, b).isNull().not()),
      fails: (value) => value(a.name) !== null && value(b.name) === null,
      severity: own,
    }),
  );
  const whole = view.features.filter(({ type }) => type === "int64" || type === "int32");
  const least = fc
    .record({
      a: fc.constantFrom(...(whole.length === 0 ? view.features : whole)),
      low: fc.integer({ min: -2, max: 4 }),
      severity,
    })
    .map(
      ({ a, low, severity: own }): Expected => ({
        names: [a.name],
        condition: (leaf(view, a) as Expression<"int64">).ge(low),
        fails: (value) => value(a.name) !== null && Number(value(a.name)) < low,
        severity: own,
      }),
    );
  return fc.array(fc.oneof(present, together, ...(whole.length === 0 ? [] : [least, least])), {
    minLength: 1,
    maxLength: 3,
  });
}

let files = 0;
const guarded = scenarios(() => {
  files += 1;
  return join(folder, `rows-${files}.parquet`);
}).chain((scenario) =>
  fc.record({
    scenario: fc.constant(scenario),
    expected: expectedOf(scenario.view),
    keys: fc.array(keysOf(scenario.view), { minLength: 1, maxLength: 5 }),
    to: scenario.instant,
    only: fc.nat(),
  }),
);

test("a value that is not expected is null and rejected online, and null in the join", async () => {
  let rejections = 0;
  await fc.assert(
    fc.asyncProperty(guarded, async ({ scenario, expected, keys, to, only }) => {
      const expectations = expected.map(({ condition, severity }, index) => ({
        kind: "row" as const,
        text: `e${index}`,
        condition: condition.node,
        severity,
      }));
      const spec: FeatureViewSpec = { ...scenario.view, expect: expectations };
      const view = onlineView(spec);
      await online.drop(view.namespace);
      await writeRows(offline, spec.source, scenario.rows);
      await materializeView({ offline, online }, view, to);
      const { dialect } = offline;
      const schema = [{ name: "asked_at", type: "int64" as const }, ...spec.keys];
      const shown = spec.keys.map(({ name }) => `${dialect.identifier(name)} AS ${keyColumn(dialect, name)}`);
      const rows = `SELECT asked_at AS t, ${shown.join(", ")} FROM ${valuesSql(
        dialect,
        schema,
        keys.map((key) => [to, ...key]),
      )}`;
      const plan = pointInTimePlan(dialect, { rows, views: [spec] });
      const features = spec.features.map(
        ({ name }) => `${plan.feature(spec.name, name)} AS ${dialect.identifier(name)}`,
      );
      const joined: Record<string, Value>[] = [];
      for await (const table of offline.stream(
        `${plan.with} SELECT ${features.join(", ")} ${plan.from} ${plan.orderBy}`,
      ))
        for (let row = 0; row < table.rowCount; row += 1) joined.push(rowAt(table, row));
      for (const [index, key] of keys.entries()) {
        const raw = oracle(scenario.view, scenario.rows, { keys: key, t: to, cutoff: to });
        const value = (name: string): Value => raw[spec.features.findIndex((each) => each.name === name)] ?? null;
        const failing = expected.filter(({ fails }) => fails(value));
        const row = Object.fromEntries(spec.keys.map(({ name }, place) => [name, key[place] ?? null]));
        const [read] = await readOnline(online, [view], row, to);
        const names = (severity: string) =>
          spec.features
            .map(({ name }) => name)
            .filter((name) => failing.some((each) => each.severity === severity && each.names.includes(name)));
        const rejected = names("reject");
        rejections += rejected.length;
        expect([read?.rejected ?? [], read?.warned ?? []]).toEqual([rejected, names("warn")]);
        spec.features.forEach((feature, place) => {
          const wanted = rejected.includes(feature.name) ? null : (raw[place] ?? null);
          expect(agrees(feature, read?.values[feature.name], wanted), `online ${feature.name}`).toBe(true);
          expect(agrees(feature, joined[index]?.[feature.name], wanted), `offline ${feature.name}`).toBe(true);
        });
        // One feature alone is judged by all that it is expected to go with.
        const place = only % spec.features.length;
        const [alone] = await readViews(online, [{ view, places: [place] }], [row], to);
        const one = spec.features[place] as FeatureSpec;
        const key1 = alone?.keys[0];
        if (!key1) throw new Error("nothing was read");
        expect(agrees(one, key1.values[0], rejected.includes(one.name) ? null : (raw[place] ?? null))).toBe(true);
        expect(valueStatus(one, key1, 0) === "rejected").toBe(rejected.includes(one.name));
      }
    }),
    { numRuns: 40 },
  );
  expect(rejections).toBeGreaterThan(20);
});
