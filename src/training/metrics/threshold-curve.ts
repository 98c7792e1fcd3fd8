// Every threshold that matters, at once: rows sorted by score, and after each distinct score the weight of positives and negatives
// at or above it. AUC, average precision, KS, lift and the choice of a threshold are all readings of this one curve.

import { checkRows, type Numbers, type Weights, weightAt } from "./weighted-rows.ts";

/** Weights at or above each distinct score, scores descending; ties are one point. */
export interface ThresholdCurve {
  /** Distinct scores, descending; shape (points). */
  readonly thresholds: Float64Array;
  /** Weight of positive rows with a score at or above the threshold. */
  readonly truePositives: Float64Array;
  /** Weight of negative rows with a score at or above the threshold. */
  readonly falsePositives: Float64Array;
  /** Weight of all positives, and of all negatives. */
  readonly positives: number;
  readonly negatives: number;
}

/**
 * The curve of binary rows, in O(rows log rows).
 *
 * `labels` (0 or not), `scores` and `weights` have shape (rows). Rows of no weight are left out, as scikit-learn does.
 * Throws INPUT_INVALID as {@link checkRows} says.
 */
export function thresholdCurve(labels: Numbers, scores: Numbers, weights?: Weights): ThresholdCurve {
  checkRows(labels, scores, weights);
  const order = orderByScore(scores);
  const thresholds = new Float64Array(order.length);
  const truePositives = new Float64Array(order.length);
  const falsePositives = new Float64Array(order.length);
  let points = 0;
  let positives = 0;
  let negatives = 0;
  for (const row of order) {
    const weight = weightAt(weights, row);
    if (weight === 0) continue;
    const score = scores[row]!;
    if (labels[row] === 0) negatives += weight;
    else positives += weight;
    if (points === 0 || thresholds[points - 1] !== score) thresholds[points++] = score;
    truePositives[points - 1] = positives;
    falsePositives[points - 1] = negatives;
  }
  return {
    thresholds: thresholds.subarray(0, points),
    truePositives: truePositives.subarray(0, points),
    falsePositives: falsePositives.subarray(0, points),
    positives,
    negatives,
  };
}

/** Row numbers by score, the greatest first; equal scores keep the order of rows. */
export function orderByScore(scores: Numbers): Uint32Array {
  const order = new Uint32Array(scores.length);
  let isOrdered = true;
  for (let row = 0; row < order.length; row += 1) {
    order[row] = row;
    isOrdered &&= row === 0 || scores[row - 1]! >= scores[row]!;
  }
  return isOrdered ? order : order.sort((a, b) => scores[b]! - scores[a]! || a - b);
}
