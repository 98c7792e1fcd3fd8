// How good scores are as probabilities: proper scoring rules, and how far what was foretold lies from what came.

import { rowLogLoss } from "../../define/define.ts";
import { checkRows, type Numbers, type Weights, weightAt, weightedMean } from "./weighted-rows.ts";

/** Mean negative log likelihood in nats; clipped and cited as `rowLogLoss` says. Shapes (rows). NaN without rows. */
export function binaryLogLoss(labels: Numbers, scores: Numbers, weights?: Weights): number {
  checkRows(labels, scores, weights);
  return weightedMean(labels.length, weights, (row) => rowLogLoss(labels[row]!, scores[row]!));
}

/**
 * Brier score: the mean squared distance of the probability from 0 or 1; lower is better.
 *
 * Shapes (rows). Brier 1950, "Verification of forecasts expressed in terms of probability". NaN without rows.
 */
export function brierScore(labels: Numbers, scores: Numbers, weights?: Weights): number {
  checkRows(labels, scores, weights);
  return weightedMean(labels.length, weights, (row) => (scores[row]! - (labels[row] === 0 ? 0 : 1)) ** 2);
}

/** How many equal widths calibration is looked at in. */
export const CALIBRATION_BINS = 10;

/** One bar of a reliability diagram: rows whose score lies in (from, to], the first with its lower end. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly weight: number;
  /** Weighted mean of the scores, and of the labels. */
  readonly foretold: number;
  readonly observed: number;
}

/**
 * Rows by equal widths of score, empty bins left out: what was foretold beside what came.
 *
 * Shapes (rows), scores in 0..1, `bins` at least 1. DeGroot and Fienberg 1983, "The comparison and evaluation of forecasters".
 */
export function calibrationBins(
  labels: Numbers,
  scores: Numbers,
  weights?: Weights,
  bins = CALIBRATION_BINS,
): readonly CalibrationBin[] {
  checkRows(labels, scores, weights);
  const counts = Array.from({ length: bins }, () => ({ rows: 0, weight: 0, score: 0, label: 0 }));
  for (let row = 0; row < labels.length; row += 1) {
    const weight = weightAt(weights, row);
    const score = scores[row]!;
    const bin = counts[binOf(score, bins)]!;
    bin.rows += 1;
    bin.weight += weight;
    bin.score += weight * score;
    bin.label += labels[row] === 0 ? 0 : weight;
  }
  return counts.flatMap(({ rows, weight, score, label }, index) =>
    weight > 0
      ? [
          {
            from: index / bins,
            to: (index + 1) / bins,
            rows,
            weight,
            foretold: score / weight,
            observed: label / weight,
          },
        ]
      : [],
  );
}

/**
 * Expected calibration error: the mean distance between foretold and observed over ten equal widths, weighted by rows.
 *
 * Shapes (rows). Naeini, Cooper and Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian binning", AAAI.
 * NaN without rows.
 */
export function expectedCalibrationError(
  labels: Numbers,
  scores: Numbers,
  weights?: Weights,
  bins = CALIBRATION_BINS,
): number {
  const parts = calibrationBins(labels, scores, weights, bins);
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  const apart = parts.reduce((sum, { weight, foretold, observed }) => sum + weight * Math.abs(foretold - observed), 0);
  return total > 0 ? apart / total : Number.NaN;
}

/** The width that a score is in. Widths are open below and closed above, with edges i · (1 / bins) as float64. */
export function binOf(score: number, bins: number): number {
  const width = 1 / bins;
  let bin = Math.min(Math.max(Math.ceil(score * bins) - 1, 0), bins - 1);
  while (bin > 0 && score <= bin * width) bin -= 1;
  while (bin < bins - 1 && score > (bin + 1) * width) bin += 1;
  return bin;
}
