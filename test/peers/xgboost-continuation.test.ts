// Going on from a model side by side with XGBoost's own Python package: more trees, and refreshed leaves, on other rows give Python's model byte for
// byte. Runs where SLIPWAY_MLFLOW_PYTHON, or python3, can import xgboost, whose library both then use; skipped elsewhere.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { type Table, tableFrom } from "../../src/core/core.ts";
import { xgboostTrainer } from "../../src/engines/xgboost/xgboost.ts";
import { contractInputs, contractMatrix, contractRows } from "../../src/ports/trainer.contract.ts";
import type { TrainingJob } from "../../src/ports/trainer.ts";
import { libraryOfPython, peerPython } from "./xgboost-library.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-peer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const parts = { old: contractRows(1500, 3), new: contractRows(900, 4), validate: contractRows(400, 5) } as const;
type Part = keyof typeof parts;
const common = { max_depth: 4, eta: 0.3, subsample: 0.8 } as const;
const library = libraryOfPython();

interface Case {
  readonly job: Partial<TrainingJob>;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Label first, by Python's names. */
  readonly columns: Readonly<Record<string, (amount: number, place: number) => number>>;
  readonly stops?: boolean;
  readonly refreshes?: boolean;
}

const cases: Readonly<Record<string, Case>> = {
  binary: {
    job: { task: { kind: "binary" }, weight: "weight" },
    parameters: { objective: "binary:logistic" },
    columns: { label: (amount) => Number(amount > 7), weight: (_, place) => 1 + (place % 4) },
    refreshes: true,
  },
  stopped: {
    job: { task: { kind: "binary" }, earlyStoppingRounds: 3 },
    parameters: { objective: "binary:logistic", eval_metric: "logloss" },
    columns: { label: (amount) => Number(amount > 7) },
    stops: true,
  },
  squared: {
    job: { task: { kind: "regression", loss: "squared" } },
    parameters: { objective: "reg:squarederror" },
    columns: { label: (amount) => amount },
    refreshes: true,
  },
  quantile: {
    job: { task: { kind: "regression", loss: "quantile", at: 0.9 } },
    parameters: { objective: "reg:quantileerror", quantile_alpha: 0.9 },
    columns: { label: (amount) => amount },
  },
  multiclass: {
    job: { task: { kind: "multiclass", mostClasses: 9 }, classes: ["0", "1", "2"] },
    parameters: { objective: "multi:softprob", num_class: 3 },
    columns: { label: (amount) => Math.floor(amount) % 3 },
    refreshes: true,
  },
  dart: {
    job: { task: { kind: "binary" }, parameters: { ...common, booster: "dart", rate_drop: 0.3, one_drop: true } },
    parameters: { objective: "binary:logistic", booster: "dart", rate_drop: 0.3, one_drop: 1 },
    columns: { label: (amount) => Number(amount > 7) },
  },
  ranking: {
    job: { task: { kind: "ranking", objective: "ndcg" }, group: "qid" },
    parameters: { objective: "rank:ndcg" },
    columns: { label: (amount) => Math.floor(amount) % 4, qid: (_, place) => Math.floor(place / 11) },
    refreshes: true,
  },
};

function amounts(part: Part): readonly number[] {
  return parts[part].map(
    ({ signal }, place) => Math.round(1 + 20 * (typeof signal === "number" ? signal : 0.4) + ((place * 7919) % 13)) / 2,
  );
}

async function* batches({ columns }: Case, part: Part): AsyncGenerator<Table> {
  const schema = [
    { name: "signal", type: "float64", optional: true },
    { name: "color", type: "string", optional: true },
    { name: "noise", type: "float64", optional: true },
    ...Object.keys(columns).map((name) => ({ name, type: "float64", optional: false }) as const),
  ] as const;
  const own = amounts(part);
  const whole = parts[part].map((row, place) => ({
    ...row,
    ...Object.fromEntries(Object.entries(columns).map(([name, of]) => [name, of(own[place] ?? 0, place)])),
  }));
  for (let start = 0; start < whole.length; start += 400) yield tableFrom(schema, whole.slice(start, start + 400));
}

it.skipIf(library === undefined)("goes on from a model exactly as Python does", { timeout: 240_000 }, async () => {
  for (const part of Object.keys(parts) as Part[]) {
    writeFileSync(join(folder, `${part}.matrix`), contractMatrix(parts[part]));
    const own = amounts(part);
    for (const [name, { columns }] of Object.entries(cases))
      for (const [column, of] of Object.entries(columns))
        writeFileSync(join(folder, `${name}.${part}.${column}`), Float32Array.from(own, of));
  }
  const rounds = 12;
  const told = Object.entries(cases).map(([name, { parameters, columns, stops = false, refreshes = false }]) => ({
    ...{ name, columns: Object.keys(columns), stops, refreshes, rounds: stops ? 60 : rounds },
    parameters: { ...common, ...parameters },
  }));
  const program = fileURLToPath(new URL("xgboost-continuation.py", import.meta.url));
  execFileSync(peerPython, [program, folder], { input: JSON.stringify(told), stdio: ["pipe", "inherit", "inherit"] });
  const env = { ...process.env, XGBOOST_LIB: library };
  const trainer = xgboostTrainer({ env, cacheDir: join(folder, "cache") });
  const differing: string[] = [];
  const compare = (name: string, artifact: Uint8Array): void => {
    if (Buffer.compare(Buffer.from(artifact), readFileSync(join(folder, name))) !== 0) differing.push(name);
  };
  for (const [name, one] of Object.entries(cases)) {
    const job = (part: Part): TrainingJob => ({
      inputs: contractInputs,
      label: "label",
      train: batches(one, part),
      ...(one.stops ? { validate: batches(one, "validate") } : {}),
      parameters: common,
      rounds: one.stops ? 60 : rounds,
      seed: 7,
      threads: 1,
      ...one.job,
    });
    const first = await trainer.fit(job("old"));
    compare(`${name}.first`, first.artifact);
    const base = { artifact: first.artifact, rounds: first.bestRound };
    if (one.stops) expect(first.bestRound).toBeLessThan(first.steps.length);
    const more = await trainer.fitOn(base, job("new"));
    compare(`${name}.more`, more.artifact);
    expect(more.bestRound).toBeGreaterThan(first.bestRound);
    if (!one.stops) expect(more.bestRound).toBe(2 * rounds);
    if (!one.refreshes) continue;
    const refreshed = await trainer.fitOn({ ...base, refresh: true }, job("new"));
    compare(`${name}.refreshed`, refreshed.artifact);
    expect(refreshed.bestRound).toBe(rounds);
  }
  expect(differing).toEqual([]);
});
