// Which metrics are told of a model, by what kind of label it has. Each has a name that stays the same, a title for people, and
// which way is better.

import {
  accuracy,
  averagePrecision,
  balancedAccuracy,
  binaryLogLoss,
  brierScore,
  type Confusion,
  confusionAt,
  expectedCalibrationError,
  f1,
  kolmogorovSmirnov,
  liftAt,
  matthewsCorrelation,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  precision,
  recall,
  rocAuc,
  rootMeanSquaredError,
  rSquared,
} from "../metrics/metrics.ts";
import type { Numbers, Weights } from "../metrics/weighted-rows.ts";

/** One metric that is told. */
export interface ToldMetric {
  readonly name: string;
  readonly title: string;
  readonly better: "higher" | "lower";
  /** It judges decisions at a threshold, not scores. */
  readonly decides?: true;
  readonly of: (labels: Numbers, scores: Numbers, weights: Weights, threshold: number) => number;
}

/** The kinds of label that metrics are told of. */
export type EvaluatedTask = "binary" | "regression";

const decided = (name: string, title: string, read: (confusion: Confusion) => number): ToldMetric => ({
  name,
  title,
  better: "higher",
  decides: true,
  of: (labels, scores, weights, threshold) => read(confusionAt(threshold, labels, scores, weights)),
});

const TENTH = 0.1;

/** The metrics of a kind of label, in the order in which they are told; the first is the one that slices are ordered by. */
export const metricSets: Readonly<Record<EvaluatedTask, readonly ToldMetric[]>> = {
  binary: [
    { name: "auc", title: "AUC", better: "higher", of: rocAuc },
    { name: "prAuc", title: "PR-AUC", better: "higher", of: averagePrecision },
    { name: "logLoss", title: "log loss", better: "lower", of: binaryLogLoss },
    { name: "brier", title: "Brier score", better: "lower", of: brierScore },
    {
      name: "calibrationError",
      title: "calibration error",
      better: "lower",
      of: (labels, scores, weights) => expectedCalibrationError(labels, scores, weights),
    },
    { name: "ks", title: "KS", better: "higher", of: kolmogorovSmirnov },
    {
      name: "lift10",
      title: "lift, best 10 %",
      better: "higher",
      of: (labels, scores, weights) => liftAt(TENTH, labels, scores, weights),
    },
    decided("accuracy", "accuracy", accuracy),
    decided("balancedAccuracy", "balanced accuracy", balancedAccuracy),
    decided("precision", "precision", precision),
    decided("recall", "recall", recall),
    decided("f1", "F1", f1),
    decided("mcc", "MCC", matthewsCorrelation),
  ],
  regression: [
    { name: "rmse", title: "RMSE", better: "lower", of: rootMeanSquaredError },
    { name: "mae", title: "MAE", better: "lower", of: meanAbsoluteError },
    { name: "mape", title: "MAPE", better: "lower", of: meanAbsolutePercentageError },
    { name: "r2", title: "R²", better: "higher", of: rSquared },
  ],
};

/** All metrics of rows by name, NaN where the rows cannot answer. */
export function toldMetrics(
  metrics: readonly ToldMetric[],
  labels: Numbers,
  scores: Numbers,
  threshold: number,
  weights?: Weights,
): Readonly<Record<string, number>> {
  return Object.fromEntries(metrics.map(({ name, of }) => [name, of(labels, scores, weights, threshold)]));
}
