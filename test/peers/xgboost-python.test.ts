// Side by side with XGBoost's own Python package: the same rows, parameters and seed give the same model, byte for byte, and the
// same scores. Runs where `python3` can import xgboost, whose library Slipway then uses too; skipped elsewhere.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { xgboostRuntime, xgboostTrainer } from "../../src/engines/xgboost/xgboost.ts";
import { contractBatches, contractInputs, contractMatrix, contractRows } from "../../src/ports/trainer.contract.ts";

const program = `
import sys, json
import numpy as np, xgboost as xgb
folder = sys.argv[1]
def split(name):
    label = np.fromfile(f"{folder}/{name}.label", dtype=np.float32)
    return np.fromfile(f"{folder}/{name}.matrix", dtype=np.float32).reshape(len(label), -1), label
def binned(name, **more):
    matrix, label = split(name)
    return xgb.QuantileDMatrix(matrix, label=label, feature_names=["noise", "color", "signal"],
                               feature_types=["float", "c", "float"], enable_categorical=True, nthread=1, **more)
train = binned("train")
validate = binned("validate", ref=train)
parameters = dict(objective="binary:logistic", eval_metric=["auc", "logloss"], max_depth=4, subsample=0.8, seed=7, nthread=1)
booster = xgb.train(parameters, train, 100, evals=[(train, "train"), (validate, "validate")],
                    early_stopping_rounds=5, verbose_eval=False)
open(f"{folder}/model.ubj", "wb").write(booster.save_raw("ubj"))
scores = booster.inplace_predict(split("validate")[0], iteration_range=(0, booster.best_iteration + 1))
scores.astype(np.float32).tofile(f"{folder}/scores")
print(json.dumps({"best": booster.best_iteration + 1, "gain": booster.get_score(importance_type="total_gain")}))
`;

function hasXgboost(): boolean {
  try {
    execFileSync("python3", ["-c", "import xgboost"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const folder = mkdtempSync(join(tmpdir(), "slipway-peer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.skipIf(!hasXgboost())("trains and scores exactly as Python does", { timeout: 120_000 }, async () => {
  const rows = { train: contractRows(3000, 1), validate: contractRows(1000, 2) };
  const matrices = {
    train: contractMatrix(rows.train),
    validate: contractMatrix(rows.validate),
  };
  for (const split of ["train", "validate"] as const) {
    writeFileSync(join(folder, `${split}.matrix`), matrices[split]);
    writeFileSync(
      join(folder, `${split}.label`),
      Float32Array.from(rows[split], ({ label }) => Number(label)),
    );
  }
  const python = JSON.parse(execFileSync("python3", ["-c", program, folder], { encoding: "utf8" })) as {
    readonly best: number;
    readonly gain: Readonly<Record<string, number>>;
  };
  const options = { env: process.env, cacheDir: join(folder, "cache") };
  const model = await xgboostTrainer(options).fit({
    inputs: contractInputs,
    label: "label",
    train: contractBatches(rows.train, 500),
    validate: contractBatches(rows.validate, 500),
    parameters: { objective: "binary:logistic", eval_metric: "auc,logloss", max_depth: 4, subsample: 0.8 },
    rounds: 100,
    earlyStoppingRounds: 5,
    seed: 7,
    threads: 1,
  });
  const bytes = readFileSync(join(folder, "model.ubj"));
  expect(model.bestRound).toBe(python.best);
  expect(Buffer.compare(Buffer.from(model.artifact), bytes)).toBe(0);
  for (const { input, gain } of model.importance) expect(gain).toBe(Math.fround(python.gain[input] ?? 0));

  const predictor = await xgboostRuntime(options).load(bytes, { rounds: python.best });
  const scores = await predictor.predict(matrices.validate, rows.validate.length);
  predictor.close();
  expect(Buffer.compare(Buffer.from(scores.buffer), readFileSync(join(folder, "scores")))).toBe(0);
});
