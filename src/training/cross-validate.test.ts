import { expect, test } from "vitest";
import { foldMetrics, foldsAtOnce, summaryOf } from "./cross-validate.ts";

const fold = (rows: number) => ({ parts: { train: { rows }, validate: { rows: 0 } } });

test("folds go at once as far as processors and half the memory allow, and never none", () => {
  const folds = [fold(500_000), fold(1_000_000)];
  // A million rows of 29 inputs and the label, three times over, are 360 MB.
  expect(foldsAtOnce(folds, 29, { threads: 8, memory: 16e9 })).toBe(2);
  expect(foldsAtOnce(folds, 29, { threads: 1, memory: 16e9 })).toBe(1);
  expect(foldsAtOnce(folds, 29, { threads: 8, memory: 1.43e9 })).toBe(1);
  expect(foldsAtOnce(folds, 29, { threads: 8, memory: 1.45e9 })).toBe(2);
  expect(foldsAtOnce(folds, 29, { threads: 8, memory: 1e6 })).toBe(1);
  expect(foldsAtOnce([fold(0)], 1, { threads: 8, memory: 0 })).toBe(1);
});

test("a summary is the mean and the sample standard deviation, and no number where a fold has none", () => {
  const summary = summaryOf([
    { auc: 0.7, logLoss: 0.5 },
    { auc: 0.8, logLoss: Number.NaN },
    { auc: 0.9, logLoss: 0.5 },
  ]);
  expect(summary["auc"]?.mean).toBeCloseTo(0.8, 12);
  expect(summary["auc"]?.sd).toBeCloseTo(0.1, 12);
  expect(summary["logLoss"]?.mean).toBeNaN();
  expect(Object.keys(foldMetrics({ folds: [], summary }))).toEqual([
    "folds.auc.mean",
    "folds.auc.sd",
    "folds.logLoss.mean",
    "folds.logLoss.sd",
  ]);
});
