// How far numbers foretold lie from numbers that came. Row i of `labels` belongs to row i of `scores`; both have the label's unit.

import { checkRows, type Numbers, type Weights, weightedMean } from "./weighted-rows.ts";

const LEAST_MAGNITUDE = 2 ** -52;

/** Mean absolute error, in the label's unit. Shapes (rows). NaN without rows. */
export function meanAbsoluteError(labels: Numbers, scores: Numbers, weights?: Weights): number {
  checkRows(labels, scores, weights);
  return weightedMean(labels.length, weights, (row) => Math.abs(labels[row]! - scores[row]!));
}

/** Root of the mean squared error, in the label's unit. Shapes (rows). NaN without rows. */
export function rootMeanSquaredError(labels: Numbers, scores: Numbers, weights?: Weights): number {
  checkRows(labels, scores, weights);
  return Math.sqrt(weightedMean(labels.length, weights, (row) => (labels[row]! - scores[row]!) ** 2));
}

/**
 * Mean absolute error as a share of the label: 0.1 is ten percent. A label of 0 counts as 2⁻⁵², so that such rows make it huge.
 *
 * Shapes (rows). NaN without rows.
 */
export function meanAbsolutePercentageError(labels: Numbers, scores: Numbers, weights?: Weights): number {
  checkRows(labels, scores, weights);
  return weightedMean(
    labels.length,
    weights,
    (row) => Math.abs(labels[row]! - scores[row]!) / Math.max(Math.abs(labels[row]!), LEAST_MAGNITUDE),
  );
}

/**
 * Pinball loss of a foretold quantile: being too low costs `quantile`, being too high 1 − `quantile`, per unit.
 *
 * Shapes (rows). Koenker and Bassett 1978, "Regression quantiles", Econometrica 46. Throws a RangeError when `quantile` is
 * outside (0, 1).
 */
export function pinballLoss(quantile: number, labels: Numbers, scores: Numbers, weights?: Weights): number {
  if (!(quantile > 0 && quantile < 1))
    throw new RangeError(`The quantile is ${quantile}, and must be between 0 and 1.`);
  checkRows(labels, scores, weights);
  return weightedMean(labels.length, weights, (row) => {
    const short = labels[row]! - scores[row]!;
    return short >= 0 ? quantile * short : (quantile - 1) * short;
  });
}

/**
 * Coefficient of determination: 1 is perfect, 0 as good as the mean of the labels, below 0 worse.
 *
 * Shapes (rows). NaN where it says nothing: fewer than two rows, or labels that are all alike.
 */
export function rSquared(labels: Numbers, scores: Numbers, weights?: Weights): number {
  checkRows(labels, scores, weights);
  if (labels.length < 2) return Number.NaN;
  const center = weightedMean(labels.length, weights, (row) => labels[row]!);
  const apart = weightedMean(labels.length, weights, (row) => (labels[row]! - center) ** 2);
  const missed = weightedMean(labels.length, weights, (row) => (labels[row]! - scores[row]!) ** 2);
  return apart > 0 ? 1 - missed / apart : Number.NaN;
}
