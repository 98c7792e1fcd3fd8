// How materialisation moves: by known time, in commits that never part what became known together.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hours, SlipwayError, type Value } from "../core/core.ts";
import { count, entity, featureView, last, latest, parquet, specOf, sum, t } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { lmdbStore } from "../engines/lmdb/lmdb.ts";
import type { JointOnlineStore, OfflineEngine, OnlineStore } from "../ports/ports.ts";
import { metaKey } from "./entity-key.ts";
import { materializedThrough, materializeView, type OnlineView, onlineView, readOnline } from "./features.ts";

let folder: string;
let offline: OfflineEngine;
let online: JointOnlineStore;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-materialize-"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 2 });
  online = lmdbStore(join(folder, "store"), { durable: false });
});
afterAll(async () => {
  await online.close();
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

const START = BigInt(Date.UTC(2024, 0, 1)) * 1000n;
const thing = entity("thing", { id: t.int64() });

async function read(view: OnlineView, id: bigint, at: bigint): Promise<Readonly<Record<string, Value>>> {
  const [answer] = await readOnline(online, [view], { id }, at);
  return answer?.values ?? {};
}

describe("rows that became known at the same moment", () => {
  const source = parquet("bulk", {
    path: "bulk.parquet",
    columns: { id: t.int64(), happened: t.timestamp(), known: t.timestamp() },
    eventTime: "happened",
    createdAt: "known",
  });
  const spec = specOf(
    featureView("bulk_counts", {
      entity: thing,
      source,
      features: { n: count().over(hours(2)), s: sum(source.id).over(hours(2)) },
    }),
  );
  // 1,000 rows by hour 1, 150,000 at hour 1 exactly, which are more than two batches, and 1,000 after it.
  const known = `${START} + CASE WHEN i < 1000 THEN 3599999999 WHEN i < 151000 THEN 3600000000 ELSE 3600000001 END`;
  beforeAll(() =>
    offline.writeParquet(
      `SELECT i % 10 AS id, make_timestamp(${START} + i) AS happened, make_timestamp((${known})::BIGINT) AS known FROM (SELECT range AS i FROM range(152000)) ORDER BY hash(i)`,
      join(folder, "bulk.parquet"),
    ),
  );

  test("are committed together, however many batches they fill, and a killed run goes on after them", async () => {
    const view = onlineView(spec);
    const to = START + hours(2);
    await materializeView({ offline, online }, view, START - 1n);
    for (let lives = 0; ; lives += 1) {
      let commits = 0;
      const mortal: OnlineStore = {
        ...online,
        async update(...args) {
          await online.update(...args);
          commits += 1;
          if (commits === 1) throw new Error("killed");
        },
      };
      const outcome = await materializeView({ offline, online: mortal }, view, to).then(
        () => "done",
        (error: Error) => error.message,
      );
      const through = await materializedThrough(online, view);
      if (through === undefined) throw new Error("nothing was committed");
      const total = through < START + hours(1) ? 1000n : through === START + hours(1) ? 151_000n : 152_000n;
      expect((await read(view, 3n, to))["n"]).toBe(total / 10n);
      expect((await read(view, 3n, to))["s"]).toBe((total / 10n) * 3n);
      if (outcome === "done") break;
      expect(outcome).toBe("killed");
      expect(lives).toBeLessThan(10);
    }
    expect(await materializedThrough(online, view)).toBe(to);
  });

  test("can be stopped between batches, and say how far they have come", async () => {
    const view = onlineView({ ...spec, name: "bulk_stopped" });
    const to = START + hours(2);
    await materializeView({ offline, online }, view, START - 1n);
    const stop = new AbortController();
    const stopped = materializeView({ offline, online }, view, to, {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
    const progress: number[] = [];
    const done = await materializeView({ offline, online }, view, to, {
      onProgress: ({ rows }) => progress.push(rows),
    });
    expect(done).toEqual({ view: "bulk_stopped", rows: 151_000, through: to });
    expect(progress).toEqual([150_000, 151_000]);
    expect((await read(view, 0n, to))["n"]).toBe(15_200n);
    expect((await materializeView({ offline, online }, view, to)).rows).toBe(0);
  });
});

describe("a first run", () => {
  const source = parquet("many", {
    path: "many.parquet",
    columns: { id: t.int64(), at: t.timestamp(), amount: t.float64(), known: t.int64(), last: t.int64(), n: t.int64() },
    eventTime: "at",
  });
  // Columns are called what the statement's own might be.
  const features = { n: count().over(hours(2)), s: sum(source.amount).over(hours(2)), newest: latest(source.known) };
  const spec = specOf(featureView("many", { entity: thing, source, features }));
  const folded = specOf(
    featureView("many_folded", {
      entity: thing,
      source,
      features: { ...features, v: last(source.amount).over(hours(2)) },
    }),
  );
  const KEYS = 17_000;
  const to = START + hours(1);
  const write = (keys: number): Promise<unknown> =>
    offline.writeParquet(
      `SELECT (i % ${keys}) - 100 AS id, make_timestamp(${START} + i) AS at, i / 7.0 AS amount, i AS known, i AS last, i AS n FROM (SELECT range AS i FROM range(${2 * keys})) ORDER BY hash(i)`,
      join(folder, "many.parquet"),
    );
  beforeAll(() => write(KEYS));

  async function contents(view: OnlineView): Promise<readonly string[]> {
    const entries: string[] = [];
    for await (const { key, value } of online.scan(view.namespace))
      entries.push(`${Buffer.from(key).toString("hex")}=${Buffer.from(value).toString("hex")}`);
    return entries;
  }

  /** A store whose process dies before its `writes`-th update or after it. */
  const mortal = (writes: number, when: "before" | "after"): OnlineStore => {
    let left = writes;
    const counted = async (write: () => Promise<void>): Promise<void> => {
      left -= 1;
      if (left === 0 && when === "before") throw new Error("killed");
      await write();
      if (left === 0) throw new Error("killed");
    };
    const store: JointOnlineStore = {
      ...online,
      update: (...args) => counted(() => online.update(...args)),
      updateTogether: (...args) => counted(() => online.updateTogether(...args)),
    };
    return store;
  };

  for (const each of [spec, folded])
    test(`of ${each.name}, killed at any write, shows nothing, and the next one gives what an undisturbed one gives`, async () => {
      const view = onlineView(each);
      await materializeView({ offline, online }, view, to);
      const whole = await contents(view);
      expect(whole).toHaveLength(1 + KEYS);
      for (const when of ["before", "after"] as const)
        for (const writes of [2, 3]) {
          await online.drop(view.namespace);
          const killed = materializeView({ offline, online: mortal(writes, when) }, view, to);
          await expect(killed).rejects.toThrow("killed");
          if (await materializedThrough(online, view)) continue;
          const [left] = await readOnline(online, [view], { id: -100n }, to);
          expect(left).toMatchObject({ status: "missing", through: null, values: { n: 0n, s: null, newest: null } });
          const done = await materializeView({ offline, online }, view, to);
          expect(done.rows).toBe(2 * KEYS);
          expect(await contents(view)).toEqual(whole);
        }
    });

  for (const each of [spec, folded])
    test(`of ${each.name}, for which there is not the memory, is made a share of the keys after the other, with the same bytes`, async () => {
      const view = onlineView(each);
      await online.drop(view.namespace);
      await materializeView({ offline, online }, view, to);
      const whole = await contents(view);
      await online.drop(view.namespace);
      const asked: string[] = [];
      const small: OfflineEngine = {
        ...offline,
        async *stream(sql) {
          asked.push(sql);
          yield* offline.stream(sql);
          // The memory goes only when much was written already.
          if (!sql.includes("% 16 =")) throw new SlipwayError("MEMORY_EXHAUSTED", "too little");
        },
      };
      const done = await materializeView({ offline: small, online }, view, to);
      expect(done.rows).toBe(2 * KEYS);
      expect(asked.filter((sql) => sql.includes("% 16 ="))).toHaveLength(16);
      expect(await contents(view)).toEqual(whole);
      await online.drop(view.namespace);
      const never: OfflineEngine = {
        ...offline,
        // biome-ignore lint/correctness/useYield: it fails before its first row.
        async *stream() {
          throw new SlipwayError("MEMORY_EXHAUSTED", "too little");
        },
      };
      await expect(materializeView({ offline: never, online }, view, to)).rejects.toMatchObject({
        code: "MEMORY_EXHAUSTED",
      });
    });

  test("leaves no key behind that a killed one had and the source has no more", async () => {
    const view = onlineView({ ...spec, name: "many_fewer" });
    await expect(materializeView({ offline, online: mortal(3, "after") }, view, to)).rejects.toThrow("killed");
    await write(10);
    await materializeView({ offline, online }, view, to);
    expect(await contents(view)).toHaveLength(11);
    await write(KEYS);
  });

  test("that another one overtakes stops with STATE_LOCKED, and the other is whole", async () => {
    const view = onlineView({ ...spec, name: "many_twice" });
    let overtaken: Promise<unknown> | undefined;
    const slow: OnlineStore = {
      ...online,
      async update(...args) {
        await online.update(...args);
        overtaken ??= materializeView({ offline, online }, view, to);
        await overtaken;
      },
    };
    await expect(materializeView({ offline, online: slow }, view, to)).rejects.toMatchObject({ code: "STATE_LOCKED" });
    expect(await contents(view)).toHaveLength(1 + KEYS);
  });

  test("can be stopped, says how much there is, and counts source rows", async () => {
    const view = onlineView({ ...spec, name: "many_stopped" });
    const stop = new AbortController();
    const stopped = materializeView({ offline, online }, view, to, {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await materializedThrough(online, view)).toBeUndefined();
    const progress: unknown[] = [];
    await materializeView({ offline, online }, view, to, { onProgress: (each) => progress.push(each) });
    expect(progress.at(0)).toEqual({ view: "many_stopped", rows: 16_000, total: 34_000, through: to });
    expect(progress.at(-1)).toEqual({ view: "many_stopped", rows: 34_000, total: 34_000, through: to });
  });
});

describe("a static view", () => {
  const source = parquet("planes", { path: "planes.parquet", columns: { id: t.int64(), seats: t.int32().optional() } });
  const view = onlineView(
    specOf(featureView("planes", { entity: thing, source, features: { seats: latest(source.seats) } })),
  );
  const write = (rows: string): Promise<unknown> =>
    offline.writeParquet(`SELECT * FROM (VALUES ${rows}) v(id, seats)`, join(folder, "planes.parquet"));

  test("is replaced as a whole: changed values change, removed keys vanish, and reads at any time are served", async () => {
    await write("(1::BIGINT, 100), (1, 150), (2, 200), (3, NULL)");
    await materializeView({ offline, online }, view, START);
    expect(await read(view, 1n, START - 1n)).toEqual({ seats: 150 });
    expect(await read(view, 2n, START + 1n)).toEqual({ seats: 200 });
    await write("(1::BIGINT, 101), (4, 400)");
    await materializeView({ offline, online }, view, START + 1n);
    const [first, gone, added] = await Promise.all([1n, 2n, 4n].map((id) => readOnline(online, [view], { id }, START)));
    expect(first?.[0]).toMatchObject({ values: { seats: 101 }, status: "present", age: null });
    expect(gone?.[0]).toMatchObject({ values: { seats: null }, status: "missing" });
    expect(added?.[0]?.values).toEqual({ seats: 400 });
    expect(await materializedThrough(online, view)).toBe(START + 1n);
  });
});

describe("an online read", () => {
  const source = parquet("visits", {
    path: "visits.parquet",
    columns: { id: t.int64(), at: t.timestamp() },
    eventTime: "at",
  });
  const view = onlineView(
    specOf(featureView("visits", { entity: thing, source, ttl: hours(1), features: { id_again: latest(source.id) } })),
  );
  beforeAll(async () => {
    await offline.writeParquet(
      `SELECT 1::BIGINT AS id, make_timestamp(${START}) AS at`,
      join(folder, "visits.parquet"),
    );
    await materializeView({ offline, online }, view, START);
  });

  test("says how old its value is, and when it has expired", async () => {
    const [[fresh], [expired], [missing], [nobody]] = await Promise.all([
      readOnline(online, [view], { id: 1n }, START + hours(1)),
      readOnline(online, [view], { id: 1n }, START + hours(1) + 1n),
      readOnline(online, [view], { id: 2n }, START),
      readOnline(online, [view], { id: null }, START),
    ]);
    expect(fresh).toMatchObject({ values: { id_again: 1n }, status: "present", age: hours(1), through: START });
    expect(expired).toMatchObject({ values: { id_again: null }, status: "expired", age: hours(1) + 1n });
    expect(missing).toMatchObject({ values: { id_again: null }, status: "missing", age: null });
    expect(nobody).toMatchObject({ values: { id_again: null }, status: "missing", age: null });
  });

  test("refuses values of another format, with what to run, and leaves them as they are", async () => {
    const older = onlineView({ ...view.spec, name: "visits_of_old" });
    const meta = { namespace: older.namespace, key: metaKey };
    for (const written of [`${START}`, `v2 ${START} ${START + 1n}`, `v3 ${START}`, `v5 ${START}`]) {
      await online.update(older.namespace, [metaKey], () => [new TextEncoder().encode(written)]);
      const refusal = {
        code: "STATE_FORMAT_UNKNOWN",
        message: expect.stringContaining("slipway features materialize"),
      };
      await expect(readOnline(online, [older], { id: 1n }, START)).rejects.toMatchObject(refusal);
      await expect(materializeView({ offline, online }, older, START + 1n)).rejects.toMatchObject(refusal);
      expect(new TextDecoder().decode((await online.get([meta]))[0])).toBe(written);
    }
  });

  test("refuses a time before the watermark, and a key that is left out", async () => {
    await expect(readOnline(online, [view], { id: 1n }, START - 1n)).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(readOnline(online, [view], {}, START)).rejects.toThrow('needs key "id"');
  });
});
