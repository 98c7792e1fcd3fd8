import { expect, it } from "vitest";
import { betterRound, isGrowing, judged, lineWith, pythonNumber, stepOf } from "./evaluation.ts";

it("reads XGBoost's line of metrics", () => {
  expect(stepOf("[19]\ttrain-logloss:0.34\tvalidate-ndcg@5:0.5\tvalidate-error@0.7:1e-05")).toEqual({
    round: 20,
    metrics: { "train-logloss": 0.34, "validate-ndcg@5": 0.5, "validate-error@0.7": 1e-5 },
  });
  expect(stepOf("[0]\ttrain-auc:nan\tvalidate-auc:-nan\tvalidate-rmse:inf").metrics).toEqual({
    "train-auc": Number.NaN,
    "validate-auc": Number.NaN,
    "validate-rmse": Infinity,
  });
});

it("knows which metrics get better as they grow", () => {
  expect(["auc", "aucpr", "map@3", "ndcg", "ndcg@5-", "pre@1"].every(isGrowing)).toBe(true);
  expect(["logloss", "mape", "error", "rmse", "poisson-nloglik"].some(isGrowing)).toBe(false);
});

it("keeps the first of equal rounds and never a NaN", () => {
  const step = (round: number, score: number) => ({ round, metrics: { "train-auc": 1, "validate-logloss": score } });
  const best = [step(1, Number.NaN), step(2, 0.5), step(3, 0.5), step(4, Number.NaN), step(5, 0.6)].reduce(
    (best: ReturnType<typeof betterRound>, each) => betterRound(best, each),
    undefined as ReturnType<typeof betterRound>,
  );
  expect(best).toEqual({ round: 2, score: 0.5 });
});

it("judges by a metric that is not the library's, whichever way is better", () => {
  const own = { name: "profit", isGrowing: true };
  const lines = [3, -Infinity, Number.NaN, 5.25, 4].map((value, round) =>
    lineWith(`[${round}]\tvalidate-logloss:0.${round + 1}`, "profit", value),
  );
  const steps = lines.map((line) => judged(stepOf(line), own));
  expect(steps.map(({ loss }) => loss)).toEqual([-3, Infinity, Number.NaN, -5.25, -4]);
  const best = steps.reduce(
    (found: ReturnType<typeof betterRound>, step) => betterRound(found, step, own),
    undefined as ReturnType<typeof betterRound>,
  );
  expect(best).toEqual({ round: 4, score: 5.25 });
});

it("writes numbers as Python does", () => {
  expect([0.25, 1, 0, 0.00001, 1.5e-7, 0.0001, -2].map(pythonNumber)).toEqual([
    "0.25",
    "1.0",
    "0.0",
    "1e-05",
    "1.5e-07",
    "0.0001",
    "-2.0",
  ]);
});
