// Files that come late without saying so: what is online is what a store made from the beginning would hold, whatever was put there, taken away
// or killed in between.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { hours, type SlipwayError } from "../core/core.ts";
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
/** Writes rows of id, amount and minute. */
const writeSql = (file: string, sql: string): Promise<unknown> =>
  offline.writeParquet(
    `SELECT 'key ' || id AS id, amount::DOUBLE AS amount, make_timestamp(${START} + minute::BIGINT * ${MINUTE}) AS at FROM (${sql}) v(id, amount, minute)`,
    join(folder, "rows", `${file}.parquet`),
  );
const write = (file: string, list: readonly Row[]): Promise<unknown> =>
  writeSql(file, `VALUES ${list.map(({ id, minute }) => `(${id}, ${id * 7 + minute}, ${minute})`).join(", ")}`);
const after = (minutes: number): bigint => START + BigInt(minutes) * MINUTE;

async function entries(store: OnlineStore, namespace = view.namespace): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { key, value } of store.scan(namespace))
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

test("a key that goes while its neighbours get more rows than they lost is gone, and rows that are there twice are seen to move", async () => {
  const many = (rest: string) => `SELECT i, 1, i % 50 FROM range(5000) r(i)${rest}`;
  await writeSql("a", many(" UNION ALL SELECT 9000, 1, 10 UNION ALL SELECT 9000, 1, 10"));
  await keepUp({ offline, online }, view, after(60));
  const rest = " WHERE i <> 7 UNION ALL SELECT i, 2, 51 FROM range(5000) r(i) WHERE i <> 7";
  await writeSql("a", many(`${rest} UNION ALL SELECT 9000, 1, 40 UNION ALL SELECT 9000, 1, 40`));
  await keepUp({ offline, online }, view, after(61));
  await expectAsMadeAnew(after(61));
  expect(await entries(online)).toHaveLength(5000);
});

test("keys too long for the store go and stay like others, among negative, empty and composed ones", async () => {
  const source = parquet("pairs", {
    path: "rows/*.parquet",
    columns: { name: t.string(), number: t.int64(), at: t.timestamp() },
    eventTime: "at",
  });
  const pair = entity("pair", { name: t.string(), number: t.int64() });
  const pairs = onlineView(
    specOf(featureView("pairs", { entity: pair, source, features: { n: count().over(hours(2)) } })),
  );
  const names = [
    "''",
    "'a'",
    "'b'",
    "'ab'",
    "'é'",
    "'\u{10000}'",
    "'\uffff'",
    "repeat('x', 500)",
    "repeat('y', 500)",
    "repeat('z', 390)",
  ];
  const numbers = [-5n, -1n, 0n, 1n, 300n, -(2n ** 63n), 2n ** 63n - 1n];
  const all = names.flatMap((name) => numbers.map((number) => ({ name, number })));
  const put = (list: typeof all) =>
    offline.writeParquet(
      `SELECT name, number::BIGINT AS number, make_timestamp(${START}) AS at FROM (VALUES ${list.map(({ name, number }) => `(${name}, ${number}::HUGEINT)`).join(", ")}) v(name, number)`,
      join(folder, "rows", "a.parquet"),
    );
  await put(all);
  await keepUp({ offline, online }, pairs, after(1));
  const kept = all.filter((_, place) => place % 3 !== 0);
  await put(kept);
  const gone = all.length - kept.length;
  expect((await keepUp({ offline, online }, pairs, after(2))).anew).toBeGreaterThanOrEqual(gone);
  const other = newStore();
  await materializeView({ offline, online: other }, pairs, after(2));
  expect(await entries(online, pairs.namespace)).toEqual(await entries(other, pairs.namespace));
  expect(await entries(online, pairs.namespace)).toHaveLength(kept.length);
  await other.close();
});

/** A promise, and what fulfils it. */
function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

/** The store, with something to be awaited before and after each of its calls. */
function stepped(
  before: (call: number) => Promise<void>,
  after: (call: number) => void = () => undefined,
): OnlineStore {
  let calls = 0;
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1;
    const call = calls;
    await before(call);
    const done = await work();
    after(call);
    return done;
  };
  return {
    ...online,
    get: (keys) => step(() => online.get(keys)),
    update: (...args) => step(() => online.update(...args)),
  };
}

// The first run waits before one call until the second is at another; then it goes on to its end, or does that one call and waits for the second to end.
test.each([
  [65, 66, 3, 1, "all"],
  [65, 66, 3, 3, "all"],
  [65, 66, 4, 3, "all"],
  [6, 7, 4, 4, "one"],
  [6, 7, 4, 5, "one"],
  [6, 7, 5, 7, "one"],
] as const)(
  "of two runs at once, with rows of minutes %i and %i between, none remembers or folds over what the other did (%i, %i, %s)",
  async (minute, later, waits, meets, does) => {
    await writeSql("a", "SELECT i, 1, 5 FROM range(10) r(i)");
    await keepUp({ offline, online }, view, after(60));
    await write("b", [{ id: 3, minute }]);
    const [waiting, going, went, ended] = [gate(), gate(), gate(), gate()];
    const first = stepped(
      async (call) => {
        if (call === waits) {
          waiting.open();
          await going.passed;
        } else if (call > waits && does === "one") await ended.passed;
      },
      (call) => {
        if (call === waits) went.open();
      },
    );
    const one = keepUp({ offline, online: first }, view, after(70)).then(
      () => "done",
      (error: SlipwayError) => error.code,
    );
    void one.then(() => {
      waiting.open();
      went.open();
    });
    await waiting.passed;
    await write("c", [{ id: 3, minute: later }]);
    const second = stepped(async (call) => {
      if (call !== meets) return;
      going.open();
      await (does === "all" ? one : went.passed);
    });
    const other = await keepUp({ offline, online: second }, view, after(71)).then(
      () => "done",
      (error: SlipwayError) => error.code,
    );
    going.open();
    ended.open();
    for (const outcome of [other, await one]) expect(["done", "STATE_LOCKED"]).toContain(outcome);
    await keepUp({ offline, online }, view, after(80));
    await keepUp({ offline, online }, view, after(81));
    await expectAsMadeAnew(after(81));
  },
);

test("a run that folds anew stops when it is told to; the next one folds what is in doubt, and no more", async () => {
  await writeSql("a", "SELECT i, 1, 5 FROM range(6000) r(i)");
  await keepUp({ offline, online }, view, after(60));
  await writeSql("b", "SELECT i, 1, 6 FROM range(120) r(i)");
  const stop = new AbortController();
  let updates = 0;
  const stopping: OnlineStore = {
    ...online,
    async update(...args) {
      updates += 1;
      // The turn, what is in doubt, and the first keys.
      if (updates === 3) stop.abort();
      await online.update(...args);
    },
  };
  const stopped = keepUp({ offline, online: stopping }, view, after(70), { signal: stop.signal });
  await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
  expect(updates).toBe(3);
  const { anew = 0 } = await keepUp({ offline, online }, view, after(71));
  expect(anew).toBeGreaterThan(500);
  expect(anew).toBeLessThan(2000);
  await expectAsMadeAnew(after(71));
});

test("an ordinary run that is stopped leaves little in doubt: the next one goes on where it was", async () => {
  await writeSql("a", "SELECT i, 1, 5 FROM range(3000) r(i)");
  await keepUp({ offline, online }, view, after(60));
  await writeSql("b", "SELECT i % 3000, 1, 62 + i // 500 FROM range(70000) r(i)");
  const stop = new AbortController();
  const stopped = keepUp({ offline, online }, view, after(400), {
    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
  const done = await keepUp({ offline, online }, view, after(401));
  expect(done.anew).toBeUndefined();
  await expectAsMadeAnew(after(401));
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
