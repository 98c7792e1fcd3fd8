// An evaluation as one plain document: what a version scores on labelled rows, how sure that is, where it does better and worse,
// and against whom. Everything that a table, a report or a client shows is in it; nothing is computed later.

import type { CustomMetricSpec, TaskKind, TaskSpec } from "../../define/define.ts";
import type { Confusion } from "../metrics/decision.ts";
import { confusionAt } from "../metrics/decision.ts";
import type { CalibrationBin } from "../metrics/probability.ts";
import { calibrationBins } from "../metrics/probability.ts";
import { thresholdCurve } from "../metrics/threshold-curve.ts";
import { type BootstrapOptions, bootstrapIntervals, type Interval } from "./bootstrap.ts";
import { type ConfusionFigures, confusionFigures } from "./class-figures.ts";
import { type BinaryCurves, binaryCurves, type RegressionPlots, regressionPlots } from "./curves.ts";
import { rowsOf, type TaskRows } from "./judged-rows.ts";
import { type MetricFacts, type MetricSet, metricSetOf } from "./metric-set.ts";
import { gainByPlace } from "./ranking-figures.ts";
import { type SurvivalCurve, survivalCurves } from "./survival-figures.ts";
import type { MistakeCost } from "./threshold-choice.ts";

/** Rows to judge by. */
export interface JudgedRows extends TaskRows {
  /** Scores of others on the same rows and of the same shape, by whose they are. */
  readonly others: Readonly<Record<string, Float64Array>>;
  /** Slice memberships: the rows of each slice, ascending. */
  readonly slices: readonly { readonly name: string; readonly rows: Uint32Array }[];
  /** Rows of one number belong together. Shape (rows). */
  readonly clusters?: Int32Array;
}

/** One figure with its interval; null where the rows cannot answer. */
export interface ToldFigure extends MetricFacts {
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
  /** Mean label: of a bool the share of true ones. Null where labels are classes. */
  readonly label: number | null;
  readonly score: number | null;
  readonly metrics: readonly ToldFigure[];
}

/** What a version scores on labelled rows. */
export interface EvaluationFigures {
  readonly task: TaskKind;
  readonly rows: number;
  /** Mean label, and mean score; null where labels are classes. */
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
  /** Of several classes. */
  readonly confusion?: ConfusionFigures;
  /** NDCG of the first k places; of a ranking. */
  readonly gains?: readonly (readonly [number, number])[];
  readonly survival?: readonly SurvivalCurve[];
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
  readonly task: TaskSpec;
  readonly threshold: number;
  readonly chosen: string;
  readonly cost?: MistakeCost;
  /** What several classes are called. */
  readonly classes?: readonly string[];
  /** Measures of one's own, told after the others. */
  readonly custom?: readonly CustomMetricSpec[];
}

/** Slices smaller than this say nothing and have no interval. */
const LEAST_SLICE = 30;

/** A label that the version does not know. */
const UNKNOWN = "(a class it does not know)";

/** Judges scored rows. Deterministic in rows and options. A label of NaN is a class that the version does not know: it had the probability 0. */
export function judge(given: JudgedRows, options: JudgeOptions): EvaluationFigures {
  const { task, threshold, resamples = 500, level = 0.95 } = options;
  const { rows, classes } =
    task.kind === "multiclass" ? withUnknown(given, options.classes ?? []) : { rows: given, classes: [] };
  const set = metricSetOf(task, { threshold, classes: classes.length, custom: options.custom ?? [] });
  const drawing = drawingOf(task, rows, options);
  const { labels, scores } = rows;
  const isPlain = task.kind !== "multiclass";
  return {
    task: task.kind,
    rows: labels.length,
    label: isPlain ? mean(labels) : null,
    score: isPlain ? mean(scores) : null,
    level,
    resamples,
    metrics: withIntervals(set, rows, drawing),
    comparisons: Object.entries(rows.others).map(([who, other]) => compared(set, rows, who, other, drawing, task)),
    slices: rows.slices.map((slice) => sliceFigures(set, rows, slice, drawing, isPlain)),
    ...picturesOf(rows, options, classes),
  };
}

function picturesOf(rows: JudgedRows, options: JudgeOptions, classes: readonly string[]): Partial<EvaluationFigures> {
  const { labels, scores } = rows;
  switch (options.task.kind) {
    case "binary":
      return {
        decisions: decisionsOf(rows, options),
        calibration: calibrationBins(labels, scores),
        curves: binaryCurves(thresholdCurve(labels, scores)),
      };
    case "multiclass":
      return { confusion: confusionFigures(rows, classes) };
    case "ranking":
      return { gains: gainByPlace(rows) };
    case "survival":
      return { survival: survivalCurves(rows) };
    default:
      return { residuals: regressionPlots(labels, scores) };
  }
}

function decisionsOf({ labels, scores }: TaskRows, { threshold, chosen, cost }: JudgeOptions): DecisionFigures {
  const confusion = confusionAt(threshold, labels, scores);
  return {
    threshold,
    chosen,
    confusion,
    ...(cost === undefined ? {} : { cost, costPerRow: costOf(cost, confusion) / labels.length }),
  };
}

/** Rows of classes that the version does not know get a class of their own, to which everybody gave the probability 0. */
function withUnknown(
  rows: JudgedRows,
  names: readonly string[],
): { readonly rows: JudgedRows; readonly classes: readonly string[] } {
  if (!rows.labels.some((label) => Number.isNaN(label))) return { rows, classes: names };
  const widened = (scores: Float64Array): Float64Array => {
    const wide = new Float64Array(rows.labels.length * (names.length + 1));
    for (let row = 0; row < rows.labels.length; row += 1)
      wide.set(scores.subarray(row * names.length, (row + 1) * names.length), row * (names.length + 1));
    return wide;
  };
  return {
    classes: [...names, UNKNOWN],
    rows: {
      ...rows,
      labels: rows.labels.map((label) => (Number.isNaN(label) ? names.length : label)),
      scores: widened(rows.scores),
      others: Object.fromEntries(Object.entries(rows.others).map(([who, scores]) => [who, widened(scores)])),
    },
  };
}

function compared(
  { metrics, figures }: MetricSet,
  rows: JudgedRows,
  who: string,
  other: Float64Array,
  drawing: BootstrapOptions,
  task: TaskSpec,
): Comparison {
  const [here, there] = [figures(rows), figures({ ...rows, scores: other })];
  const [ours, theirs] = [here(), there()];
  const both = bootstrapIntervals(
    rows.labels.length,
    (weights) => {
      const [own, others] = [here(weights), there(weights)];
      return [...others, ...own.map((value, place) => value - others[place]!)];
    },
    drawing,
  );
  return {
    who,
    metrics: metrics.map((metric, place) => told(metric, theirs[place]!, both[place])),
    difference: metrics.map((metric, place) =>
      told(metric, ours[place]! - theirs[place]!, both[metrics.length + place]),
    ),
    ...(task.kind === "binary" ? { calibration: calibrationBins(rows.labels, other) } : {}),
  };
}

function sliceFigures(
  set: MetricSet,
  all: JudgedRows,
  { name, rows }: JudgedRows["slices"][number],
  drawing: BootstrapOptions,
  isPlain: boolean,
): SliceFigures {
  const own = rowsOf(all, rows);
  const { clusters, ...others } = drawing;
  const ownClusters = clusters && { clusters: Int32Array.from(rows, (row) => clusters[row]!) };
  return {
    name,
    rows: rows.length,
    label: isPlain ? mean(own.labels) : null,
    score: isPlain ? mean(own.scores) : null,
    metrics:
      rows.length < LEAST_SLICE
        ? set
            .figures(own)()
            .map((value, place) => told(set.metrics[place]!, value, null))
        : withIntervals(set, own, { ...others, ...ownClusters }),
  };
}

function withIntervals(
  { metrics, figures }: MetricSet,
  rows: TaskRows,
  drawing: BootstrapOptions,
): readonly ToldFigure[] {
  const own = figures(rows);
  const values = own();
  const intervals = bootstrapIntervals(rows.labels.length, own, drawing);
  return metrics.map((metric, place) => told(metric, values[place]!, intervals[place]));
}

function told({ name, title, better }: MetricFacts, value: number, interval: Interval | null | undefined): ToldFigure {
  return { name, title, better, value: Number.isNaN(value) ? null : value, interval: interval ?? null };
}

/** How rows are drawn again. What is ranked together is drawn together, unless larger clusters are named. */
function drawingOf({ kind }: TaskSpec, rows: JudgedRows, { resamples, level, seed }: JudgeOptions): BootstrapOptions {
  const clusters = rows.clusters ?? (kind === "ranking" ? rows.groups : undefined);
  return {
    ...(resamples === undefined ? {} : { resamples }),
    ...(level === undefined ? {} : { level }),
    ...(seed === undefined ? {} : { seed }),
    ...(clusters === undefined ? {} : { clusters }),
  };
}

function mean(values: Float64Array): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function costOf(cost: MistakeCost, { falsePositive, falseNegative }: Confusion): number {
  return falsePositive * cost.falsePositive + falseNegative * cost.falseNegative;
}
