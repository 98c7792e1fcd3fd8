// How well scores put positives above negatives. Nothing here depends on the scale of the scores, only on their order.

import { type ThresholdCurve, thresholdCurve } from "./threshold-curve.ts";
import type { Numbers, Weights } from "./weighted-rows.ts";

/**
 * Area under the ROC curve of weighted rows, by the trapezoid rule: a tie counts half.
 *
 * Shapes (rows). Hanley and McNeil 1982, "The meaning and use of the area under a ROC curve", Radiology 143. NaN with one class.
 */
export function rocAuc(labels: Numbers, scores: Numbers, weights?: Weights): number {
  return rocAucOf(thresholdCurve(labels, scores, weights));
}

/** {@link rocAuc} of a curve that is there already. */
export function rocAucOf({ truePositives, falsePositives, positives, negatives }: ThresholdCurve): number {
  let area = 0;
  let above = 0;
  let left = 0;
  for (let point = 0; point < truePositives.length; point += 1) {
    area += (falsePositives[point]! - left) * (truePositives[point]! + above);
    above = truePositives[point]!;
    left = falsePositives[point]!;
  }
  return area / 2 / (positives * negatives);
}

/**
 * Average precision: the area under the steps of the precision-recall curve, Σ (recallₙ − recallₙ₋₁) · precisionₙ.
 *
 * Shapes (rows). Not interpolated, because a straight line between two points of this curve is too kind (Davis and Goadrich
 * 2006, "The relationship between precision-recall and ROC curves", ICML). NaN without positives.
 */
export function averagePrecision(labels: Numbers, scores: Numbers, weights?: Weights): number {
  return averagePrecisionOf(thresholdCurve(labels, scores, weights));
}

/** {@link averagePrecision} of a curve that is there already. */
export function averagePrecisionOf({ truePositives, falsePositives, positives }: ThresholdCurve): number {
  if (!(positives > 0)) return Number.NaN;
  let area = 0;
  let before = 0;
  for (let point = 0; point < truePositives.length; point += 1) {
    const found = truePositives[point]!;
    area += ((found - before) * found) / (found + falsePositives[point]!);
    before = found;
  }
  return area / positives;
}

/**
 * Kolmogorov-Smirnov statistic: the greatest distance between the shares of positives and of negatives above a threshold.
 *
 * Shapes (rows); in 0..1. NaN with one class.
 */
export function kolmogorovSmirnov(labels: Numbers, scores: Numbers, weights?: Weights): number {
  const { truePositives, falsePositives, positives, negatives } = thresholdCurve(labels, scores, weights);
  if (!(positives > 0 && negatives > 0)) return Number.NaN;
  let greatest = 0;
  for (let point = 0; point < truePositives.length; point += 1)
    greatest = Math.max(greatest, Math.abs(truePositives[point]! / positives - falsePositives[point]! / negatives));
  return greatest;
}

/**
 * Lift among the highest-scored share `q` of rows: how many times more positives than the same number of rows by chance.
 *
 * Shapes (rows), `q` in (0, 1]. Where the border falls among equal scores, each of them counts by the share that fits, so
 * that the order of rows decides nothing. NaN without positives; throws a RangeError when `q` is outside (0, 1].
 */
export function liftAt(q: number, labels: Numbers, scores: Numbers, weights?: Weights): number {
  return gainAt(q, thresholdCurve(labels, scores, weights)) / q;
}

/** The share of all positives among the highest-scored share `q` of rows; ties as {@link liftAt} says. */
export function gainAt(q: number, { truePositives, falsePositives, positives, negatives }: ThresholdCurve): number {
  if (!(q > 0 && q <= 1)) throw new RangeError(`The share of rows is ${q}, and must be above 0 and at most 1.`);
  if (!(positives > 0)) return Number.NaN;
  const wanted = q * (positives + negatives);
  let found = 0;
  let taken = 0;
  for (let point = 0; point < truePositives.length; point += 1) {
    const next = truePositives[point]! + falsePositives[point]!;
    if (next >= wanted)
      return (found + ((truePositives[point]! - found) * (wanted - taken)) / (next - taken)) / positives;
    found = truePositives[point]!;
    taken = next;
  }
  return 1;
}
