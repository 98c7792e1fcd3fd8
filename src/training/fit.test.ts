// Classes that are balanced by what their rows weigh: the totals that the trainer is given, and what a real fit makes of them.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { columnOf, days, hours, numberAt, type Table, valueAt } from "../core/core.ts";
import { cutDataset, ensureSnapshot } from "../datasets/datasets.ts";
import {
  binary,
  byTime,
  logLoss,
  type ModelSpec,
  model,
  multiclass,
  parquet,
  platt,
  specOf,
  t,
  xgboost,
} from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { fileBlobs } from "../engines/files/files.ts";
import { xgboostRuntime, xgboostTrainer } from "../engines/xgboost/xgboost.ts";
import type { TrainingJob } from "../ports/ports.ts";
import { fitModel } from "./fit.ts";

const options = {
  env: process.env,
  cacheDir: fileURLToPath(new URL("../../node_modules/.cache/slipway", import.meta.url)),
};
const SLOW = { timeout: 120_000 };
const folder = mkdtempSync(join(tmpdir(), "slipway-fit-"));
let offline: Awaited<ReturnType<typeof duckdb>>;
beforeAll(async () => {
  mkdirSync(join(folder, "tmp"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "tmp"), threads: 1 });
  // One row in ten is late and weighs a half, the others 3 to 3.5.
  await offline.writeParquet(
    `SELECT 'r' || i AS key, TIMESTAMP '2025-01-01' + to_hours(i::INTEGER) AS at, 1::DOUBLE AS x, i % 10 = 0 AS late, CASE WHEN i % 10 = 0 THEN 'late' WHEN i % 3 = 0 THEN 'early' ELSE 'in time' END AS class, (CASE WHEN i % 10 = 0 THEN 0.5 ELSE 3 + (i % 3) * 0.25 END)::DOUBLE AS w FROM range(400) r(i)`,
    join(folder, "rides.parquet"),
  );
});
afterAll(async () => {
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

const rides = parquet("rides", {
  path: "rides.parquet",
  columns: {
    ...{ key: t.string(), at: t.timestamp(), x: t.float64(), late: t.bool() },
    ...{ class: t.string(), w: t.float64() },
  },
  id: "key",
  eventTime: "at",
});
const common = {
  rows: rides,
  features: [],
  request: { x: t.float64() },
  split: byTime({ validate: days(2), test: days(2) }),
  metrics: [logLoss()],
} as const;
const fitted = { balance: true, rounds: 80, learningRate: 0.3, l2: 0, earlyStoppingRounds: 0 } as const;
const isLate = { ...common, label: rides.late, trainer: xgboost({ ...fitted, task: binary() }) } as const;
const whichClass = { ...common, label: rides.class, trainer: xgboost({ ...fitted, task: multiclass() }) } as const;

/** Fits by the real trainer, and adds up what the rows of each class count in it. */
async function totalsOf(spec: ModelSpec) {
  const totals: Record<string, number> = {};
  async function* counted(job: TrainingJob): AsyncGenerator<Table> {
    for await (const table of job.train) {
      for (let row = 0; row < table.rowCount; row += 1) {
        const label = String(valueAt(columnOf(table, job.label), row));
        const own = job.weight === undefined ? 1 : (numberAt(columnOf(table, job.weight), row) ?? Number.NaN);
        const ofClass = job.classWeights?.[job.classes?.indexOf(label) ?? -1] ?? 1;
        const ofTrue = label === "true" ? Number(job.parameters["scale_pos_weight"] ?? 1) : 1;
        totals[label] = (totals[label] ?? 0) + own * ofClass * ofTrue;
      }
      yield table;
    }
  }
  const trainer = xgboostTrainer(options);
  const engines = {
    ...{ offline, root: folder, temporaryFolder: join(folder, "tmp"), threads: 1 },
    blobs: fileBlobs(join(folder, "blobs")),
    trainers: [
      { ...trainer, fit: ((job, watch) => trainer.fit({ ...job, train: counted(job) }, watch)) as typeof trainer.fit },
    ],
    runtimes: [xgboostRuntime(options)],
  };
  const snapshot = await ensureSnapshot(engines, spec);
  const bounds = { validateFrom: snapshot.newest - days(4), testFrom: snapshot.newest - days(2) };
  const { tested } = await fitModel(engines, { model: spec, dataset: await cutDataset(engines, snapshot, bounds) });
  return { totals: Object.values(totals), scores: tested.scores };
}

test.each([
  ["with weights", { weight: rides.w }],
  ["without", {}],
])("both classes of a balanced binary model weigh the same, %s", SLOW, async (name, beside) => {
  const { totals, scores } = await totalsOf(specOf(model(`late_${name.replace(" ", "_")}`, { ...isLate, ...beside })));
  expect(totals).toHaveLength(2);
  expect(totals[0]).toBeCloseTo(totals[1] ?? Number.NaN, 6);
  for (const score of scores) expect(score).toBeCloseTo(0.5, 3);
});

test.each([
  ["with weights", { weight: rides.w }],
  ["without", {}],
])("every class of a balanced multi-class model weighs the same, %s", SLOW, async (name, beside) => {
  const { totals, scores } = await totalsOf(
    specOf(model(`class_${name.replace(" ", "_")}`, { ...whichClass, ...beside })),
  );
  expect(totals).toHaveLength(3);
  for (const total of totals) expect(total).toBeCloseTo(totals[0] ?? Number.NaN, 6);
  for (const score of scores) expect(score).toBeCloseTo(1 / 3, 3);
});

test("validation rows without a class are refused by their labels, before a calibrated model is fitted", async () => {
  const begun: string[] = [];
  const fit = (): never => {
    begun.push("fit");
    throw new Error("fitted");
  };
  const engines = {
    ...{ offline, root: folder, temporaryFolder: join(folder, "tmp"), threads: 1 },
    blobs: fileBlobs(join(folder, "blobs")),
    trainers: [{ ...xgboostTrainer(options), fit }],
    runtimes: [],
  };
  for (const [spec, missing] of [
    [model("late_curve", { ...isLate, calibrate: platt() }), "0 of the 4 validation rows are true"],
    [model("class_curve", { ...whichClass, calibrate: platt() }), '0 of the 4 validation rows are "late"'],
  ] as const) {
    const snapshot = await ensureSnapshot(engines, specOf(spec));
    // Of ten rows in a row one is late: here are four of the nine others.
    const bounds = { validateFrom: snapshot.newest - hours(8), testFrom: snapshot.newest - hours(4) };
    const dataset = await cutDataset(engines, snapshot, bounds);
    await expect(fitModel(engines, { model: specOf(spec), dataset })).rejects.toMatchObject({
      code: "LABEL_SINGLE_CLASS",
      message: expect.stringContaining(missing),
    });
  }
  expect(begun).toEqual([]);
});
