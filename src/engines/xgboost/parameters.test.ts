import { expect, it } from "vitest";
import { parameterPairs } from "./parameters.ts";

it("writes values as XGBoost reads them", () => {
  expect(parameterPairs({ eta: 0.1, max_depth: 6, lambdarank_unbiased: true, validate_parameters: false })).toEqual([
    ["eta", "0.1"],
    ["max_depth", "6"],
    ["lambdarank_unbiased", "1"],
    ["validate_parameters", "0"],
  ]);
  expect(parameterPairs({ eval_metric: "auc, logloss" })).toEqual([
    ["eval_metric", "auc"],
    ["eval_metric", "logloss"],
  ]);
});

it("names an unknown parameter and the nearest known one", () => {
  const cases = [
    ["max_depht", "max_depth"],
    ["learningRate", "learning_rate"],
    ["colsample_bytre", "colsample_bytree"],
  ] as const;
  for (const [given, meant] of cases) {
    expect(() => parameterPairs({ [given]: 1 })).toThrow(given);
    expect(() => parameterPairs({ [given]: 1 })).toThrow(`Did you mean "${meant}"?`);
  }
  expect(() => parameterPairs({ constructor: 1 })).toThrow("constructor");
});

it("sends what the job itself says back to the job", () => {
  expect(() => parameterPairs({ nthread: 4 })).toThrow("`threads`");
  expect(() => parameterPairs({ seed: 4 })).toThrow("`seed`");
});

it("refuses values and boosters it cannot stand behind", () => {
  expect(() => parameterPairs({ eta: Number.NaN })).toThrow("eta is NaN");
  expect(() => parameterPairs({ booster: "gblinear" })).toThrow("gblinear");
});
