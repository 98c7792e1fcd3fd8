// Side by side with XGBoost's own Python package, for every task and option: the same rows give the same model, byte for byte. Runs where
// SLIPWAY_MLFLOW_PYTHON, or python3, can import xgboost, whose library both then use; skipped elsewhere.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { type Table, tableFrom } from "../../src/core/core.ts";
import { xgboostRuntime, xgboostTrainer } from "../../src/engines/xgboost/xgboost.ts";
import { contractInputs, contractMatrix, contractRows } from "../../src/ports/trainer.contract.ts";
import type { TrainingJob } from "../../src/ports/trainer.ts";
import { libraryOfPython, peerPython } from "./xgboost-library.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-peer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rows = contractRows(1500, 3);
const amount = (place: number): number => {
  const { signal } = rows[place] ?? {};
  return Math.round(1 + 20 * (typeof signal === "number" ? signal : 0.4) + ((place * 7919) % 13)) / 2;
};
const common = { max_depth: 4, eta: 0.3, subsample: 0.8 } as const;

interface Case {
  readonly job: Partial<TrainingJob>;
  /** What Python is told beside the common parameters. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The label of a row, and its other columns by Python's names. */
  readonly label: (place: number) => number;
  readonly columns?: Readonly<Record<string, (place: number) => number>>;
}

const isTrue = (place: number): number => Number(rows[place]?.label);
const regression = (loss: "squared" | "absolute" | "gamma" | "count"): NonNullable<TrainingJob["task"]> => ({
  kind: "regression",
  loss,
});
const cases: Readonly<Record<string, Case>> = {
  squared: { job: { task: regression("squared") }, parameters: { objective: "reg:squarederror" }, label: amount },
  absolute: { job: { task: regression("absolute") }, parameters: { objective: "reg:absoluteerror" }, label: amount },
  gamma: { job: { task: regression("gamma") }, parameters: { objective: "reg:gamma" }, label: amount },
  count: { job: { task: regression("count") }, parameters: { objective: "count:poisson" }, label: amount },
  quantile: {
    job: { task: { kind: "regression", loss: "quantile", at: 0.9 } },
    parameters: { objective: "reg:quantileerror", quantile_alpha: 0.9 },
    label: amount,
  },
  tweedie: {
    job: { task: { kind: "regression", loss: "tweedie", power: 1.3 } },
    parameters: { objective: "reg:tweedie", tweedie_variance_power: 1.3 },
    label: amount,
  },
  multiclass: {
    job: { task: { kind: "multiclass", mostClasses: 9 }, classes: ["0", "1", "2"] },
    parameters: { objective: "multi:softprob", num_class: 3 },
    label: (place) => Math.floor(amount(place)) % 3,
  },
  weighted: {
    job: { task: { kind: "binary" }, weight: "weight" },
    parameters: { objective: "binary:logistic" },
    label: isTrue,
    columns: { weight: (place) => 1 + (place % 4) },
  },
  constrained: {
    job: {
      task: regression("squared"),
      monotone: { signal: "rising" },
      interactions: [["signal", "color"], ["noise"]],
    },
    parameters: {
      objective: "reg:squarederror",
      monotone_constraints: "(0,0,1)",
      interaction_constraints: "[[2, 1], [0]]",
    },
    label: amount,
  },
  margin: {
    job: { task: { kind: "binary" }, baseMargin: "noise" },
    parameters: { objective: "binary:logistic" },
    label: isTrue,
    columns: { base_margin: (place) => Math.fround(rows[place]?.noise as number) },
  },
  dart: {
    job: { task: { kind: "binary" }, parameters: { ...common, booster: "dart", rate_drop: 0.3, one_drop: true } },
    parameters: { objective: "binary:logistic", booster: "dart", rate_drop: 0.3, one_drop: 1 },
    label: isTrue,
  },
  ranking: {
    job: { task: { kind: "ranking", objective: "ndcg" }, group: "qid" },
    parameters: { objective: "rank:ndcg" },
    label: (place) => Math.floor(amount(place)) % 4,
    columns: { qid: (place) => Math.floor(place / 11) },
  },
  survival: {
    job: { task: { kind: "survival", distribution: "logistic", scale: 1.2 }, upperBound: "label_upper_bound" },
    parameters: { objective: "survival:aft", aft_loss_distribution: "logistic", aft_loss_distribution_scale: 1.2 },
    label: amount,
    columns: { label_upper_bound: (place) => (place % 3 === 0 ? Infinity : amount(place)) },
  },
};

async function* batches({ label, columns = {} }: Case): AsyncGenerator<Table> {
  const schema = [
    { name: "label", type: "float64", optional: false },
    { name: "signal", type: "float64", optional: true },
    { name: "color", type: "string", optional: true },
    { name: "noise", type: "float64", optional: true },
    ...Object.keys(columns).map((name) => ({ name, type: "float64", optional: true }) as const),
  ] as const;
  const whole = rows.map((row, place) => ({
    ...row,
    label: label(place),
    ...Object.fromEntries(
      Object.entries(columns).map(([name, value]) => [name, value(place) === Infinity ? null : value(place)]),
    ),
  }));
  for (let start = 0; start < whole.length; start += 400) yield tableFrom(schema, whole.slice(start, start + 400));
}

const library = libraryOfPython();

it.skipIf(library === undefined)("gives Python's bytes for every task and option", { timeout: 240_000 }, async () => {
  writeFileSync(join(folder, "matrix"), contractMatrix(rows));
  const told = Object.entries(cases).map(([name, { parameters, label, columns = {} }]) => {
    const own = name === "survival" ? { label_lower_bound: label, ...columns } : { label, ...columns };
    for (const [column, value] of Object.entries(own))
      writeFileSync(
        join(folder, `${name}.${column}`),
        Float32Array.from(rows, (_, place) => value(place)),
      );
    return { name, columns: Object.keys(own), parameters: { ...common, ...parameters } };
  });
  const program = fileURLToPath(new URL("xgboost-tasks.py", import.meta.url));
  execFileSync(peerPython, [program, folder], { input: JSON.stringify(told), stdio: ["pipe", "inherit", "inherit"] });
  const env = { ...process.env, XGBOOST_LIB: library };
  const trainer = xgboostTrainer({ env, cacheDir: join(folder, "cache") });
  const differing: string[] = [];
  for (const [name, one] of Object.entries(cases)) {
    const { artifact } = await trainer.fit({
      inputs: contractInputs,
      label: "label",
      train: batches(one),
      parameters: common,
      rounds: 12,
      seed: 7,
      threads: 1,
      ...one.job,
    });
    if (Buffer.compare(Buffer.from(artifact), readFileSync(join(folder, `${name}.ubj`))) !== 0) differing.push(name);
    if (one.job.baseMargin === undefined) continue;
    const predictor = await xgboostRuntime({ env, cacheDir: join(folder, "cache") }).load(artifact);
    const scores = await predictor.predict(contractMatrix(rows), rows.length);
    predictor.close();
    if (Buffer.compare(Buffer.from(scores.buffer), readFileSync(join(folder, `${name}.scores`))) !== 0)
      differing.push(`${name}.scores`);
  }
  expect(differing).toEqual([]);
});
