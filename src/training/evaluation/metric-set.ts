// Which figures are told of a model, by its task, and how they are drawn again and again. Each has a name that stays the same, a title for people, and
// which way is better. What does not change between resamples, such as orders and losses, is worked out once: a resample is the same rows under other weights.

import { type CustomMetricSpec, measureCustom, type TaskSpec } from "../../define/define.ts";
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
  pinballLoss,
  precision,
  recall,
  rocAuc,
  rootMeanSquaredError,
  rSquared,
} from "../metrics/metrics.ts";
import { orderByScore } from "../metrics/threshold-curve.ts";
import type { Numbers, Weights } from "../metrics/weighted-rows.ts";
import { binaryResamples } from "./binary-resamples.ts";
import { classFigures, classMetrics } from "./class-figures.ts";
import { type TaskRows, taken } from "./judged-rows.ts";
import { rankingFigures, rankingMetrics } from "./ranking-figures.ts";
import { survivalFigures, survivalMetrics } from "./survival-figures.ts";

/** One figure that is told. */
export interface MetricFacts {
  readonly name: string;
  readonly title: string;
  readonly better: "higher" | "lower";
}

/** A figure of one score a row. */
export interface ToldMetric extends MetricFacts {
  readonly of: (labels: Numbers, scores: Numbers, weights: Weights, threshold: number) => number;
}

/** Figures of some rows: as they are without weights, or under weights of shape (rows); in the order of their metrics, NaN where the rows cannot answer. */
export type Figures = (weights?: Float64Array) => readonly number[];

/** What is told of a task. */
export interface MetricSet {
  readonly metrics: readonly MetricFacts[];
  /** Prepares rows. */
  readonly figures: (rows: TaskRows) => Figures;
}

const decided = (name: string, title: string, read: (confusion: Confusion) => number): ToldMetric => ({
  name,
  title,
  better: "higher",
  of: (labels, scores, weights, threshold) => read(confusionAt(threshold, labels, scores, weights)),
});

const TENTH = 0.1;

/** The figures of a binary model. */
export const binaryMetrics: readonly ToldMetric[] = [
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
];

const numberMetrics: readonly ToldMetric[] = [
  { name: "rmse", title: "RMSE", better: "lower", of: rootMeanSquaredError },
  { name: "mae", title: "MAE", better: "lower", of: meanAbsoluteError },
  { name: "mape", title: "MAPE", better: "lower", of: meanAbsolutePercentageError },
  { name: "r2", title: "R²", better: "higher", of: rSquared },
];

/**
 * What is told of a task, and after it the measures of one's own; the first figure is the one that slices are ordered by. `threshold` is what a binary model acts at.
 */
export function metricSetOf(
  task: TaskSpec,
  {
    threshold,
    classes,
    custom = [],
  }: { readonly threshold: number; readonly classes: number; readonly custom?: readonly CustomMetricSpec[] },
): MetricSet {
  const { metrics, figures } = ownMetricSet(task, threshold, classes);
  if (custom.length === 0) return { metrics, figures };
  return {
    metrics: [...metrics, ...custom.map(({ name, better }) => ({ name, title: name, better }))],
    figures: (rows) => {
      const own = figures(rows);
      const alike = new Float64Array(rows.labels.length).fill(1);
      return (weights) => [
        ...own(weights),
        ...custom.map((metric) => measureCustom(metric, { ...rows, weights: weights ?? alike })),
      ];
    },
  };
}

function ownMetricSet(task: TaskSpec, threshold: number, classes: number): MetricSet {
  if (task.kind === "binary") return { metrics: binaryMetrics, figures: (rows) => binaryFigures(rows, threshold) };
  if (task.kind === "multiclass") return { metrics: classMetrics, figures: (rows) => classFigures(rows, classes) };
  if (task.kind === "ranking") return { metrics: rankingMetrics, figures: rankingFigures };
  if (task.kind === "survival") return { metrics: survivalMetrics, figures: survivalFigures };
  const metrics = numberMetricsOf(task);
  return {
    metrics,
    figures:
      ({ labels, scores }) =>
      (weights) =>
        metrics.map(({ of }) => of(labels, scores, weights, 0)),
  };
}

/** A quantile is judged by its own loss first: the mean of errors says little of what nine of ten stay below. */
function numberMetricsOf(task: Extract<TaskSpec, { readonly kind: "regression" }>): readonly ToldMetric[] {
  if (task.loss !== "quantile") return numberMetrics;
  const { at } = task;
  return [
    {
      name: "pinball",
      title: `pinball loss at ${at}`,
      better: "lower",
      of: (labels, scores, weights) => pinballLoss(at, labels, scores, weights),
    },
    ...numberMetrics,
  ];
}

// Every curve of every resample then finds its rows in order.
function binaryFigures({ labels, scores }: TaskRows, threshold: number): Figures {
  const order = orderByScore(scores);
  const resampled = binaryResamples(taken(labels, order), taken(scores, order), threshold);
  return (weights) =>
    weights === undefined
      ? binaryMetrics.map(({ of }) => of(labels, scores, undefined, threshold))
      : resampled(taken(weights, order));
}

/** The figures of rows by name. */
export function toldMetrics(
  metrics: readonly ToldMetric[],
  labels: Numbers,
  scores: Numbers,
  threshold: number,
  weights?: Weights,
): Readonly<Record<string, number>> {
  return Object.fromEntries(metrics.map(({ name, of }) => [name, of(labels, scores, weights, threshold)]));
}
