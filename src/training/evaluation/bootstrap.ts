// How sure a figure is: the same figure on rows drawn again and again from the rows, with replacement. A row that is drawn twice
// weighs two, so every resample is the same rows under other weights and nothing is copied or sorted anew. Rows that belong
// together (the flights of one aircraft) are drawn together: taken for independent they would make every interval too narrow.

import { randomOf } from "../../core/core.ts";

/** From where to where a figure lies. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** How to draw. */
export interface BootstrapOptions {
  /** How often; default 500. */
  readonly resamples?: number;
  /** What share of resamples lies inside; default 0.95. */
  readonly level?: number;
  /** Default 0. */
  readonly seed?: number;
  /** A number per row; rows of one number are drawn together. Shape (rows). */
  readonly clusters?: Int32Array;
}

/**
 * Percentile intervals of several figures of the same rows, each as `figures` returns them for row weights of shape (rows).
 *
 * Efron and Tibshirani 1993, "An introduction to the bootstrap", section 13.3; by cluster, Davison and Hinkley 1997, section 3.8.
 * Percentiles, not BCa: its correction needs every figure once per row left out, which for an area under a curve is quadratic.
 * A resample in which a figure is NaN does not count for it; a figure that is NaN in more than half of them has no interval.
 */
export function bootstrapIntervals(
  rows: number,
  figures: (weights: Float64Array) => readonly number[],
  options: BootstrapOptions = {},
): readonly (Interval | null)[] {
  const { resamples = 500, level = 0.95, seed = 0, clusters } = options;
  const random = randomOf(seed, 0);
  const groups = clusters === undefined ? rows : clusters.reduce((most, each) => Math.max(most, each + 1), 0);
  const drawn = new Float64Array(groups);
  const weights = clusters === undefined ? drawn : new Float64Array(rows);
  const found: number[][] = [];
  for (let resample = 0; resample < resamples; resample += 1) {
    drawn.fill(0);
    for (let draw = 0; draw < groups; draw += 1) drawn[random.below(groups)]! += 1;
    if (clusters !== undefined) for (let row = 0; row < rows; row += 1) weights[row] = drawn[clusters[row]!]!;
    for (const [place, figure] of figures(weights).entries()) {
      const own = found[place] ?? [];
      found[place] = own;
      if (!Number.isNaN(figure)) own.push(figure);
    }
  }
  return found.map((values) => (values.length * 2 > resamples ? percentiles(values, level) : null));
}

function percentiles(values: readonly number[], level: number): Interval {
  const sorted = Float64Array.from(values).sort();
  return { low: quantileOf(sorted, (1 - level) / 2), high: quantileOf(sorted, (1 + level) / 2) };
}

/** A quantile of ascending values, by straight lines between them (Hyndman and Fan 1996, type 7). */
export function quantileOf(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low + (high - low) * (place - below);
}
