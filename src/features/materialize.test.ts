// How materialisation moves: by known time, in commits that never part what became known together.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hours, minutes, type Value } from "../core/core.ts";
import { count, entity, featureView, latest, parquet, specOf, sum, t } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { lmdbStore } from "../engines/lmdb/lmdb.ts";
import type { OfflineEngine, OnlineStore } from "../ports/ports.ts";
import { metaKey } from "./entity-key.ts";
import { materializedThrough, materializeView, type OnlineView, onlineView, readOnline } from "./features.ts";

let folder: string;
let offline: OfflineEngine;
let online: OnlineStore;
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

  test("are refused to reads before the end of a first run that was killed, for it left out what only they would see", async () => {
    const view = onlineView({ ...spec, name: "bulk_killed" });
    const to = START + hours(2) + minutes(4);
    const stop = new AbortController();
    const onProgress = (): void => stop.abort();
    await materializeView({ offline, online }, view, to, { signal: stop.signal, onProgress }).catch(() => undefined);
    await expect(read(view, 3n, to - 1n)).rejects.toMatchObject({ code: "INPUT_INVALID" });
    expect((await read(view, 3n, to))["n"]).toBe(100n);
    await materializeView({ offline, online }, view, START + hours(2));
    await expect(read(view, 3n, START + hours(2))).rejects.toThrow("for the first time");
  });

  test("can be stopped between batches, and say how far they have come", async () => {
    const view = onlineView({ ...spec, name: "bulk_stopped" });
    const to = START + hours(2);
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
    for (const written of [`${START}`, `${START} ${START + 1n}`, `v3 ${START}`]) {
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
