// A snapshot is computed once for one state of definitions and sources, and found again until either changes.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { days, hours } from "../core/core.ts";
import {
  auc,
  byTime,
  count,
  entity,
  featureView,
  type ModelSpec,
  model,
  parquet,
  specOf,
  t,
  xgboost,
} from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { fileBlobs } from "../engines/files/files.ts";
import { cutDataset, type DatasetEngines, ensureSnapshot } from "./datasets.ts";

let folder: string;
let engines: DatasetEngines;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-dataset-"));
  mkdirSync(join(folder, "tmp"));
  engines = {
    offline: await duckdb({ root: folder, temporaryFolder: join(folder, "tmp"), threads: 1 }),
    blobs: fileBlobs(join(folder, "blobs")),
    root: folder,
    temporaryFolder: join(folder, "tmp"),
  };
  await write(100);
});
afterEach(async () => {
  await (engines.offline as { close(): Promise<void> }).close();
  rmSync(folder, { recursive: true, force: true });
});

const write = (rows: number): Promise<unknown> =>
  engines.offline.writeParquet(
    `SELECT 'r' || range AS key, TIMESTAMP '2025-01-01' + to_hours(range::INTEGER) AS at, 'd' || (range % 3) AS driver, range % 4 = 0 AS late FROM range(${rows})`,
    join(folder, "rides.parquet"),
  );

function rideModel(changes: { readonly window?: bigint; readonly rounds?: number } = {}): ModelSpec {
  const rides = parquet("rides", {
    path: "rides.parquet",
    columns: { key: t.string(), at: t.timestamp(), driver: t.string(), late: t.bool() },
    id: "key",
    eventTime: "at",
  });
  const record = featureView("record", {
    entity: entity("driver", { driver: t.string() }),
    source: rides,
    features: { rides: count().over(changes.window ?? hours(10)) },
  });
  return specOf(
    model("ride", {
      rows: rides,
      features: [record],
      label: rides.late,
      trainer: xgboost({ objective: "binary:logistic", rounds: changes.rounds ?? 5 }),
      split: byTime({ validate: days(1), test: days(1) }),
      metrics: [auc()],
    }),
  );
}

const USED_AGAIN = "using the snapshot that is there: definitions and sources are unchanged";
async function snapshotOf(spec: ModelSpec) {
  const notes: string[] = [];
  const snapshot = await ensureSnapshot(engines, spec, (text) => notes.push(text));
  return { ...snapshot, notes };
}

test("the same definitions and sources find the snapshot that is there", async () => {
  const first = await snapshotOf(rideModel());
  expect(first.notes).not.toContain(USED_AGAIN);
  const second = await snapshotOf(rideModel());
  expect(second).toMatchObject({ blob: first.blob, hash: first.hash, rowCount: 100, notes: [USED_AGAIN] });
  expect(await engines.blobs.list("snapshots/")).toEqual([first.blob]);
});

test("how a model is fitted is no part of its snapshot", async () => {
  const first = await snapshotOf(rideModel());
  expect((await snapshotOf(rideModel({ rounds: 50 }))).blob).toBe(first.blob);
});

test("another feature definition is another snapshot", async () => {
  const first = await snapshotOf(rideModel());
  const second = await snapshotOf(rideModel({ window: hours(20) }));
  expect(second.blob).not.toBe(first.blob);
  expect(second.hash).not.toBe(first.hash);
});

test("a source that has changed makes a new snapshot and leaves the old one", async () => {
  const first = await snapshotOf(rideModel());
  await write(101);
  const second = await snapshotOf(rideModel());
  expect(second.rowCount).toBe(101);
  expect(await engines.blobs.list("snapshots/")).toEqual([first.blob, second.blob].sort());
});

test("a dataset's id says which rows: the same bounds the same id, others another", async () => {
  const { notes: _, ...snapshot } = await snapshotOf(rideModel());
  const bounds = { validateFrom: snapshot.newest - days(2), testFrom: snapshot.newest - days(1) };
  const first = await cutDataset(engines, snapshot, bounds);
  expect((await cutDataset(engines, snapshot, { ...bounds })).id).toBe(first.id);
  const { train, validate, test: tested } = first.parts;
  expect(train.rows + validate.rows + tested.rows).toBe(100);
  const other = await cutDataset(engines, snapshot, { ...bounds, testFrom: bounds.testFrom + hours(1) });
  expect(other.id).not.toBe(first.id);
});
