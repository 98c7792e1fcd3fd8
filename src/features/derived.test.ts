// Derived features: the same values in SQL and online, whatever they are computed from.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isFloat, isNumeric, type Value } from "../core/core.ts";
import {
  compareValues,
  type DerivedViewSpec,
  type Expression,
  expressionOf,
  type FeatureSpec,
  type FeatureViewSpec,
} from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { lmdbStore } from "../engines/lmdb/lmdb.ts";
import type { OfflineEngine, OnlineStore } from "../ports/ports.ts";
import {
  derivedReader,
  keyHistory,
  materializeView,
  onlineView,
  readViews,
  valuesAsOf,
  viewQuery,
} from "./features.ts";
import { keysOf, scenarios } from "./random-views.fixture.ts";
import { writeRows } from "./written-rows.fixture.ts";

let folder: string;
let offline: OfflineEngine;
let online: OnlineStore;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-derived-"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 2 });
  online = lmdbStore(join(folder, "store"), { durable: false });
});
afterAll(async () => {
  await online.close();
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
const newFile = (): string => {
  files += 1;
  return join(folder, `rows-${files}.parquet`);
};

/** Sums of floating-point numbers depend on the order of addition, and a comparison of two would tell. */
function isExact({ rule }: FeatureSpec): boolean {
  if (rule.kind !== "window" || rule.value === undefined) return true;
  const { aggregate, value } = rule;
  if (aggregate === "variance" || aggregate === "stddev") return value.type === "int32";
  return !((aggregate === "sum" || aggregate === "mean") && isFloat(value.type));
}

/** Expressions over one feature or two, by type. */
function expressionsOver(a: Expression, b: Expression): readonly Expression[] {
  const any = [a.isNull(), a];
  if (isNumeric(a.type) && isNumeric(b.type)) {
    const [x, y] = [a as Expression<"float64">, b as Expression<"float64">];
    return [
      ...any,
      x.toFloat64().plus(y.toFloat64()),
      x.toFloat64().dividedBy(y),
      x.toFloat64().gt(y.toFloat64()),
      x.negated(),
    ];
  }
  if (a.type === "string" && b.type === "string") {
    const [x, y] = [a as Expression<"string">, b as Expression<"string">];
    return [...any, x.concat(y), x.length(), x.orElse(y), x.eq(y)];
  }
  if (a.type === "bool" && b.type === "bool") {
    const [x, y] = [a as Expression<"bool">, b as Expression<"bool">];
    return [...any, x.and(y), x.or(y), x.not()];
  }
  return [...any, b.isNull()];
}

/** A view's features spread over two views, and a view derived from both. */
function derivedOver(view: FeatureViewSpec, picks: readonly (readonly [number, number, number])[]): DerivedViewSpec {
  const halves = [0, 1].map((half): FeatureViewSpec => {
    const features = view.features.filter((_, place) => place % 2 === half || view.features.length === 1);
    return { ...view, name: `half${half}`, features };
  });
  const leaves = halves.flatMap((half) =>
    half.features
      .filter(isExact)
      .map(({ name, type }) => expressionOf({ kind: "feature", view: half.name, name, type })),
  );
  const chosen = picks.flatMap(([first, second, pick]) => {
    const a = leaves[first % leaves.length];
    const b = leaves[second % leaves.length];
    const offered = a && b ? expressionsOver(a, b) : [];
    return offered.slice(pick % (offered.length || 1)).slice(0, 1);
  });
  const features = chosen.map(({ type, node }, index) => ({ name: `d${index}`, type, value: node }));
  return { kind: "derivedView", name: "over", entity: view.entity, keys: view.keys, views: halves, features };
}

/** The same value of the same type; the sign of a zero is no part of one, inside a list neither. */
const same = (a: Value | undefined, b: Value | undefined): boolean =>
  a === b || (a != null && b != null && typeof a === typeof b && compareValues(a, b) === 0);

const asked = scenarios(newFile).chain((scenario) =>
  fc.record({
    scenario: fc.constant(scenario),
    picks: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 6 }),
    to: scenario.instant,
    keys: fc.array(
      keysOf(scenario.view).filter((key) => !key.includes(null)),
      { minLength: 1, maxLength: 4 },
    ),
  }),
);

test("a derived view has the same values offline and online", async () => {
  await fc.assert(
    fc.asyncProperty(asked, async ({ scenario: { view, rows }, picks, to, keys }) => {
      const derived = derivedOver(view, picks);
      fc.pre(derived.features.length > 0);
      await writeRows(offline, view.source, rows);
      const stored = derived.views.map(onlineView);
      for (const each of stored) {
        await online.drop(each.namespace);
        await materializeView({ offline, online }, each, to);
      }
      const row = (key: readonly Value[]) =>
        Object.fromEntries(view.keys.map(({ name }, index) => [name, key[index] ?? null]));
      const reads = await readViews(
        online,
        stored.map((each) => ({ view: each })),
        keys.map(row),
        to,
      );
      const read = derivedReader(derived, [...derived.features.keys()])(
        new Map(stored.map(({ spec }, index) => [spec.name, reads[index] as never])),
        keys.map(row),
      );
      expect(read.through).toBe(to);
      for (const [index, key] of keys.entries()) {
        const [past] = await valuesAsOf(offline, viewQuery(derived), key, [to]);
        derived.features.forEach(({ name }, place) => {
          const [there, here] = [past?.[place], read.keys[index]?.values[place]];
          if (!same(there, here))
            expect.fail(`${name} of ${String(key)} is ${String(here)} online, ${String(there)} offline`);
        });
      }
    }),
    { numRuns: Number(process.env["SLIPWAY_TEST_RUNS"] ?? 25) },
  );
});

test("a derived view's history has the moments of all that it is made of", async () => {
  await fc.assert(
    fc.asyncProperty(asked, async ({ scenario: { view, rows }, picks, to, keys }) => {
      const derived = derivedOver(view, picks);
      fc.pre(derived.features.length > 0 && view.source.eventTime !== undefined);
      await writeRows(offline, view.source, rows);
      const query = viewQuery(derived);
      const key = keys[0] ?? [];
      const { before, changes } = await keyHistory(offline, query, key, { to, limit: 10_000 });
      const moments = [to - 1n, to, ...changes.flatMap(({ at }) => [at - 1n, at, at + 1n])].filter((at) => at <= to);
      const values = await valuesAsOf(offline, query, key, moments);
      moments.forEach((at, index) => {
        const told = changes.findLast((change) => change.at <= at)?.values ?? before;
        query.features.forEach(({ rules, name }, place) => {
          const isClock = rules.some(
            ({ rule }) =>
              rule.kind === "age" || (rule.kind === "window" && ["timeSinceLast", "rate"].includes(rule.aggregate)),
          );
          if (!isClock && !same(told[place], values[index]?.[place]))
            expect.fail(`${name} at ${at} is ${String(values[index]?.[place])}, told as ${String(told[place])}`);
        });
      });
    }),
    { numRuns: Number(process.env["SLIPWAY_TEST_RUNS"] ?? 10) },
  );
});
