// The offline SQL against the oracle, over random sources in real Parquet files.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DataType, hours, rowAt, type Table, type Value } from "../core/core.ts";
import { entity, featureView, mean, parquet, specOf, sum, t } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import { keyColumn, pointInTimePlan, pointInTimeTables } from "./features.ts";
import { agrees, oracle, type Question } from "./oracle.fixture.ts";
import { keysOf, type Scenario, scenarios } from "./random-views.fixture.ts";
import { valuesSql, writeRows } from "./written-rows.fixture.ts";

const RUNS = Number(process.env["SLIPWAY_TEST_RUNS"] ?? 120);
const seed = process.env["FC_SEED"] ? { seed: Number(process.env["FC_SEED"]) } : {};

let folder: string;
let engine: OfflineEngine;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-features-"));
  engine = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 2 });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The features that the offline SQL gives for some questions, in order. */
async function offlineAnswers({ view }: Scenario, asked: readonly Question[], hasCutoff: boolean): Promise<Value[][]> {
  const { dialect } = engine;
  const schema: readonly { readonly name: string; readonly type: DataType }[] = [
    { name: "n", type: "int64" },
    { name: "asked_at", type: "int64" },
    { name: "until", type: "int64" },
    ...view.keys,
  ];
  const rows = asked.map((each, index) => [BigInt(index), each.t, each.cutoff ?? null, ...each.keys]);
  const keys = view.keys.map(({ name }) => `${dialect.identifier(name)} AS ${keyColumn(dialect, name)}`);
  const selected = `SELECT n, asked_at AS t, ${keys.join(", ")}${hasCutoff ? ", until AS cutoff" : ""} FROM ${valuesSql(dialect, schema, rows)}`;
  const query = { rows: selected, hasCutoff, views: [view] };
  const plan = pointInTimePlan(dialect, query);
  const named = (of: typeof plan.feature): string =>
    view.features.map(({ name }) => `${of(view.name, name)} AS ${name}`).join(", ");
  const answers = await valuesOf(
    engine.stream(`${plan.with} SELECT r.n, ${named(plan.feature)} ${plan.from} ${plan.orderBy}`),
  );
  // The same as tables, put together in parts by whether n is odd, of all keys or a third of them after the other; not every time, for it takes as long again.
  if (asked.length % 3 !== 0) return answers;
  const shares = asked.length % 2 === 0 ? 1 : 3;
  const inTables = pointInTimeTables(dialect, { ...query, partition: "n % 2", shares });
  const again = await engine.session(async (session) => {
    for (const statement of inTables.statements) await session.run(statement);
    return valuesOf(session.stream(`SELECT r.n, ${named(inTables.feature)} ${inTables.from}`));
  });
  expect(again).toEqual([0, 1].flatMap((odd) => answers.filter((_, index) => index % 2 === odd)));
  return answers;
}

async function valuesOf(tables: AsyncIterable<Table>): Promise<Value[][]> {
  const rows: Value[][] = [];
  for await (const table of tables)
    for (let row = 0; row < table.rowCount; row += 1) rows.push(Object.values(rowAt(table, row)));
  return rows;
}

async function expectAgreement(scenario: Scenario, asked: readonly Question[], hasCutoff: boolean): Promise<void> {
  const { view, rows } = scenario;
  await writeRows(engine, view.source, rows);
  const answers = await offlineAnswers(scenario, asked, hasCutoff);
  expect(answers.map(([n]) => n)).toEqual(asked.map((_, index) => BigInt(index)));
  asked.forEach((question, index) => {
    const expected = oracle(view, rows, question);
    view.features.forEach((feature, place) => {
      const actual = answers[index]?.[place + 1];
      if (!agrees(feature, actual, expected[place] ?? null))
        expect.fail(
          `${feature.name} is ${String(actual)}, not ${String(expected[place])}, for ${show(question)} by ${show(feature)}`,
        );
    });
  });
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}n` : each));

describe("the point-in-time join", () => {
  let files = 0;
  const random = scenarios(() => {
    files += 1;
    return join(folder, `rows-${files}.parquet`);
  });
  const asking = random.chain((scenario) =>
    fc.record({
      scenario: fc.constant(scenario),
      hasCutoff: fc.boolean(),
      asked: fc.array(
        fc.record({
          keys: keysOf(scenario.view),
          t: fc.option(scenario.instant, { freq: 12 }),
          cutoff: fc.option(scenario.instant, { freq: 6 }),
        }),
        { minLength: 1, maxLength: 60, size: "max" },
      ),
    }),
  );

  test("gives what a linear scan gives, row by row and in order, over random sources, views and questions", async () => {
    await fc.assert(
      fc.asyncProperty(asking, ({ scenario, hasCutoff, asked }) =>
        expectAgreement(scenario, hasCutoff ? asked : asked.map(({ keys, t }) => ({ keys, t })), hasCutoff),
      ),
      { numRuns: RUNS, ...seed },
    );
  });

  test("rounds a mean of whole numbers once, also where their sum is beyond 64 bits", async () => {
    const source = parquet("rows", {
      path: join(folder, "whole.parquet"),
      columns: { k: t.string(), e: t.timestamp(), n: t.int64() },
      eventTime: "e",
    });
    const of = entity("k", { k: t.string() });
    const features = { m: mean(source.n).over(hours(1)), s: sum(source.n).over(hours(1)) };
    const view = specOf(featureView("whole", { entity: of, source, features }));
    const rows = Array.from({ length: 600 }, (_, index) => ({
      k: `k${index % 100}`,
      e: BigInt(index),
      n: (index % 100 < 50 ? 1n : -1n) * (2n ** 63n - 1n - 7_919_000_003n * BigInt(index) ** 3n),
    }));
    const asked = rows.slice(0, 100).map(({ k }) => ({ keys: [k], t: hours(1) }));
    await expectAgreement({ view, rows, instant: fc.constant(0n) }, asked, false);
  });
});
