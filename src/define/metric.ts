// What the metrics mean, in one place: training, monitoring and the gate all call these, so a figure never depends on who
// computed it. Labels are 0 or 1, scores are probabilities of a 1, and row i of one belongs to row i of the other.
// A metric that the rows cannot answer (one class only, no rows, a NaN among the scores) is NaN, never a guess.

import type { MetricSpec } from "./metric-spec.ts";
import { concordanceOf, meanGain } from "./ordering.ts";
import type { TaskSpec } from "./task.ts";

/**
 * A model's answers, in the precision of the model that gave them: one a row, or for several classes their probabilities, of shape
 * (rows, classes), row-major.
 */
export type Scores = Float32Array | Float64Array;

/** Labels, one per row: 0 or 1, the place of a class, or the number itself. */
export type Labels = Uint8Array | Float64Array;

const LEAST_PROBABILITY = 1e-15;

/**
 * Area under the ROC curve: the chance that a positive row scores above a negative one; a tie counts half.
 *
 * `labels` and `scores` have shape (rows). The Mann-Whitney U statistic over its largest value (Hanley and McNeil 1982,
 * "The meaning and use of the area under a ROC curve", Radiology 143), in
 * O(rows log rows). NaN if there is one class only or if a score is NaN; throws a RangeError if the lengths differ.
 */
export function areaUnderRoc(labels: Labels, scores: Scores): number {
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
export function logLossOf(labels: Labels, scores: Scores): number {
  checkLengths(labels, scores);
  let sum = 0;
  for (let row = 0; row < labels.length; row += 1) sum += rowLogLoss(labels[row]!, scores[row]!);
  return sum / labels.length;
}

/**
 * What one row costs by a metric that is a mean over rows; undefined for those that are not. The root of "rmse" is taken of the mean.
 *
 * For several classes `scores` has shape (rows, classes), and a label that is no class, NaN, had the probability 0.
 */
export function rowLoss(
  metric: MetricSpec["name"],
  task: TaskSpec,
): ((labels: Labels, scores: Scores, row: number) => number) | undefined {
  const several = task.kind === "multiclass";
  if (metric === "logLoss" && several)
    return (labels, scores, row) => {
      const label = labels[row]!;
      const width = scores.length / labels.length;
      return rowLogLoss(1, Number.isNaN(label) ? 0 : scores[row * width + label]!);
    };
  if (metric === "logLoss") return (labels, scores, row) => rowLogLoss(labels[row]!, scores[row]!);
  if (metric === "accuracy" && several)
    return (labels, scores, row) => -Number(likeliest(scores, row, scores.length / labels.length) === labels[row]);
  if (metric === "accuracy") return (labels, scores, row) => -Number(scores[row]! >= 0.5 === (labels[row] !== 0));
  if (metric === "mae") return (labels, scores, row) => Math.abs(scores[row]! - labels[row]!);
  if (metric === "rmse") return (labels, scores, row) => (scores[row]! - labels[row]!) ** 2;
  if (metric !== "pinball") return undefined;
  const at = task.kind === "regression" && task.loss === "quantile" ? task.at : Number.NaN;
  return (labels, scores, row) => {
    const over = scores[row]! - labels[row]!;
    return over >= 0 ? (1 - at) * over : -at * over;
  };
}

/** The place of a row's most likely class among `classes`: the first of equally likely ones. */
export function likeliest(scores: Scores, row: number, classes: number): number {
  let best = 0;
  for (let place = 1; place < classes; place += 1)
    if (scores[row * classes + place]! > scores[row * classes + best]!) best = place;
  return best;
}

/** What rows have beside their labels, each of shape (rows). */
export interface RowsBeside {
  /** Which group a row is ranked in, counted from 0; rows of one stand together. */
  readonly groups?: Int32Array;
  /** By when each had ended; infinite while it goes on. */
  readonly upper?: Float64Array;
}

const BINARY: TaskSpec = { kind: "binary" };

/**
 * One metric of labelled rows, in its own unit: see {@link areaUnderRoc}, {@link logLossOf} and {@link rowLoss} for when it is NaN.
 *
 * `labels` has shape (rows), `scores` the same or, for several classes, (rows, classes). Throws a RangeError if they do not go together.
 */
export function measure(
  metric: Pick<MetricSpec, "name">,
  labels: Labels,
  scores: Scores,
  task: TaskSpec = BINARY,
  { groups, upper }: RowsBeside = {},
): number {
  if (metric.name === "ndcg" || metric.name === "concordance") {
    checkLengths(labels, scores);
    if (metric.name === "ndcg") return groups ? meanGain(labels, scores, groups) : Number.NaN;
    return upper ? concordanceOf(labels, scores, upper) : Number.NaN;
  }
  const loss = rowLoss(metric.name, task);
  if (loss === undefined) return areaUnderRoc(labels, scores);
  if (task.kind !== "multiclass") checkLengths(labels, scores);
  else if (scores.length % labels.length !== 0)
    throw new RangeError(
      `${labels.length} labels and ${scores.length} probabilities: every row needs one of each class.`,
    );
  let sum = 0;
  for (let row = 0; row < labels.length; row += 1) sum += loss(labels, scores, row);
  return meanLoss(metric.name, sum / labels.length);
}

/** A metric's value, in its own unit, from the mean of its {@link rowLoss}. */
export function meanLoss(metric: MetricSpec["name"], mean: number): number {
  if (metric === "rmse") return Math.sqrt(mean);
  return metric === "accuracy" || metric === "ndcg" ? -mean : mean;
}

function checkLengths(labels: Labels, scores: Scores): void {
  if (labels.length !== scores.length)
    throw new RangeError(`${labels.length} labels and ${scores.length} scores: every row needs one of each.`);
}
