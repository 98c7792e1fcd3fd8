// A Gaussian process over encoded points: Matérn-5/2 with a length of its own per parameter; a choice is 1 from every other choice. Mean and
// variance are not searched for but solved for, so only lengths and noise are fitted, by maximum a posteriori.

import { climb } from "./climb.ts";
import { cholesky, inverseOf, times } from "./linear.ts";

const ROOT5 = Math.sqrt(5);
/** What the prior says of the variance of standardised values: 1, as if seen in so many points. */
const PRIOR_POINTS = 2;
const LEAST_NOISE = 1e-6;
const LIKELY_NOISE = 1e-4;

/** Points as rows of features: a place in [0, 1] or a choice's index. */
export interface Features {
  readonly rows: readonly Float64Array[];
  /** Which columns have an order; others are equal or not. */
  readonly ordered: readonly boolean[];
  /** How many columns mean something in the average row. */
  readonly alive: number;
}

/** What the process says of a point. */
export interface Prediction {
  readonly mean: number;
  /** Of the function, without noise; above 0. */
  readonly variance: number;
}

/** A fitted process. */
export interface Process {
  predict(row: Float64Array): Prediction;
  /** The prediction and the slopes of mean and variance by each ordered feature. */
  slopes(row: Float64Array, mean: Float64Array, variance: Float64Array): Prediction;
  /** The same lengths with more points. */
  with(features: Features, values: Float64Array): Process;
  /** Standard deviation of the noise relative to the function's. */
  readonly noise: number;
  readonly lengths: Float64Array;
}

/**
 * Fits a process.
 *
 * The prior of each log length is normal around `centre` + ½·ln(columns) with deviation 1 (Hvarfner et al. 2024, arXiv 2402.02746, with a shorter
 * centre); of the log ratio of the noise's variance normal around ln 1e-4 with deviation 2.
 *
 * @param values - to be predicted, standardised
 * @param looks - how often the likelihood may be computed
 */
export function fitProcess(features: Features, values: Float64Array, looks: number, centre: number): Process {
  const start = priorOf(features, centre).middle;
  const gaps = squaredGaps(features);
  const found = climb((x, gradient) => logPosterior(features, gaps, values, x, gradient, centre), start, {
    low: -14,
    high: 5,
    step: 0.3,
    looks,
  });
  return conditioned(features, values, found.at);
}

interface Prior {
  readonly middle: Float64Array;
  readonly deviation: Float64Array;
}

function priorOf({ ordered, alive }: Features, centre: number): Prior {
  const columns = ordered.length;
  const middle = new Float64Array(columns + 1).fill(centre + 0.5 * Math.log(alive));
  const deviation = new Float64Array(columns + 1).fill(1);
  middle[columns] = Math.log(LIKELY_NOISE);
  deviation[columns] = 2;
  return { middle, deviation };
}

/** 1/length² per column. */
function weightsOf(logs: Float64Array): Float64Array {
  return logs.subarray(0, -1).map((log) => Math.exp(-2 * log));
}

function noiseOf(logs: Float64Array): number {
  return LEAST_NOISE + Math.exp(logs[logs.length - 1]!);
}

/** The squared gap of every pair of rows, row by row below the diagonal, in every column. */
export function squaredGaps({ rows, ordered }: Features): Float64Array {
  const gaps = new Float64Array((ordered.length * rows.length * (rows.length - 1)) / 2);
  let pair = 0;
  rows.forEach((row, index) => {
    for (let other = 0; other < index; other += 1)
      for (let column = 0; column < ordered.length; column += 1, pair += 1) {
        const gap = row[column]! - rows[other]![column]!;
        gaps[pair] = ordered[column] ? gap * gap : Number(gap !== 0);
      }
  });
  return gaps;
}

/** The Matérn-5/2 kernel at a squared distance in lengths. */
function matern(square: number): number {
  const r = ROOT5 * Math.sqrt(square);
  return (1 + r + (r * r) / 3) * Math.exp(-r);
}

/**
 * The logarithm of the posterior of log lengths and log noise, up to a constant, and its gradient, which is written into `gradient`; minus infinity
 * where the kernel matrix is not positive definite.
 */
export function logPosterior(
  features: Features,
  gaps: Float64Array,
  values: Float64Array,
  logs: Float64Array,
  gradient: Float64Array,
  centre: number,
): number {
  const { rows, ordered } = features;
  const prior = priorOf(features, centre);
  const [size, columns] = [rows.length, ordered.length];
  const weights = weightsOf(logs);
  const noise = noiseOf(logs);
  const matrix = new Float64Array(size * size);
  const slope = new Float64Array(size * size);
  const pairs = new Float64Array(columns);
  for (let row = 0, pair = 0; row < size; row += 1) {
    matrix[row * size + row] = 1 + noise;
    for (let other = 0; other < row; other += 1) {
      let square = 0;
      for (let column = 0; column < columns; column += 1, pair += 1) square += weights[column]! * gaps[pair]!;
      const r = ROOT5 * Math.sqrt(square);
      const fade = Math.exp(-r);
      matrix[row * size + other] = (1 + r + (r * r) / 3) * fade;
      slope[row * size + other] = (5 / 3) * (1 + r) * fade;
    }
  }
  gradient.fill(0);
  if (!cholesky(matrix, size)) return Number.NEGATIVE_INFINITY;
  let logDeterminant = 0;
  for (let row = 0; row < size; row += 1) logDeterminant += 2 * Math.log(matrix[row * size + row]!);
  const inverse = inverseOf(matrix, size);
  const { alpha, scale } = solve(inverse, values);
  for (let row = 0, pair = 0; row < size; row += 1) {
    gradient[columns]! -= inverse[row * size + row]! - (alpha[row]! * alpha[row]!) / scale;
    for (let other = 0; other < row; other += 1) {
      const at = row * size + other;
      const pull = ((alpha[row]! * alpha[other]!) / scale - inverse[at]!) * slope[at]!;
      for (let column = 0; column < columns; column += 1, pair += 1) pairs[column]! += pull * gaps[pair]!;
    }
  }
  for (let column = 0; column < columns; column += 1) gradient[column] = pairs[column]! * weights[column]!;
  gradient[columns]! *= 0.5 * (noise - LEAST_NOISE);
  let value = -0.5 * (size + PRIOR_POINTS) * Math.log(scale) - 0.5 * logDeterminant;
  for (let index = 0; index <= columns; index += 1) {
    const away = (logs[index]! - prior.middle[index]!) / prior.deviation[index]!;
    value -= 0.5 * away * away;
    gradient[index]! -= away / prior.deviation[index]!;
  }
  return value;
}

function distance(one: Float64Array, two: Float64Array, ordered: readonly boolean[], weights: Float64Array): number {
  let sum = 0;
  for (let column = 0; column < weights.length; column += 1) {
    const gap = one[column]! - two[column]!;
    if (ordered[column]) sum += weights[column]! * gap * gap;
    else if (gap !== 0) sum += weights[column]!;
  }
  return sum;
}

/** Mean by generalised least squares, what remains solved for, and the variance with its prior. */
function solve(inverse: Float64Array, values: Float64Array) {
  const size = values.length;
  const ones = times(inverse, new Float64Array(size).fill(1));
  const solved = times(inverse, values);
  let [above, below] = [0, 0];
  for (let row = 0; row < size; row += 1) {
    above += solved[row]!;
    below += ones[row]!;
  }
  const mean = above / below;
  const alpha = solved.map((value, row) => value - mean * ones[row]!);
  let fit = PRIOR_POINTS;
  for (let row = 0; row < size; row += 1) fit += (values[row]! - mean) * alpha[row]!;
  return { mean, alpha, scale: Math.max(1e-12, fit / (size + PRIOR_POINTS)) };
}

function conditioned(features: Features, values: Float64Array, logs: Float64Array): Process {
  const { rows, ordered } = features;
  const size = rows.length;
  const columns = ordered.length;
  const weights = weightsOf(logs);
  const noise = noiseOf(logs);
  const matrix = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    matrix[row * size + row] = 1 + noise + 1e-9;
    for (let other = 0; other < row; other += 1)
      matrix[row * size + other] = matern(distance(rows[row]!, rows[other]!, ordered, weights));
  }
  if (!cholesky(matrix, size)) throw new RangeError("A kernel matrix with noise is positive definite.");
  const inverse = inverseOf(matrix, size);
  const { mean, alpha, scale } = solve(inverse, values);
  const kernel = new Float64Array(size);
  const pull = new Float64Array(size);
  const look = (row: Float64Array): Prediction => {
    let value = mean;
    for (let index = 0; index < size; index += 1) {
      const square = distance(row, rows[index]!, ordered, weights);
      const r = ROOT5 * Math.sqrt(square);
      const fade = Math.exp(-r);
      kernel[index] = (1 + r + (r * r) / 3) * fade;
      pull[index] = (5 / 3) * (1 + r) * fade;
      value += kernel[index]! * alpha[index]!;
    }
    return { mean: value, variance: 0 };
  };
  const varianceWith = (solved: Float64Array): number => {
    let explained = 0;
    for (let index = 0; index < size; index += 1) explained += kernel[index]! * solved[index]!;
    return Math.max(1e-10, 1 - explained) * scale;
  };
  return {
    noise: Math.sqrt(noise),
    lengths: logs.subarray(0, columns).map(Math.exp),
    predict(row) {
      const { mean: value } = look(row);
      return { mean: value, variance: varianceWith(times(inverse, kernel)) };
    },
    slopes(row, byMean, byVariance) {
      const { mean: value } = look(row);
      const solved = times(inverse, kernel);
      byMean.fill(0);
      byVariance.fill(0);
      for (let index = 0; index < size; index += 1) {
        const other = rows[index]!;
        const [a, b] = [pull[index]! * alpha[index]!, 2 * pull[index]! * solved[index]! * scale];
        for (let column = 0; column < columns; column += 1) {
          if (!ordered[column]) continue;
          // dk/dx = -pull·weight·(x - x'), and the variance falls as the kernel rises.
          const gap = weights[column]! * (row[column]! - other[column]!);
          byMean[column]! -= a * gap;
          byVariance[column]! += b * gap;
        }
      }
      return { mean: value, variance: varianceWith(solved) };
    },
    with: (more, told) => conditioned(more, told, logs),
  };
}
