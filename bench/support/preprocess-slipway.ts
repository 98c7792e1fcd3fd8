// Slipway's side of preprocessing.ts, in a process of its own: a training whose trainer only takes in the rows as its matrix, timed from when the training
// set is ready. Arguments: make or fit, Parquet file, rows, folder. `fit` prints one JSON document.

import { DuckDBInstance } from "@duckdb/node-api";
import {
  bucketize,
  byTime,
  impute,
  logLoss,
  model,
  oneHot,
  parquet,
  project,
  robustScale,
  standardize,
  t,
  targetEncode,
  xgboost,
} from "slipway";
import { applyDefinitions, type EngineFactory, openPlatform, trainModel } from "slipway/platform";
import type { Trainer } from "slipway/ports";
import { local } from "slipway/presets";
import { THREADS } from "./project.ts";

const [what = "", file = "", rows = "", folder = ""] = process.argv.slice(2);

async function make(): Promise<void> {
  const cells = ["a", "b", "c", "d", "e", "f", "g", "h"].map(
    (name, place) =>
      `CASE WHEN ${place} > 3 AND random() < 0.05 THEN NULL ELSE (random() - 0.3) * ${(place + 1) * 10} END AS ${name}`,
  );
  const texts = [5, 60, 2000].map((count, place) => `'k' || (hash(i * ${place + 3}) % ${count}) AS t${count}`);
  // The last thousand rows are for validation and test, which every training needs.
  const at = `CASE WHEN i < ${rows} THEN TIMESTAMP '2025-01-01' + to_seconds(i) WHEN i % 2 = 0 THEN TIMESTAMP '2026-01-02' ELSE TIMESTAMP '2026-01-12' END`;
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT 'r' || i AS id, ${at} AS "at", ${[...cells, ...texts].join(", ")}, hash(i) % 3 = 0 AS label FROM range(${Number(rows) + 1000}) r(i)) TO '${file}'`,
  );
}

function definition() {
  const numbers = { a: t.float64(), b: t.float64(), c: t.float64(), d: t.float64() };
  const gaps = {
    ...{ e: t.float64().optional(), f: t.float64().optional(), g: t.float64().optional(), h: t.float64().optional() },
  };
  const texts = { t5: t.string(), t60: t.string(), t2000: t.string() };
  const source = parquet("rows", {
    path: file,
    columns: { id: t.string(), at: t.timestamp(), ...numbers, ...gaps, ...texts, label: t.bool() },
    id: "id",
    eventTime: "at",
  });
  return model("prepared", {
    rows: source,
    features: [],
    request: { ...numbers, ...gaps, ...texts },
    preprocess: {
      ...{ a: standardize(), b: standardize(), c: standardize(), d: standardize() },
      e: [impute("median"), robustScale()],
      f: [impute("median"), robustScale()],
      g: [impute("median"), robustScale()],
      h: [impute("median"), bucketize({ quantiles: 10 })],
      t5: oneHot(),
      t60: oneHot(),
      t2000: targetEncode(),
    },
    label: source.label,
    trainer: xgboost(),
    split: byTime({ validateFrom: "2026-01-01", testFrom: "2026-01-10" }),
    metrics: [logLoss()],
  });
}

async function prepare(): Promise<void> {
  const told = { rows: 0, sums: [] as number[], engine: "Slipway", seconds: 0, cpuSeconds: 0 };
  let started = { time: 0, cpu: process.cpuUsage() };
  const counting: Trainer = {
    kind: "xgboost",
    async fit({ inputs, train }) {
      const sums = new Float64Array(inputs.length);
      const kept: Float32Array[] = [];
      for await (const { columns, rowCount } of train) {
        const matrix = new Float32Array(rowCount * inputs.length);
        for (const [place, { name }] of inputs.entries()) {
          const values = columns.find((column) => column.name === name)?.values as Float64Array;
          for (let row = 0; row < rowCount; row += 1) matrix[row * inputs.length + place] = values[row] ?? Number.NaN;
        }
        kept.push(matrix);
        told.rows += rowCount;
      }
      const { user, system } = process.cpuUsage(started.cpu);
      told.seconds = (performance.now() - started.time) / 1000;
      told.cpuSeconds = (user + system) / 1e6;
      for (const matrix of kept)
        for (let cell = 0; cell < matrix.length; cell += 1) sums[cell % inputs.length]! += matrix[cell] ?? 0;
      told.sums = Array.from(sums);
      throw new Error("The rows are counted.");
    },
  };
  const engines: EngineFactory = async (context) => ({
    ...(await local({ threads: THREADS, durable: false })(context)),
    trainers: [counting],
  });
  const platform = await openPlatform({
    config: project({ name: "bench", definitions: { prepared: definition() } }),
    ...{ engines, root: folder, stateDir: `${folder}/.slipway`, cacheDir: folder, env: process.env, actor: "bench" },
  });
  await applyDefinitions(platform);
  const onDataset = (): void => {
    started = { time: performance.now(), cpu: process.cpuUsage() };
  };
  await trainModel(platform, { model: "prepared", onDataset }).catch((thrown: unknown) => {
    if (told.sums.length === 0) throw thrown;
  });
  await platform.close();
  process.stdout.write(JSON.stringify(told));
}

await (what === "make" ? make() : prepare());
process.exit(0);
