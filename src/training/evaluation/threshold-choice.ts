// Which score is high enough to act on, given what either mistake costs. Chosen on rows that are not the ones it is judged by.

import { type ThresholdCurve, thresholdCurve } from "../metrics/threshold-curve.ts";
import type { Numbers, Weights } from "../metrics/weighted-rows.ts";

/** What a mistake costs, in any unit that both share. */
export interface MistakeCost {
  readonly falsePositive: number;
  readonly falseNegative: number;
}

/** A threshold with its mean cost per row on the rows that it was chosen on. */
export interface ChosenThreshold {
  /** Act on scores at or above this. */
  readonly threshold: number;
  readonly costPerRow: number;
}

/**
 * The threshold of least total cost, among all there are; of several the highest, which acts least.
 *
 * Shapes (rows). Lies halfway between two scores that came, so that scores a little different are decided the same way. For
 * calibrated probabilities it is close to FP / (FP + FN) (Elkan 2001, "The foundations of cost-sensitive learning", IJCAI).
 * NaN without rows.
 */
export function cheapestThreshold(
  cost: MistakeCost,
  labels: Numbers,
  scores: Numbers,
  weights?: Weights,
): ChosenThreshold {
  const curve = thresholdCurve(labels, scores, weights);
  const { truePositives, falsePositives, positives, negatives } = curve;
  const rows = positives + negatives;
  if (!(rows > 0)) return { threshold: Number.NaN, costPerRow: Number.NaN };
  let best = -1;
  let least = positives * cost.falseNegative;
  for (let point = 0; point < truePositives.length; point += 1) {
    const own = falsePositives[point]! * cost.falsePositive + (positives - truePositives[point]!) * cost.falseNegative;
    if (own < least) [best, least] = [point, own];
  }
  return { threshold: thresholdAfter(curve, best), costPerRow: least / rows };
}

// Above every score when nothing is worth acting on; as low as the lowest when everything is.
function thresholdAfter({ thresholds }: ThresholdCurve, point: number): number {
  const highest = thresholds[0]!;
  if (point < 0) return highest < 1 ? (highest + 1) / 2 : highest + 2 ** -20;
  const next = thresholds[point + 1];
  return next === undefined ? thresholds[point]! : (thresholds[point]! + next) / 2;
}
