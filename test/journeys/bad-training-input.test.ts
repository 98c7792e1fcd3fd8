// Training rows as they come in bad exports: columns that hold nothing, groups torn apart, ids beyond 2^53 as classes, and a trainer that dies. Each is
// named or refused, and nothing is left half made.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  auc,
  byTime,
  days,
  logLoss,
  model,
  multiclass,
  ndcg,
  parquet,
  project,
  ranking,
  SlipwayError,
  t,
  xgboost,
} from "../../src/index.ts";
import {
  applyDefinitions,
  evaluateVersion,
  getVersion,
  listRuns,
  openPlatform,
  type Platform,
  trainModel,
} from "../../src/platform/platform.ts";
import type { Trainer } from "../../src/ports/ports.ts";
import { worldOptions } from "./deliveries.fixture.ts";

const columns = {
  ...{ key: t.string(), at: t.timestamp(), x: t.float64(), nothing: t.float64().optional(), same: t.int32() },
  ...{ late: t.bool(), shop: t.int64(), grade: t.int32(), query: t.int32() },
} as const;
const asks = (name: string, path = `${name}.parquet`) => parquet(name, { path, columns, id: "key", eventTime: "at" });
const rows = asks("asks");
const torn = asks("torn");
const common = {
  features: [],
  request: { x: t.float64(), nothing: t.float64().optional(), same: t.int32() },
  split: byTime({ validate: days(5), test: days(5) }),
} as const;
const quick = { rounds: 8, learningRate: 0.3, maxDepth: 3 } as const;
const ranked = (name: string, source: typeof rows) =>
  model(name, {
    ...common,
    rows: source,
    label: source.grade,
    group: source.query,
    trainer: xgboost({ ...quick, task: ranking() }),
    metrics: [ndcg()],
  });
const definitions = {
  empty: model("empty", { ...common, rows, label: rows.late, trainer: xgboost(quick), metrics: [auc()] }),
  shops: model("shops", {
    ...common,
    rows,
    label: rows.shop,
    trainer: xgboost({ ...quick, task: multiclass() }),
    metrics: [logLoss()],
  }),
  sorted: ranked("sorted", rows),
  torn: ranked("torn", torn),
};

let folder: string;
let platform: Platform;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-bad-training-"));
  await mkdir(join(folder, "data"));
  platform = await openPlatform({ ...worldOptions(folder), config: project({ name: "bad", definitions }) });
  // 1,200 rows over 30 days; shops 2^53 and 2^53 + 1 are one float64.
  const sql = `SELECT 'a' || i AS key, TIMESTAMP '2025-03-01' + to_minutes((i * 36)::INTEGER) AS at, (hash(i) % 100)::DOUBLE AS x,
    NULL::DOUBLE AS nothing, 7::INTEGER AS same, hash(i) % 100 > 60 AS late,
    (CASE WHEN hash(i) % 100 > 66 THEN 9007199254740993 WHEN hash(i) % 100 > 33 THEN 9007199254740992 ELSE 3 END)::BIGINT AS shop,
    ((hash(i) % 100) / 34)::INTEGER AS grade, (i // 12)::INTEGER AS query FROM range(1200) r(i)`;
  await platform.engines.offline.writeParquet(sql, join(folder, "asks.parquet"));
  // The same rows in an order in which no two of a group are neighbours.
  await platform.engines.offline.writeParquet(
    `SELECT * FROM (${sql}) ORDER BY hash(key)`,
    join(folder, "torn.parquet"),
  );
  await applyDefinitions(platform);
}, 60_000);
afterAll(async () => {
  await platform.close();
  await rm(folder, { recursive: true, force: true });
});

test("columns without a value and with one value only are named, and train as what they are", {
  timeout: 60_000,
}, async () => {
  const { findings, version } = await trainModel(platform, { model: "empty" });
  const found = findings.map(({ code, column }) => `${code} ${column}`);
  expect(found).toContain("COLUMN_ALL_NULL nothing");
  expect(found).toContain("COLUMN_CONSTANT same");
  expect(version.importance.map(({ input }) => input)).toEqual(["x"]);
});

test("classes whose numbers are one float64 stay two, in training and when they are judged", {
  timeout: 60_000,
}, async () => {
  const { fitted } = await trainModel(platform, { model: "shops" });
  expect(fitted.classes).toEqual(["3", "9007199254740992", "9007199254740993"]);
  const { confusion, metrics } = await evaluateVersion(platform, { version: "shops@1", resamples: 50 });
  expect(confusion?.classes.map(({ name, rows: came }) => [name, came > 0])).toEqual([
    ["3", true],
    ["9007199254740992", true],
    ["9007199254740993", true],
  ]);
  expect(metrics.find(({ name }) => name === "accuracy")?.value).toBeGreaterThan(0.95);
});

test("groups whose rows come apart are put together: the model is the same", { timeout: 60_000 }, async () => {
  const [sorted, apart] = [
    await trainModel(platform, { model: "sorted" }),
    await trainModel(platform, { model: "torn" }),
  ];
  expect(apart.version.artifactHash).toBe(sorted.version.artifactHash);
  expect(apart.fitted.test).toEqual(sorted.fitted.test);
});

test.each([
  ["is killed, as a system short of memory does", "TRAINER_FAILED"],
  ["has no memory left", "MEMORY_EXHAUSTED"],
] as const)("a trainer that %s leaves a failed run and no version", { timeout: 60_000 }, async (why, code) => {
  const { trainers } = platform.engines;
  const real = trainers.find(({ kind }) => kind === "xgboost");
  if (real === undefined) throw new Error("no trainer");
  const dying: Trainer = {
    kind: "xgboost",
    fit: async (job, watch) => {
      await real.fit({ ...job, rounds: 2 }, watch);
      throw new SlipwayError(code, `The training process ${why}.`);
    },
  };
  const engines = { ...platform.training.engines, trainers: [dying] };
  const broken = { ...platform, training: { ...platform.training, engines } };
  await expect(trainModel(broken, { model: "empty" })).rejects.toMatchObject({ code });
  const failed = (await listRuns(platform.registry, { model: "empty", status: "failed" })).filter(({ error }) =>
    error?.includes(why),
  );
  expect(failed).toHaveLength(1);
  await expect(getVersion(platform.registry, "empty", 2)).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
});
