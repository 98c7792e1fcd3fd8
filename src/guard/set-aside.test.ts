// Bad rows whose file comes late: whatever is put there, taken away, changed, dropped and replayed in whatever order, each is copied once.

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hours, type Instant } from "../core/core.ts";
import { between, count, entity, featureView, parquet, specOf, t } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { fileBlobs } from "../engines/files/files.ts";
import { lmdbStore } from "../engines/lmdb/lmdb.ts";
import { replayClock } from "../engines/system/system.ts";
import { keepUp, onlineView, readOnline } from "../features/features.ts";
import type { OfflineEngine, OnlineStore } from "../ports/ports.ts";
import { testDatabase } from "../records/database.fixture.ts";
import { openRecords, type Records } from "../records/records.ts";
import {
  dropQuarantine,
  enforce,
  type GuardContext,
  listQuarantine,
  type QuarantineFilter,
  readQuarantine,
  releasable,
  release,
  setAside,
} from "./guard.ts";

const START = BigInt(Date.UTC(2024, 0, 1)) * 1000n;
const MINUTE = 60_000_000n;
const after = (minutes: number): Instant => START + BigInt(minutes) * MINUTE;

let folder: string;
let offline: OfflineEngine;
let records: Records;
let online: OnlineStore;
let context: GuardContext;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-set-aside-"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 1 });
  records = await openRecords(await testDatabase(folder));
  online = lmdbStore(join(folder, "online"), { durable: false });
  context = {
    offline,
    records,
    blobs: fileBlobs(join(folder, "blobs")),
    clock: replayClock(after(1000)),
    random: (size) => randomBytes(size),
    actor: "tester",
    temporaryFolder: join(folder, "tmp"),
  };
});
afterAll(async () => {
  await online.close();
  await records.close();
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

let worlds = 0;
/** A source of its own folder, of rows that name themselves or not. */
function newSource(how: "id" | "no id") {
  worlds += 1;
  const name = `rows_${worlds}`;
  const source = parquet(name, {
    path: `${name}/*.parquet`,
    columns: { id: t.string(), thing: t.string(), amount: t.float64().optional(), at: t.timestamp() },
    eventTime: "at",
    ...(how === "id" ? { id: "id" as const } : {}),
    expect: [between("amount", 0, 100)],
  });
  const view = featureView(`view_${worlds}`, {
    entity: entity("thing", { thing: t.string() }),
    source,
    features: { n: count().over(hours(24)) },
  });
  return { name, spec: specOf(source), view: specOf(view) };
}
type World = ReturnType<typeof newSource>;

interface Row {
  readonly id: number;
  readonly minute: number;
  readonly amount: number;
}
const rowOf = ({ id, minute, amount }: Row): string =>
  `('row ' || ${id}, 'thing ' || ${id % 3}, '${amount}'::DOUBLE, make_timestamp(${after(minute)}))`;
/** Writes a file; one without rows has a good one. */
const write = ({ name }: World, file: string, rows: readonly Row[]): Promise<unknown> =>
  offline.writeParquet(
    `SELECT * FROM (VALUES ${(rows.length > 0 ? rows : [{ id: 100 + file.charCodeAt(0), minute: 0, amount: 1 }]).map(rowOf).join(", ")}) v(id, thing, amount, "at")`,
    join(folder, name, `${file}.parquet`),
  );

const look = async ({ spec }: World, to: number) => {
  await offline.check(spec);
  return setAside(context, spec, after(to));
};
const filesOf = ({ name }: World, status: QuarantineFilter["status"]) =>
  listQuarantine(context, { source: name, status: status ?? "held", limit: 10_000 });

/** The rows held, in words, sorted. */
async function held(world: World): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { id } of await filesOf(world, "held"))
    for (const { row } of (await readQuarantine(context, id, 1000)).rows)
      found.push(`${row["id"]} ${row["amount"]} ${((row["at"] as bigint) - START) / MINUTE}`);
  return found.sort();
}
const text = ({ id, amount, minute }: Row): string => `row ${id} ${amount} ${minute}`;

async function replay({ spec, view }: World): Promise<void> {
  await offline.check(spec);
  for (const { batch } of await releasable(context, [spec])) await release(context, online, spec, [view], batch);
}

test("a bad row in a file that comes late is copied once, with its reason and file; mended, it is let in online", async () => {
  const world = newSource("id");
  await write(world, "a", [
    { id: 1, minute: 10, amount: 5 },
    { id: 2, minute: 20, amount: 500 },
  ]);
  const keyed = onlineView(world.view);
  const bring = async (to: number) => {
    const found = await enforce(context, [world.spec], after(to));
    await keepUp({ offline, online }, keyed, after(to));
    return found;
  };
  const counted = async (thing: string) => (await readOnline(online, [keyed], { thing }, after(70)))[0]?.values["n"];
  await bring(60);
  expect(await held(world)).toEqual(["row 2 500 20"]);

  const late = [
    { id: 3, minute: 15, amount: -1 },
    { id: 4, minute: 30, amount: 7 },
    { id: 5, minute: 12, amount: Number.NaN },
  ];
  await write(world, "b", late);
  expect((await bring(61)).setAside).toEqual([
    { source: world.name, rows: 2, reasons: { 'between("amount", 0, 100)': 2 } },
  ]);
  expect(await held(world)).toEqual(["row 2 500 20", "row 3 -1 15", "row 5 NaN 12"]);
  const batch = (await filesOf(world, "held")).find(({ rows }) => rows === 2);
  expect(batch).toMatchObject({ kind: "known", knownFrom: after(12) - 1n, knownTo: after(15) });
  const { rows } = await readQuarantine(context, batch?.id ?? "");
  expect(rows.map(({ reasons, file, known }) => ({ reasons, file, known }))).toEqual(
    [12, 15].map((minute) => ({
      reasons: ['between("amount", 0, 100)'],
      file: join(folder, world.name, "b.parquet"),
      known: after(minute),
    })),
  );
  expect((await bring(62)).setAside).toEqual([]);
  expect(await counted("thing 0")).toBe(0n);

  await write(
    world,
    "b",
    late.map((row) => ({ ...row, amount: 9 })),
  );
  for (let turn = 0; turn < 2; turn += 1) {
    await replay(world);
    expect(await held(world)).toEqual(["row 2 500 20"]);
    expect(await counted("thing 0")).toBe(1n);
    expect(await counted("thing 2")).toBe(1n);
    expect((await bring(63 + turn)).setAside).toEqual([]);
  }
});

test("a late row that was let go of is not copied again, whatever is put beside it; nor is one whose file is renamed or that is changed in its place", async () => {
  const world = newSource("id");
  const bad = (id: number): Row => ({ id, minute: id, amount: 900 });
  await write(world, "a", [bad(1)]);
  await look(world, 60);
  await write(world, "b", [bad(2), bad(3)]);
  expect((await look(world, 61)).rows).toBe(2);
  await dropQuarantine(context, { source: world.spec }, [world.spec]);
  await write(world, "c", [bad(4)]);
  rmSync(join(folder, world.name, "b.parquet"));
  await write(world, "other", [bad(2), { ...bad(3), amount: 901 }]);
  expect((await look(world, 62)).rows).toBe(1);
  expect(await held(world)).toEqual([text(bad(4))]);
});

test("other expectations look at all of it again, what was let go of included", async () => {
  const world = newSource("no id");
  await write(world, "a", [{ id: 1, minute: 1, amount: 300 }]);
  await look(world, 60);
  await write(world, "b", [{ id: 2, minute: 2, amount: 150 }]);
  await look(world, 61);
  await dropQuarantine(context, { source: world.spec }, [world.spec]);
  expect(await context.blobs.list(`dropped/${world.name}/`)).toHaveLength(2);
  const wider = { ...world, spec: { ...world.spec, expect: [specExpectation(200)] } };
  expect((await look(wider, 62)).rows).toBe(1);
  expect(await context.blobs.list(`dropped/${world.name}/`)).toEqual([]);
  expect(await held(world)).toEqual(["row 1 300 1"]);
});

const specExpectation = (limit: number) => {
  const [first] =
    specOf(
      parquet("any", {
        path: "any",
        columns: { amount: t.float64().optional(), at: t.timestamp() },
        eventTime: "at",
        expect: [between("amount", 0, limit)],
      }),
    ).expect ?? [];
  if (!first) throw new Error("no expectation");
  return first;
};

test.each(["id", "no id"] as const)(
  "whatever comes, goes, is mended, dropped and replayed: each bad row is copied as often as it was there (%s)",
  async (how) => {
    const row = fc.record({
      id: fc.integer({ min: 0, max: 5 }),
      minute: fc.integer({ min: 0, max: 80 }),
      amount: fc.constantFrom(5, 500, Number.NaN),
    });
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant("write" as const),
          file: fc.constantFrom("a", "b", "c"),
          rows: fc.array(row, { maxLength: 5 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant("look" as const), minutes: fc.integer({ min: 0, max: 30 }) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("drop" as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("replay" as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
        const world = newSource(how);
        const files = new Map<string, readonly Row[]>();
        const put = async (file: string, rows: readonly Row[]) => {
          files.set(file, rows);
          await write(world, file, rows);
        };
        await put("a", []);
        let now = 10;
        // An id names one row: it gives its moment away.
        const named = (one: Row): Row => (how === "id" ? { ...one, id: one.minute } : one);
        const distinct = (rows: readonly Row[]) =>
          how === "id" ? [...new Map(rows.map((one) => [one.id, one])).values()] : rows;
        const [holding, dropped] = [new Map<string, number>(), new Map<string, number>()];
        const nameOf = (one: Row) => (how === "id" ? `${one.id}` : text(one));
        const present = () => {
          const there = new Map<string, number>();
          for (const one of [...files.values()].flat())
            if (one.amount !== 5 && one.minute <= now) there.set(nameOf(one), (there.get(nameOf(one)) ?? 0) + 1);
          return there;
        };
        const looked = async () => {
          await look(world, now);
          for (const [name, times] of present())
            holding.set(name, Math.max(holding.get(name) ?? 0, times - (dropped.get(name) ?? 0)));
        };
        for (const each of steps) {
          if (each.kind === "write") {
            const others =
              how === "id"
                ? [...files].filter(([file]) => file !== each.file).flatMap(([, rows]) => rows.map(({ id }) => id))
                : [];
            await put(
              each.file,
              distinct(each.rows.map(named)).filter(({ id }) => !others.includes(id) || how === "no id"),
            );
          } else if (each.kind === "look") {
            now += each.minutes;
            await looked();
          } else if (each.kind === "drop") {
            await dropQuarantine(context, { source: world.spec }, [world.spec]);
            for (const [name, times] of holding) dropped.set(name, (dropped.get(name) ?? 0) + times);
            holding.clear();
          } else {
            await looked();
            await replay(world);
            const there = present();
            for (const name of holding.keys())
              holding.set(name, Math.max(0, (there.get(name) ?? 0) - (dropped.get(name) ?? 0)));
          }
          const counts = new Map<string, number>();
          for (const one of await held(world)) {
            const name = how === "id" ? (one.split(" ")[1] ?? "") : one;
            counts.set(name, (counts.get(name) ?? 0) + 1);
          }
          const byName = (map: ReadonlyMap<string, number>) => [...map].filter(([, times]) => times > 0).sort();
          expect(byName(counts)).toEqual(byName(holding));
        }
      }),
      { numRuns: Number(process.env["SLIPWAY_TEST_RUNS"] ?? 15) },
    );
  },
  240_000,
);
