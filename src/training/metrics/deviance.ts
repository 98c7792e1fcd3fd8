// Deviances of the exponential family: what a count, a waiting time or an amount of money should be judged by.

import { checkRows, type Numbers, type Weights, weightedMean } from "./weighted-rows.ts";

/**
 * Mean Tweedie deviance of the given power: 0 is squared error, 1 Poisson, 2 gamma, between 1 and 2 amounts with exact zeros.
 *
 * Shapes (rows). Jørgensen 1987, "Exponential dispersion models", J. R. Statist. Soc. B 49. NaN without rows, and where a row
 * lies outside what the power allows: scores must be above 0 for powers other than 0, labels not below 0 from 1 to 2 and above
 * 0 from 2 on. Throws a RangeError for a power between 0 and 1, of which there is no distribution.
 */
export function tweedieDeviance(power: number, labels: Numbers, scores: Numbers, weights?: Weights): number {
  if (!Number.isFinite(power) || (power > 0 && power < 1))
    throw new RangeError(`There is no Tweedie distribution of power ${power}: take at most 0, or at least 1.`);
  checkRows(labels, scores, weights);
  return weightedMean(labels.length, weights, (row) => unitDeviance(power, labels[row]!, scores[row]!));
}

/** Mean Poisson deviance, of counts. As {@link tweedieDeviance} with power 1. */
export function poissonDeviance(labels: Numbers, scores: Numbers, weights?: Weights): number {
  return tweedieDeviance(1, labels, scores, weights);
}

/** Mean gamma deviance, of positive amounts. As {@link tweedieDeviance} with power 2. */
export function gammaDeviance(labels: Numbers, scores: Numbers, weights?: Weights): number {
  return tweedieDeviance(2, labels, scores, weights);
}

function unitDeviance(power: number, label: number, score: number): number {
  if (power === 0) return (label - score) ** 2;
  if (!(score > 0) || (power >= 1 && label < 0) || (power >= 2 && label === 0)) return Number.NaN;
  if (power === 1) return 2 * ((label === 0 ? 0 : label * Math.log(label / score)) - label + score);
  if (power === 2) return 2 * (Math.log(score / label) + label / score - 1);
  const own = Math.max(label, 0) ** (2 - power) / ((1 - power) * (2 - power));
  return 2 * (own - (label * score ** (1 - power)) / (1 - power) + score ** (2 - power) / (2 - power));
}
