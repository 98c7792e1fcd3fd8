// A project whose rows have thirty numbers and nothing to look up, so that a batch prediction is reading, scoring and writing alone.

import { DuckDBInstance } from "@duckdb/node-api";
import { auc, byTime, days, model, parquet, project, t, xgboost } from "slipway";
import type { OpenOptions, ProjectConfig } from "slipway/platform";
import { local } from "slipway/presets";
import { THREADS } from "./project.ts";

/** Inputs of a row. */
export const WIDTH = 30;
/** Trees of the model. */
export const TREES = 300;

type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
type Numbers = Record<`x${Digit}` | `x1${Digit}` | `x2${Digit}`, ReturnType<typeof t.float32>>;
const numbers = Object.fromEntries(Array.from({ length: WIDTH }, (_, n) => [`x${n}`, t.float32()])) as Numbers;
const rows = parquet("rows", {
  path: "rows.parquet",
  columns: { id: t.string(), at: t.timestamp(), ...numbers },
  id: "id",
  eventTime: "at",
});
const outcomes = parquet("outcomes", {
  path: "outcomes.parquet",
  columns: { id: t.string(), at: t.timestamp(), late: t.bool() },
  id: "id",
  eventTime: "at",
});
const late = model("late", {
  rows,
  features: [],
  request: numbers,
  label: outcomes.late,
  trainer: xgboost({ rounds: TREES, learningRate: 0.1, maxDepth: 6, earlyStoppingRounds: 0 }),
  split: byTime({ validate: days(2), test: days(2) }),
  metrics: [auc()],
});

/** The project. */
export const batchConfig: ProjectConfig = project({ name: "batch", definitions: { rows, outcomes, late } });

/** How the project is opened. */
export function batchOptions(folder: string): OpenOptions {
  return {
    config: batchConfig,
    engines: local({ threads: THREADS }),
    root: folder,
    stateDir: `${folder}/state`,
    cacheDir: process.env["SLIPWAY_CACHE"] ?? `${process.env["HOME"]}/.cache/slipway`,
    env: process.env,
    actor: "bench",
  };
}

/** Writes rows to learn from, and `count` to predict. */
export async function writeBatch(folder: string, count: number): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const cell = (n: number): string => `((hash(i * ${WIDTH} + ${n}) % 1000003) / 1000003.0)::FLOAT AS x${n}`;
  const cells = Array.from({ length: WIDTH }, (_, n) => cell(n)).join(", ");
  const made = (from: number, rowCount: number): string =>
    `SELECT 'r' || i AS id, TIMESTAMP '2025-01-01' + INTERVAL (i * 17 % 864000) SECOND AS at, ${cells} FROM range(${from}, ${from + rowCount}) r(i)`;
  await connection.run(`COPY (${made(0, 50_000)}) TO '${folder}/rows.parquet'`);
  await connection.run(
    `COPY (SELECT id, "at" + INTERVAL 1 HOUR AS "at", x0 * x1 + sin(9 * x2) * x3 + x4 > 0.9 AS late FROM '${folder}/rows.parquet') TO '${folder}/outcomes.parquet'`,
  );
  await connection.run(`COPY (${made(1_000_000, count)}) TO '${folder}/asked.parquet'`);
  connection.closeSync();
}
