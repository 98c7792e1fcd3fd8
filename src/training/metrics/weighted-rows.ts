// What every metric of this folder is given: rows as parallel arrays, and weights where rows do not count alike.
// A metric that the rows cannot answer (none of them, one class, no weight) is NaN, never a guess; rows that are no rows at all
// (lengths that differ, a NaN among scores, a negative weight) are refused, because the figure would hide a fault elsewhere.

import { SlipwayError } from "../../core/core.ts";

/** Numbers in row order, in whatever precision they were made. */
export type Numbers = Float64Array | Float32Array | Uint8Array | Int32Array | readonly number[];

/** How much each row counts; absent where all count alike. Finite and not negative. */
export type Weights = Numbers | undefined;

/**
 * Refuses rows that cannot be measured.
 *
 * Throws INPUT_INVALID, naming the first row at fault, when lengths differ, a label or score is NaN, or a weight is
 * negative, NaN or infinite.
 */
export function checkRows(labels: Numbers, scores: Numbers, weights: Weights): void {
  if (labels.length !== scores.length || (weights !== undefined && weights.length !== labels.length))
    refuse(
      `${labels.length} labels, ${scores.length} scores${weights === undefined ? "" : ` and ${weights.length} weights`}: every row needs one of each.`,
    );
  for (let row = 0; row < labels.length; row += 1) {
    if (Number.isNaN(scores[row]!)) refuse(`the score of row ${row + 1} is NaN; no metric can place it.`);
    if (Number.isNaN(labels[row]!)) refuse(`the label of row ${row + 1} is NaN; leave rows without a label out.`);
  }
  for (let row = 0; weights !== undefined && row < weights.length; row += 1)
    if (!(weights[row]! >= 0 && weights[row]! < Number.POSITIVE_INFINITY))
      refuse(`the weight of row ${row + 1} is ${weights[row]}; weights are finite and not negative.`);
}

/** The weight of one row; 1 where rows count alike. */
export function weightAt(weights: Weights, row: number): number {
  return weights === undefined ? 1 : weights[row]!;
}

/** The weighted mean of `value` over `rows` rows; NaN without rows or weight. Summed in float64 with Neumaier's correction. */
export function weightedMean(rows: number, weights: Weights, value: (row: number) => number): number {
  let sum = 0;
  let lost = 0;
  let total = 0;
  for (let row = 0; row < rows; row += 1) {
    const weight = weightAt(weights, row);
    if (weight === 0) continue;
    const term = weight * value(row);
    const next = sum + term;
    // What rounding took, kept beside the sum (Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur Summation").
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
    total += weight;
  }
  return total > 0 ? (sum + (Number.isFinite(lost) ? lost : 0)) / total : Number.NaN;
}

function refuse(problem: string): never {
  throw new SlipwayError("INPUT_INVALID", `Metrics need whole rows: ${problem}`);
}
