// Files that come late without saying so: what is online is what a store made from the beginning would hold, whatever was put there, taken away
// or killed in between.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { hours } from "../core/core.ts";
import { count, entity, featureView, last, latest, parquet, specOf, sum, t } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { lmdbStore } from "../engines/lmdb/lmdb.ts";
import type { OfflineEngine, OnlineStore } from "../ports/ports.ts";
import { keepUp, materializeView, onlineView } from "./features.ts";

let folder: string;
let offline: OfflineEngine;
let online: OnlineStore;
let stores = 0;
const newStore = (): OnlineStore => {
  stores += 1;
  return lmdbStore(join(folder, `store-${stores}`), { durable: false });
};
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-keep-up-"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 2 });
});
afterAll(async () => {
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  rmSync(join(folder, "rows"), { recursive: true, force: true });
  online = newStore();
  return () => online.close();
});

const START = BigInt(Date.UTC(2024, 0, 1)) * 1000n;
const MINUTE = 60_000_000n;
const rows = parquet("rows", {
  path: "rows/*.parquet",
  columns: { id: t.string(), amount: t.float64(), at: t.timestamp() },
  eventTime: "at",
});
const view = onlineView(
  specOf(
    featureView("amounts", {
      entity: entity("thing", { id: t.string() }),
      source: rows,
      features: {
        n: count().over(hours(2)),
        s: sum(rows.amount).over(hours(2)),
        newest: latest(rows.amount),
        latest: last(rows.amount).over(hours(2)),
      },
    }),
  ),
);

interface Row {
  readonly id: number;
  readonly minute: number;
}
const write = (file: string, list: readonly Row[]): Promise<unknown> =>
  offline.writeParquet(
    `SELECT 'key ' || id AS id, amount::DOUBLE AS amount, make_timestamp(${START} + minute::BIGINT * ${MINUTE}) AS at FROM (VALUES ${list.map(({ id, minute }) => `(${id}, ${id * 7 + minute}, ${minute})`).join(", ")}) v(id, amount, minute)`,
    join(folder, "rows", `${file}.parquet`),
  );
const after = (minutes: number): bigint => START + BigInt(minutes) * MINUTE;

async function entries(store: OnlineStore): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { key, value } of store.scan(view.namespace))
    if (key[0] !== 0) found.push(`${Buffer.from(key).toString("hex")} ${Buffer.from(value).toString("hex")}`);
  return found.sort();
}

async function expectAsMadeAnew(to: bigint): Promise<void> {
  const other = newStore();
  await materializeView({ offline, online: other }, view, to);
  expect(await entries(online)).toEqual(await entries(other));
  await other.close();
}

test("a file that is put there later, with rows from before, is found; only its keys and their neighbours are folded anew", async () => {
  const many = Array.from({ length: 5000 }, (_, id) => ({ id, minute: id % 50 }));
  await write("a", many);
  await keepUp({ offline, online }, view, after(60));
  await write("b", [{ id: 7, minute: 30 }]);
  const done = await keepUp({ offline, online }, view, after(70));
  expect(done).toMatchObject({ rows: 0 });
  expect(done.anew).toBeGreaterThanOrEqual(1);
  expect(done.anew).toBeLessThan(50);
  await expectAsMadeAnew(after(70));
  expect(await keepUp({ offline, online }, view, after(80))).toEqual({
    view: "amounts",
    rows: 0,
    through: after(80),
  });
});

test("rows that only become known fold nothing anew", async () => {
  await write("a", [
    { id: 1, minute: 10 },
    { id: 2, minute: 70 },
  ]);
  await keepUp({ offline, online }, view, after(60));
  await write("b", [{ id: 3, minute: 75 }]);
  expect(await keepUp({ offline, online }, view, after(80))).toEqual({ view: "amounts", rows: 2, through: after(80) });
  await expectAsMadeAnew(after(80));
});

test("a file that goes takes its rows along, and keys of which none is left", async () => {
  await write("a", [
    { id: 1, minute: 10 },
    { id: 2, minute: 20 },
  ]);
  await write("b", [
    { id: 2, minute: 30 },
    { id: 3, minute: 30 },
  ]);
  await keepUp({ offline, online }, view, after(60));
  expect(await entries(online)).toHaveLength(3);
  rmSync(join(folder, "rows", "b.parquet"));
  expect((await keepUp({ offline, online }, view, after(61))).anew).toBe(2);
  expect(await entries(online)).toHaveLength(2);
  await expectAsMadeAnew(after(61));
});

test("whatever comes and goes, and whenever a run is killed, the next one leaves what a store made anew would hold", async () => {
  const row = fc.record({ id: fc.integer({ min: 0, max: 12 }), minute: fc.integer({ min: 0, max: 200 }) });
  const step = fc.record({
    file: fc.constantFrom("a", "b", "c"),
    rows: fc.array(row, { maxLength: 12 }),
    minutes: fc.integer({ min: 1, max: 40 }),
    // How many commits a run lives through before it is killed; most are not.
    lives: fc.oneof({ weight: 2, arbitrary: fc.constant(99) }, fc.integer({ min: 0, max: 3 })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      rmSync(join(folder, "rows"), { recursive: true, force: true });
      await write("base", [{ id: 0, minute: 0 }]);
      await online.close();
      online = newStore();
      let now = 0;
      for (const { file, rows: list, minutes, lives } of steps) {
        if (list.length === 0) rmSync(join(folder, "rows", `${file}.parquet`), { force: true });
        else await write(file, list);
        now += minutes;
        let commits = 0;
        const mortal: OnlineStore = {
          ...online,
          async update(...args) {
            if (commits === lives) throw new Error("killed");
            commits += 1;
            await online.update(...args);
          },
        };
        const outcome = await keepUp({ offline, online: mortal }, view, after(now)).then(
          () => "done",
          (error: Error) => error.message,
        );
        // What a killed run leaves is put right by the next one, whatever came in between.
        if (outcome === "done") await expectAsMadeAnew(after(now));
        else expect(outcome).toBe("killed");
      }
      now += 1;
      await keepUp({ offline, online }, view, after(now));
      await expectAsMadeAnew(after(now));
    }),
    { numRuns: Number(process.env["SLIPWAY_TEST_RUNS"] ?? 12) },
  );
}, 120_000);
