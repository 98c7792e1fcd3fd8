// Platt's calibration: the logistic curve under which the labels are likeliest, with targets a little inside 0 and 1 so that it never promises certainty.

import type { LogisticStep } from "../../core/core.ts";

const MOST_STEPS = 100;

/**
 * The logistic curve over values of any scale. Shapes (rows); `came` is 0 or 1.
 *
 * Platt 1999, with the targets of its section 2.1 and the safe Newton steps of Lin, Lin and Weng 2007, "A note on Platt's probabilistic outputs for
 * support vector machines". Values are centred and scaled before, which changes the path and not where it ends. Deterministic.
 */
export function plattStep(came: Uint8Array, values: Float64Array): LogisticStep {
  const rows = values.length;
  const center = values.reduce((sum, value) => sum + value, 0) / rows;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / rows);
  const scale = spread > 0 ? spread : 1;
  const positives = came.reduce((sum, each) => sum + each, 0);
  const [high, low] = [(positives + 1) / (positives + 2), 1 / (rows - positives + 2)];
  let [slope, intercept] = [0, Math.log((positives + 1) / (rows - positives + 1))];
  let loss = lossOf(slope, intercept);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    let [gradientSlope, gradientIntercept, slopes, both, intercepts] = [0, 0, 0, 0, 0];
    for (let row = 0; row < rows; row += 1) {
      const value = (values[row]! - center) / scale;
      const probability = 1 / (1 + Math.exp(-(slope * value + intercept)));
      const miss = probability - (came[row] === 1 ? high : low);
      const weight = probability * (1 - probability);
      gradientSlope += miss * value;
      gradientIntercept += miss;
      slopes += weight * value * value;
      both += weight * value;
      intercepts += weight;
    }
    if (Math.max(Math.abs(gradientSlope), Math.abs(gradientIntercept)) <= 1e-12 * rows) break;
    // A flat place has no curvature: a little of its own keeps the step finite.
    const [a, c] = [slopes + 1e-12, intercepts + 1e-12];
    const determinant = a * c - both * both;
    const towards = {
      slope: -(c * gradientSlope - both * gradientIntercept) / determinant,
      intercept: -(a * gradientIntercept - both * gradientSlope) / determinant,
    };
    const descent = gradientSlope * towards.slope + gradientIntercept * towards.intercept;
    let length = 1;
    let next = lossOf(slope + towards.slope, intercept + towards.intercept);
    while (!(next <= loss + 1e-4 * length * descent) && length > 1e-10) {
      length /= 2;
      next = lossOf(slope + length * towards.slope, intercept + length * towards.intercept);
    }
    if (!(next < loss)) break;
    [slope, intercept, loss] = [slope + length * towards.slope, intercept + length * towards.intercept, next];
  }
  return { slope: slope / scale, intercept: intercept - (slope * center) / scale };

  function lossOf(ofSlope: number, ofIntercept: number): number {
    let sum = 0;
    for (let row = 0; row < rows; row += 1) {
      const z = ofSlope * ((values[row]! - center) / scale) + ofIntercept;
      const target = came[row] === 1 ? high : low;
      // −t·log p − (1 − t)·log(1 − p), without a logarithm of 0.
      sum += z >= 0 ? (1 - target) * z + Math.log1p(Math.exp(-z)) : -target * z + Math.log1p(Math.exp(z));
    }
    return sum;
  }
}
