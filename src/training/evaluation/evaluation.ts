// An evaluation as one plain document: what a version scores on labelled rows, how sure that is, where it does better and worse,
// and against whom. Everything that a table, a report or a client shows is in it; nothing is computed later.

import type { Confusion } from "../metrics/decision.ts";
import { confusionAt } from "../metrics/decision.ts";
import type { CalibrationBin } from "../metrics/probability.ts";
import { calibrationBins } from "../metrics/probability.ts";
import { orderByScore, thresholdCurve } from "../metrics/threshold-curve.ts";
import { binaryResamples } from "./binary-resamples.ts";
import { type BootstrapOptions, bootstrapIntervals, type Interval } from "./bootstrap.ts";
import { type BinaryCurves, binaryCurves, type RegressionPlots, regressionPlots } from "./curves.ts";
import { type EvaluatedTask, metricSets, type ToldMetric, toldMetrics } from "./metric-set.ts";
import type { MistakeCost } from "./threshold-choice.ts";

/** Rows to judge by; all of shape (rows). */
export interface JudgedRows {
  readonly labels: Float64Array;
  readonly scores: Float64Array;
  /** Scores of others on the same rows, by whose they are. */
  readonly others: Readonly<Record<string, Float64Array>>;
  /** Slice memberships: the rows of each slice, ascending. */
  readonly slices: readonly { readonly name: string; readonly rows: Uint32Array }[];
  /** Rows of one number belong together. */
  readonly clusters?: Int32Array;
}

/** One figure with its interval; null where the rows cannot answer. */
export interface ToldFigure {
  readonly name: string;
  readonly title: string;
  readonly better: "higher" | "lower";
  readonly value: number | null;
  readonly interval: Interval | null;
}

/** Another's figures on the same rows, and how far this version's are from them. */
export interface Comparison {
  readonly who: string;
  readonly metrics: readonly ToldFigure[];
  /** This version's figure minus the other's, drawn on the same resamples. */
  readonly difference: readonly ToldFigure[];
  readonly calibration?: readonly CalibrationBin[];
}

/** A part of the rows. */
export interface SliceFigures {
  readonly name: string;
  readonly rows: number;
  /** Mean label: of a bool the share of true ones. */
  readonly label: number | null;
  readonly score: number | null;
  readonly metrics: readonly ToldFigure[];
}

/** What a version scores on labelled rows. */
export interface EvaluationFigures {
  readonly task: EvaluatedTask;
  readonly rows: number;
  /** Mean label, and mean score. */
  readonly label: number | null;
  readonly score: number | null;
  readonly level: number;
  readonly resamples: number;
  readonly metrics: readonly ToldFigure[];
  readonly comparisons: readonly Comparison[];
  readonly slices: readonly SliceFigures[];
  /** Decisions at the threshold; of binary labels. */
  readonly decisions?: DecisionFigures;
  readonly calibration?: readonly CalibrationBin[];
  readonly curves?: BinaryCurves;
  readonly residuals?: RegressionPlots;
}

/** What acting at a threshold comes to. */
export interface DecisionFigures {
  readonly threshold: number;
  /** How the threshold was chosen, in words. */
  readonly chosen: string;
  readonly confusion: Confusion;
  readonly cost?: MistakeCost;
  readonly costPerRow?: number;
}

/** How to judge. */
export interface JudgeOptions extends BootstrapOptions {
  readonly task: EvaluatedTask;
  readonly threshold: number;
  readonly chosen: string;
  readonly cost?: MistakeCost;
}

/** Slices smaller than this say nothing and have no interval. */
const LEAST_SLICE = 30;

/** Judges scored rows. Deterministic in rows and options. */
export function judge(unsorted: JudgedRows, options: JudgeOptions): EvaluationFigures {
  const { task, threshold, chosen, cost, resamples = 500, level = 0.95 } = options;
  const metrics = metricSets[task];
  const rows = sortedByScore(unsorted);
  const { labels, scores, others } = rows;
  const all = withIntervals(metrics, labels, scores, threshold, options, rows.clusters);
  const confusion = confusionAt(threshold, labels, scores);
  return {
    task,
    rows: labels.length,
    label: mean(labels),
    score: mean(scores),
    level,
    resamples,
    metrics: all,
    comparisons: Object.entries(others).map(([who, other]) => compared(metrics, rows, who, other, options)),
    slices: rows.slices.map((slice) => sliceFigures(metrics, rows, slice, options)),
    ...(task === "binary"
      ? {
          decisions: {
            threshold,
            chosen,
            confusion,
            ...(cost === undefined ? {} : { cost, costPerRow: costOf(cost, confusion) / labels.length }),
          },
          calibration: calibrationBins(labels, scores),
          curves: binaryCurves(thresholdCurve(labels, scores)),
        }
      : { residuals: regressionPlots(labels, scores) }),
  };
}

function compared(
  metrics: readonly ToldMetric[],
  { labels, scores, clusters }: JudgedRows,
  who: string,
  other: Float64Array,
  options: JudgeOptions,
): Comparison {
  // Ordered by its own scores for its own figures, and kept beside ours for the difference.
  const order = orderByScore(other);
  const ownLabels = taken(labels, order);
  const ownScores = taken(other, order);
  const { threshold } = options;
  const ours = toldMetrics(metrics, labels, scores, threshold);
  const theirs = toldMetrics(metrics, ownLabels, ownScores, threshold);
  const [hereOf, thereOf] = [
    figuresOf(options.task, labels, scores, threshold),
    figuresOf(options.task, ownLabels, ownScores, threshold),
  ];
  const both = bootstrapIntervals(
    labels.length,
    (weights) => {
      const here = hereOf(weights);
      const there = thereOf(taken(weights, order));
      return [...there, ...here.map((value, place) => value - there[place]!)];
    },
    withClusters(options, clusters),
  );
  return {
    who,
    metrics: metrics.map((metric, place) => told(metric, theirs[metric.name]!, both[place])),
    difference: metrics.map((metric, place) =>
      told(metric, ours[metric.name]! - theirs[metric.name]!, both[metrics.length + place]),
    ),
    ...(options.task === "binary" ? { calibration: calibrationBins(labels, other) } : {}),
  };
}

function sliceFigures(
  metrics: readonly ToldMetric[],
  { labels, scores, clusters }: JudgedRows,
  { name, rows }: JudgedRows["slices"][number],
  options: JudgeOptions,
): SliceFigures {
  const [own, ownScores] = [taken(labels, rows), taken(scores, rows)];
  const { threshold } = options;
  const ownClusters = clusters === undefined ? undefined : Int32Array.from(rows, (row) => clusters[row]!);
  return {
    name,
    rows: rows.length,
    label: mean(own),
    score: mean(ownScores),
    metrics:
      rows.length < LEAST_SLICE
        ? metrics.map((metric) => told(metric, metric.of(own, ownScores, undefined, threshold), null))
        : withIntervals(metrics, own, ownScores, threshold, options, ownClusters),
  };
}

function withIntervals(
  metrics: readonly ToldMetric[],
  labels: Float64Array,
  scores: Float64Array,
  threshold: number,
  options: JudgeOptions,
  clusters: Int32Array | undefined,
): readonly ToldFigure[] {
  const values = toldMetrics(metrics, labels, scores, threshold);
  const intervals = bootstrapIntervals(
    labels.length,
    figuresOf(options.task, labels, scores, threshold),
    withClusters(options, clusters),
  );
  return metrics.map((metric, place) => told(metric, values[metric.name]!, intervals[place]));
}

/** The metrics as a function of weights, of rows whose scores descend. */
function figuresOf(
  task: EvaluatedTask,
  labels: Float64Array,
  scores: Float64Array,
  threshold: number,
): (weights: Float64Array) => readonly number[] {
  if (task === "binary") return binaryResamples(labels, scores, threshold);
  return (weights) => metricSets[task].map(({ of }) => of(labels, scores, weights, threshold));
}

function told({ name, title, better }: ToldMetric, value: number, interval: Interval | null | undefined): ToldFigure {
  return { name, title, better, value: Number.isNaN(value) ? null : value, interval: interval ?? null };
}

function withClusters(options: JudgeOptions, clusters: Int32Array | undefined): BootstrapOptions {
  const { resamples, level, seed } = options;
  return {
    ...(resamples === undefined ? {} : { resamples }),
    ...(level === undefined ? {} : { level }),
    ...(seed === undefined ? {} : { seed }),
    ...(clusters === undefined ? {} : { clusters }),
  };
}

// Highest scores first: every curve of every resample then finds its rows in order.
function sortedByScore(rows: JudgedRows): JudgedRows {
  const order = orderByScore(rows.scores);
  const place = new Uint32Array(order.length);
  for (let now = 0; now < order.length; now += 1) place[order[now]!] = now;
  const { clusters } = rows;
  return {
    labels: taken(rows.labels, order),
    scores: taken(rows.scores, order),
    others: Object.fromEntries(Object.entries(rows.others).map(([who, scores]) => [who, taken(scores, order)])),
    slices: rows.slices.map((slice) => ({
      name: slice.name,
      rows: Uint32Array.from(slice.rows, (row) => place[row]!).sort(),
    })),
    ...(clusters === undefined ? {} : { clusters: Int32Array.from(order, (row) => clusters[row]!) }),
  };
}

function taken(values: Float64Array, rows: Uint32Array): Float64Array {
  const own = new Float64Array(rows.length);
  for (let place = 0; place < rows.length; place += 1) own[place] = values[rows[place]!]!;
  return own;
}

function mean(values: Float64Array): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function costOf(cost: MistakeCost, { falsePositive, falseNegative }: Confusion): number {
  return falsePositive * cost.falsePositive + falseNegative * cost.falseNegative;
}
