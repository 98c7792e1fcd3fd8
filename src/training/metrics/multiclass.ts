// Metrics of more than two classes. A label is a class's number from 0; scores are row-major probabilities of shape
// (rows, classes). The decided class is the most probable one, of equals the first.

import { rocAuc } from "./discrimination.ts";
import { checkRows, type Numbers, type Weights, weightAt, weightedMean } from "./weighted-rows.ts";

const LEAST_PROBABILITY = 1e-15;

/** How figures of classes become one: each class alike, each row alike, or each class by its share of the rows. */
export type Average = "macro" | "micro" | "weighted";

/** Precision, recall and F1 of several classes under one average. */
export interface ClassAverages {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** The most probable class of every row, of equals the first; shape (rows). */
export function decidedClasses(scores: Numbers, classes: number): Int32Array {
  return Int32Array.from({ length: scores.length / classes }, (_, row) => {
    let best = 0;
    for (let each = 1; each < classes; each += 1)
      if (scores[row * classes + each]! > scores[row * classes + best]!) best = each;
    return best;
  });
}

/** Weights by true class (row) and decided class (column): row-major, shape (classes, classes). */
export function confusionMatrix(labels: Numbers, decided: Numbers, classes: number, weights?: Weights): Float64Array {
  checkRows(labels, decided, weights);
  const cells = new Float64Array(classes * classes);
  for (let row = 0; row < labels.length; row += 1)
    cells[labels[row]! * classes + decided[row]!]! += weightAt(weights, row);
  return cells;
}

/** The share of rows whose class was decided right. NaN without rows. */
export function classAccuracy(labels: Numbers, decided: Numbers, weights?: Weights): number {
  checkRows(labels, decided, weights);
  return weightedMean(labels.length, weights, (row) => (labels[row] === decided[row] ? 1 : 0));
}

/**
 * Precision, recall and F1 of a confusion matrix of shape (classes, classes), averaged.
 *
 * A class that neither came nor was decided is left out; where one of the two is missing, what cannot be divided counts 0.
 */
export function classAverages(cells: Float64Array, classes: number, average: Average): ClassAverages {
  const parts = Array.from({ length: classes }, (_, own) => {
    let came = 0;
    let called = 0;
    for (let other = 0; other < classes; other += 1) {
      came += cells[own * classes + other]!;
      called += cells[other * classes + own]!;
    }
    return { right: cells[own * classes + own]!, came, called };
  }).filter(({ came, called }) => came + called > 0);
  if (parts.length === 0) return { precision: Number.NaN, recall: Number.NaN, f1: Number.NaN };
  if (average === "micro") {
    const share = sumOf(parts, ({ right }) => right) / sumOf(parts, ({ came }) => came);
    return { precision: share, recall: share, f1: share };
  }
  const weightOf = ({ came }: { readonly came: number }): number => (average === "macro" ? 1 : came);
  const total = sumOf(parts, weightOf);
  const mean = (value: (part: (typeof parts)[number]) => number): number =>
    sumOf(parts, (part) => weightOf(part) * value(part)) / total;
  const ratio = (above: number, below: number): number => (below > 0 ? above / below : 0);
  return {
    precision: mean(({ right, called }) => ratio(right, called)),
    recall: mean(({ right, came }) => ratio(right, came)),
    f1: mean(({ right, came, called }) => ratio(2 * right, came + called)),
  };
}

/** Mean negative log probability of the class that came, in nats; clipped at 1e-15. NaN without rows. */
export function classLogLoss(labels: Numbers, scores: Numbers, classes: number, weights?: Weights): number {
  checkRows(labels, labels, weights);
  return weightedMean(labels.length, weights, (row) => {
    const own = scores[row * classes + labels[row]!]!;
    return -Math.log(Math.min(Math.max(own, LEAST_PROBABILITY), 1));
  });
}

/**
 * Area under the ROC curve of each class against the rest, averaged over classes (macro) or by their share of rows (weighted).
 *
 * Provost and Domingos 2001, "Well-trained PETs". NaN when a class never came: its curve has no positive.
 */
export function oneVersusRestAuc(
  labels: Numbers,
  scores: Numbers,
  classes: number,
  average: "macro" | "weighted",
  weights?: Weights,
): number {
  let sum = 0;
  let total = 0;
  for (let each = 0; each < classes; each += 1) {
    const own = Uint8Array.from({ length: labels.length }, (_, row) => (labels[row] === each ? 1 : 0));
    const share = average === "macro" ? 1 : weightedMean(labels.length, weights, (row) => own[row]!);
    sum +=
      share *
      rocAuc(
        own,
        Float64Array.from({ length: labels.length }, (_, row) => scores[row * classes + each]!),
        weights,
      );
    total += share;
  }
  return sum / total;
}

function sumOf<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
