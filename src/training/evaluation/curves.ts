// Curves as points for a plot: as many as an eye can tell apart, the ends always among them.

import { averagePrecisionOf, gainAt, rocAucOf } from "../metrics/discrimination.ts";
import type { ThresholdCurve } from "../metrics/threshold-curve.ts";
import { quantileOf } from "./bootstrap.ts";

/** A point of a curve: x, y. */
export type Point = readonly [number, number];

/** The curves of a binary model. */
export interface BinaryCurves {
  /** Share of negatives called positive, share of positives found. */
  readonly roc: readonly Point[];
  /** Share of positives found, share of calls that were right. */
  readonly precisionRecall: readonly Point[];
  /** Share of rows acted on, how many times more positives than by chance. */
  readonly lift: readonly Point[];
  readonly auc: number;
  readonly averagePrecision: number;
}

/** What a regression missed. */
export interface RegressionPlots {
  /** Foretold and actual, of some rows. */
  readonly points: readonly Point[];
  /** Residuals (actual − foretold) by equal widths: from, to, rows. */
  readonly histogram: readonly { readonly from: number; readonly to: number; readonly rows: number }[];
}

const MOST_POINTS = 200;
const MOST_DOTS = 1500;
const BARS = 40;

/** Points of the curves; empty where there is one class only. */
export function binaryCurves(curve: ThresholdCurve): BinaryCurves {
  const { truePositives, falsePositives, positives, negatives } = curve;
  const areas = { auc: rocAucOf(curve), averagePrecision: averagePrecisionOf(curve) };
  if (!(positives > 0 && negatives > 0)) return { roc: [], precisionRecall: [], lift: [], ...areas };
  const some = spaced(truePositives.length);
  return {
    roc: [
      [0, 0],
      ...some.map((point): Point => [falsePositives[point]! / negatives, truePositives[point]! / positives]),
    ],
    precisionRecall: some.map((point): Point => {
      const found = truePositives[point]!;
      return [found / positives, found / (found + falsePositives[point]!)];
    }),
    lift: Array.from({ length: 100 }, (_, place): Point => {
      const share = (place + 1) / 100;
      return [share, gainAt(share, curve) / share];
    }),
    ...areas,
  };
}

/** Dots of foretold against actual, and the residuals' histogram over their central 99 %. */
export function regressionPlots(labels: Float64Array, scores: Float64Array): RegressionPlots {
  if (labels.length === 0) return { points: [], histogram: [] };
  const step = Math.max(1, Math.ceil(labels.length / MOST_DOTS));
  const points: Point[] = [];
  for (let row = 0; row < labels.length; row += step) points.push([scores[row]!, labels[row]!]);
  const residuals = Float64Array.from(labels, (label, row) => label - scores[row]!).sort();
  const [from, to] = [quantileOf(residuals, 0.005), quantileOf(residuals, 0.995)];
  const width = (to - from) / BARS || 1;
  const counts = new Uint32Array(BARS);
  for (const residual of residuals)
    counts[Math.min(Math.max(Math.floor((residual - from) / width), 0), BARS - 1)]! += 1;
  return {
    points,
    histogram: Array.from(counts, (rows, bar) => ({ from: from + bar * width, to: from + (bar + 1) * width, rows })),
  };
}

function spaced(points: number): readonly number[] {
  if (points <= MOST_POINTS) return Array.from({ length: points }, (_, point) => point);
  return Array.from({ length: MOST_POINTS }, (_, place) => Math.round((place * (points - 1)) / (MOST_POINTS - 1)));
}
