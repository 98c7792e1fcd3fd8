// What the metrics mean, in one place: training, monitoring and the gate all call these, so a figure never depends on who
// computed it. Labels are 0 or 1, scores are probabilities of a 1, and row i of one belongs to row i of the other.
// A metric that the rows cannot answer (one class only, no rows, a NaN among the scores) is NaN, never a guess.

import type { MetricSpec } from "./trainer.ts";

/** Probabilities of a positive label, one per row, in the precision of the model that gave them. */
export type Scores = Float32Array | Float64Array;

const LEAST_PROBABILITY = 1e-15;

/**
 * Area under the ROC curve: the chance that a positive row scores above a negative one; a tie counts half.
 *
 * `labels` and `scores` have shape (rows). The Mann-Whitney U statistic over its largest value (Hanley and McNeil 1982,
 * "The meaning and use of the area under a ROC curve", Radiology 143), in
 * O(rows log rows). NaN if there is one class only or if a score is NaN; throws a RangeError if the lengths differ.
 */
export function areaUnderRoc(labels: Uint8Array, scores: Scores): number {
  checkLengths(labels, scores);
  let positiveCount = 0;
  for (const label of labels) positiveCount += label === 0 ? 0 : 1;
  const positives = new Float64Array(positiveCount);
  const negatives = new Float64Array(labels.length - positiveCount);
  let positive = 0;
  let negative = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const score = scores[row]!;
    if (Number.isNaN(score)) return Number.NaN;
    if (labels[row] === 0) negatives[negative++] = score;
    else positives[positive++] = score;
  }
  return pairsWon(positives.sort(), negatives.sort()) / (positives.length * negatives.length);
}

// How many (positive, negative) pairs the positive wins, ties half; both ascending, so two cursors see each score once.
function pairsWon(positives: Float64Array, negatives: Float64Array): number {
  let won = 0;
  let below = 0;
  let notAbove = 0;
  for (const score of positives) {
    while (below < negatives.length && negatives[below]! < score) below += 1;
    if (notAbove < below) notAbove = below;
    while (notAbove < negatives.length && negatives[notAbove]! <= score) notAbove += 1;
    won += (below + notAbove) / 2;
  }
  return won;
}

/**
 * The loss of one row, in nats: −ln of the probability that the score gave to the label that came true.
 *
 * The score is first clipped to [1e-15, 1 − 1e-15], so that one certain mistake costs 34.5 and not infinity.
 */
export function rowLogLoss(label: number, score: number): number {
  const clipped = Math.min(Math.max(score, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
  return label === 0 ? -Math.log1p(-clipped) : -Math.log(clipped);
}

/**
 * Mean negative log likelihood of the labels under the scores, in nats; lower is better.
 *
 * `labels` and `scores` have shape (rows). The logarithmic score of Good 1952, "Rational decisions", clipped as
 * {@link rowLogLoss} says, in float64 for either precision: a float32 score of exactly 0 or 1 that is wrong costs 34.5,
 * where scikit-learn, which clips float32 to its own epsilon, charges 15.9. NaN without rows or with a NaN score;
 * throws a RangeError if the lengths differ.
 */
export function logLossOf(labels: Uint8Array, scores: Scores): number {
  checkLengths(labels, scores);
  let sum = 0;
  for (let row = 0; row < labels.length; row += 1) sum += rowLogLoss(labels[row]!, scores[row]!);
  return sum / labels.length;
}

/** One metric of labelled rows: see {@link areaUnderRoc} and {@link logLossOf} for units and for when it is NaN. */
export function measure(metric: MetricSpec, labels: Uint8Array, scores: Scores): number {
  return metric.name === "auc" ? areaUnderRoc(labels, scores) : logLossOf(labels, scores);
}

function checkLengths(labels: Uint8Array, scores: Scores): void {
  if (labels.length !== scores.length)
    throw new RangeError(`${labels.length} labels and ${scores.length} scores: every row needs one of each.`);
}
