// The parity audit: silent over reads that were right when they were made, and exact about those that were not.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { days, hours, type Value } from "../core/core.ts";
import { age, count, entity, featureView, latest, mean, parquet, specOf, t } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { lmdbStore } from "../engines/lmdb/lmdb.ts";
import type { OfflineEngine, OnlineStore } from "../ports/ports.ts";
import { auditView, keyColumn, materializeView, onlineView, readOnline } from "./features.ts";
import { valuesSql, writeRows } from "./written-rows.fixture.ts";

let folder: string;
let offline: OfflineEngine;
let online: OnlineStore;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-audit-"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 2 });
  online = lmdbStore(join(folder, "store"), { durable: false });
});
afterAll(async () => {
  await online.close();
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

const START = BigInt(Date.UTC(2024, 0, 1)) * 1000n;

test("finds nothing in reads that lagged behind and one mismatch in a value that was changed", async () => {
  const path = join(folder, "visits.parquet");
  const source = parquet("visits", {
    path,
    columns: { shop: t.string(), at: t.timestamp(), known: t.timestamp().optional(), spent: t.float64().optional() },
    eventTime: "at",
    createdAt: "known",
  });
  const view = specOf(
    featureView("shops", {
      entity: entity("shop", { shop: t.string() }),
      source,
      ttl: days(1),
      features: {
        n: count().over(hours(3)),
        spent: mean(source.spent).over(hours(24)),
        last: latest(source.spent),
        since: age(hours(1)),
      },
    }),
  );
  const rows = Array.from({ length: 200 }, (_, index) => ({
    shop: index % 3 === 0 ? "a" : "b",
    at: START + BigInt(index) * hours(0.5),
    known: index % 4 === 0 ? START + BigInt(index) * hours(0.5) + hours(index % 5) : null,
    spent: index % 7 === 0 ? null : index / 10,
  }));
  await writeRows(offline, view.source, rows);
  const compiled = onlineView(view);
  const logged: Value[][] = [];
  for (let through = START; through < START + days(5); through += hours(5)) {
    await materializeView({ offline, online }, compiled, through);
    for (const shop of ["a", "b", "c", null]) {
      const at = through + hours(logged.length % 3);
      const [read] = await readOnline(online, [compiled], { shop }, at);
      logged.push([`r${logged.length}`, at, through, shop, ...Object.values(read?.values ?? {})]);
    }
  }
  const schema = [
    { name: "id", type: "string" },
    { name: "t", type: "int64" },
    { name: "cutoff", type: "int64" },
    { name: "#shop", type: "string" },
    ...view.features.map(({ name, type }) => ({ name: `read_${name}`, type })),
  ] as const;
  expect(keyColumn(offline.dialect, "shop")).toBe('"#shop"');
  const features = view.features.map(({ name }) => name);
  const audit = () =>
    auditView(offline, { view, features, sql: `SELECT * FROM ${valuesSql(offline.dialect, schema, logged)}` });
  expect(await audit()).toEqual({ view: "shops", reads: logged.length, mismatches: 0, examples: [] });
  const wrong = logged[41] ?? [];
  const right = wrong[4];
  wrong[4] = 99n;
  expect(await audit()).toEqual({
    view: "shops",
    reads: logged.length,
    mismatches: 1,
    examples: [{ id: "r41", view: "shops", feature: "n", online: "99", offline: String(right) }],
  });
  wrong[4] = null;
  expect((await audit()).examples).toEqual([
    { id: "r41", view: "shops", feature: "n", online: null, offline: String(right) },
  ]);
});
