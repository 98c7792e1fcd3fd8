// A snapshot is computed once for one state of definitions and sources, and found again until either changes.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { columnOf, days, hours, type Value, valueAt } from "../core/core.ts";
import {
  auc,
  byTime,
  count,
  entity,
  featureView,
  logLoss,
  type ModelSpec,
  model,
  multiclass,
  ndcg,
  parquet,
  ranking,
  specOf,
  t,
  xgboost,
} from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { fileBlobs } from "../engines/files/files.ts";
import { cutDataset, type Dataset, type DatasetEngines, ensureSnapshot, labelClasses, streamPart } from "./datasets.ts";

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

/** Whole numbers that are one and the same float64. */
const [NEAR, NEXT] = [9007199254740992n, 9007199254740993n];

/** A hundred searches, by turns of two ids, with a grade. */
const searches = parquet("searches", {
  path: "searches.parquet",
  columns: { key: t.string(), at: t.timestamp(), id: t.int64(), grade: t.int64(), x: t.int64() },
  id: "key",
  eventTime: "at",
});
const searched = {
  rows: searches,
  features: [],
  request: { x: t.int64() },
  split: byTime({ validate: days(1), test: days(1) }),
} as const;

async function searchedDataset(spec: ModelSpec): Promise<Dataset> {
  await engines.offline.writeParquet(
    `SELECT 'r' || range AS key, TIMESTAMP '2025-01-01' + to_hours(range::INTEGER) AS at, ${NEAR} + range % 2 AS id, range % 3 AS grade, range AS x FROM range(100)`,
    join(folder, "searches.parquet"),
  );
  const snapshot = await ensureSnapshot(engines, spec);
  return cutDataset(engines, snapshot, {
    validateFrom: snapshot.newest - days(2),
    testFrom: snapshot.newest - days(1),
  });
}

async function cellsOf(dataset: Dataset, name: string): Promise<readonly Value[]> {
  const cells: Value[] = [];
  for await (const table of streamPart(engines, dataset, "train", name === "label" ? [] : [name])) {
    const column = columnOf(table, name);
    for (let row = 0; row < table.rowCount; row += 1) cells.push(valueAt(column, row));
  }
  return cells;
}

test("groups whose ids are one apart above 2^53 stay apart, and the rows of each come together", async () => {
  const spec = specOf(
    model("rank", {
      ...searched,
      label: searches.grade,
      group: searches.id,
      trainer: xgboost({ task: ranking() }),
      metrics: [ndcg()],
    }),
  );
  const dataset = await searchedDataset(spec);
  expect(await cellsOf(dataset, "label_group")).toEqual([...Array(26).fill(NEAR), ...Array(25).fill(NEXT)]);
  // What becomes a number is no bigint.
  expect((await cellsOf(dataset, "label")).slice(0, 3)).toEqual([0, 2, 1]);
  expect((await cellsOf(dataset, "x")).slice(0, 3)).toEqual([0, 2, 4]);
});

test("classes that are one apart above 2^53 are the ones that rows come with", async () => {
  const spec = specOf(
    model("which", {
      ...searched,
      label: searches.id,
      trainer: xgboost({ task: multiclass() }),
      metrics: [logLoss()],
    }),
  );
  const dataset = await searchedDataset(spec);
  const classes = await labelClasses(engines, dataset, 10);
  expect(classes.map(({ name }) => name)).toEqual([String(NEAR), String(NEXT)]);
  expect((await cellsOf(dataset, "label")).slice(0, 3)).toEqual([NEAR, NEXT, NEAR]);
});
