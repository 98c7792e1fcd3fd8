// What comes of acting on scores: a threshold makes decisions of them, and four weights say how many were right.

import { checkRows, type Numbers, type Weights, weightAt } from "./weighted-rows.ts";

/** Weights of rows by what was decided and what came. */
export interface Confusion {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

/** Decisions of "positive" for scores at or above `threshold`, counted. Shapes (rows). */
export function confusionAt(threshold: number, labels: Numbers, scores: Numbers, weights?: Weights): Confusion {
  checkRows(labels, scores, weights);
  let truePositive = 0;
  let falsePositive = 0;
  let falseNegative = 0;
  let trueNegative = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const weight = weightAt(weights, row);
    const decided = scores[row]! >= threshold;
    if (labels[row] !== 0) {
      if (decided) truePositive += weight;
      else falseNegative += weight;
    } else if (decided) falsePositive += weight;
    else trueNegative += weight;
  }
  return { truePositive, falsePositive, falseNegative, trueNegative };
}

/** The share of decisions that were right. NaN without rows. */
export function accuracy({ truePositive, falsePositive, falseNegative, trueNegative }: Confusion): number {
  return (truePositive + trueNegative) / (truePositive + trueNegative + falsePositive + falseNegative);
}

/** The share of positive decisions that were right. NaN when none was made. */
export function precision({ truePositive, falsePositive }: Confusion): number {
  return truePositive / (truePositive + falsePositive);
}

/** The share of positives that were found. NaN without positives. */
export function recall({ truePositive, falseNegative }: Confusion): number {
  return truePositive / (truePositive + falseNegative);
}

/** Harmonic mean of precision and recall: 2·TP / (2·TP + FP + FN). NaN when nothing was positive and nothing called so. */
export function f1({ truePositive, falsePositive, falseNegative }: Confusion): number {
  return (2 * truePositive) / (2 * truePositive + falsePositive + falseNegative);
}

/** The mean of the shares of positives and of negatives that were decided right. NaN with one class. */
export function balancedAccuracy(confusion: Confusion): number {
  const { falsePositive, trueNegative } = confusion;
  return (recall(confusion) + trueNegative / (trueNegative + falsePositive)) / 2;
}

/**
 * Matthews correlation coefficient of decisions and labels, in −1..1; 0 when all decisions or all labels are alike.
 *
 * Matthews 1975, Biochimica et Biophysica Acta 405. NaN without rows.
 */
export function matthewsCorrelation({ truePositive, falsePositive, falseNegative, trueNegative }: Confusion): number {
  const called = truePositive + falsePositive;
  const positives = truePositive + falseNegative;
  const negatives = trueNegative + falsePositive;
  const notCalled = trueNegative + falseNegative;
  if (!(positives + negatives > 0)) return Number.NaN;
  // Roots one by one: the product of four large weights leaves the exact numbers.
  const scale = Math.sqrt(called) * Math.sqrt(positives) * Math.sqrt(negatives) * Math.sqrt(notCalled);
  return scale === 0 ? 0 : (truePositive * trueNegative - falsePositive * falseNegative) / scale;
}
