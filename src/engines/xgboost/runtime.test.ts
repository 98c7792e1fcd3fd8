// The port's contract first, then scores held against XGBoost's other way of scoring, and models damaged on purpose: none of them
// may take this process down.

import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { runtimeContract } from "../../ports/runtime.contract.ts";
import { contractBatches, contractInputs, contractMatrix, contractRows } from "../../ports/trainer.contract.ts";
import type { TrainedModel } from "../../ports/trainer.ts";
import { openXgboost } from "./binding.ts";
import { findLibrary } from "./library.ts";
import { xgboostRuntime, xgboostTrainer } from "./xgboost.ts";

const options = {
  env: process.env,
  cacheDir: fileURLToPath(new URL("../../../node_modules/.cache/slipway", import.meta.url)),
};
const SLOW = 120_000;
const runtime = xgboostRuntime(options);

let trained: Promise<TrainedModel> | undefined;
function model(): Promise<TrainedModel> {
  trained ??= xgboostTrainer(options).fit({
    inputs: contractInputs,
    label: "label",
    train: contractBatches(contractRows(300, 1), 100),
    parameters: { objective: "binary:logistic", max_depth: 3, eta: 0.5, max_cat_to_onehot: 1 },
    rounds: 8,
    seed: 1,
    threads: 1,
  });
  return trained;
}

runtimeContract("xgboost", async () => {
  const { artifact } = await model();
  return { runtime, artifact, inputCount: contractInputs.length, rounds: 8 };
});

it("scores as XGBoost does through a DMatrix, and as the trained rows say", { timeout: SLOW }, async () => {
  const rows = contractRows(300, 1);
  const matrix = contractMatrix(rows);
  const { artifact } = await model();
  const predictor = await runtime.load(artifact);
  const scores = await predictor.predict(matrix, rows.length);
  predictor.close();

  const library = openXgboost(await findLibrary(options));
  const booster = library.createBooster([]);
  library.load(booster, artifact);
  const dense = library.createDense(matrix, rows.length, contractInputs.length);
  library.nameMatrixFeatures(dense, ["noise", "color", "signal"], ["float", "c", "float"]);
  expect([...library.predictMatrix(booster, dense, 0)]).toEqual([...scores]);
  library.freeMatrix(dense);
  library.freeBooster(booster);

  const right = rows.filter(({ label }, row) => label === (scores[row] ?? 0) > 0.5).length;
  expect(right / rows.length).toBeGreaterThan(0.9);
});

it("survives any damage to a model", { timeout: SLOW }, async () => {
  const { artifact } = await model();
  let state = 5;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const matrix = new Float32Array(30).map(() => (next(10) === 0 ? Number.NaN : next(6)));
  let refused = 0;
  for (let round = 0; round < 400; round += 1) {
    const damaged = artifact.slice();
    for (let hit = 0; hit <= next(3); hit += 1) damaged[next(damaged.length)] = [0, 255, next(256)][next(3)] ?? 0;
    const predictor = await runtime.load(damaged).catch((error: unknown) => {
      refused += 1;
      expect(error).toMatchObject({ name: "SlipwayError" });
    });
    if (predictor?.inputCount === 3) await predictor.predict(matrix, 10);
    predictor?.close();
  }
  expect(refused).toBeGreaterThan(100);
});

it("leaves the event loop free while it loads beside", { timeout: SLOW }, async () => {
  const { artifact } = await model();
  let turns = 0;
  let isLoaded = false;
  const loading = runtime.load(artifact, { beside: true }).finally(() => {
    isLoaded = true;
  });
  // One that is loaded here is loaded within a turn or two.
  while (!isLoaded) {
    await new Promise((resolve) => setImmediate(resolve));
    turns += 1;
  }
  expect(turns).toBeGreaterThan(10);
  (await loading).close();
});

it("refuses threads that are no number", { timeout: SLOW }, async () => {
  const { artifact } = await model();
  await expect(runtime.load(artifact, { threads: 0 })).rejects.toMatchObject({ code: "INPUT_INVALID" });
});
