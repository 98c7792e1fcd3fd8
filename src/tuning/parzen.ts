// A density over a whole space, made of one product kernel per observed point and one that is nearly even: a truncated normal along each ordered
// parameter, a smoothed spike on the choice of each unordered one. A parameter that an observation's branch did not have is even in its kernel,
// so one density spans all branches.

import type { Random } from "../core/core.ts";
import { type Encoding, fill, type Point } from "./encoding.ts";
import { normalCdf } from "./normal.ts";

const LOG_ROOT_TAU = 0.5 * Math.log(2 * Math.PI);

/** A mixture of product kernels. */
export interface Parzen {
  /** The logarithm of the density at a point. */
  logDensity(point: Point): number;
  /** A point drawn from it. */
  draw(random: Random): Point;
}

/**
 * The density of observed points, with one weight each.
 *
 * Bandwidths are Optuna 5's: the larger gap to a neighbour along the parameter, within [1/min(100, kernels + 1), 1] (Bergstra et al. 2011; Watanabe
 * 2023, arXiv 2304.11127).
 */
export function parzen(encoding: Encoding, points: readonly Point[], weights: readonly number[]): Parzen {
  const { dimensions } = encoding;
  const [kernels, width] = [points.length + 1, dimensions.length];
  const total = weights.reduce((sum, weight) => sum + weight, 1);
  const logWeight = Float64Array.from([...weights, 1], (weight) => Math.log(weight / total));
  // Per parameter and kernel, so that a loop over kernels is one over neighbours: centre, bandwidth and what the truncation adds. The last kernel is the
  // even one. A kernel whose branch does not have the parameter is NaN here, infinitely wide and adds nothing.
  const centre = new Float64Array(width * kernels).fill(Number.NaN);
  const scale = new Float64Array(width * kernels).fill(Number.POSITIVE_INFINITY);
  const offset = new Float64Array(width * kernels);
  dimensions.forEach(({ ordered, levels }, column) => {
    const first = column * kernels;
    const seen: number[] = [];
    points.forEach((point, row) => {
      centre[first + row] = point[column]!;
      if (!Number.isNaN(point[column]!)) seen.push(row);
    });
    if (!ordered) return;
    centre[first + points.length] = 0.5;
    scale[first + points.length] = 1;
    const sorted = Float64Array.from(seen, (row) => centre[first + row]!).sort();
    const least = Math.max(1 / Math.min(100, kernels + 1), levels === Number.POSITIVE_INFINITY ? 0 : 0.5 / levels);
    // Of equal places the first in `seen` comes first.
    const met = new Uint32Array(seen.length);
    for (const row of seen) {
      const here = centre[first + row]!;
      const start = lowerBound(sorted, here);
      const rank = start + met[start]!;
      met[start]! += 1;
      const left = rank > 0 ? here - sorted[rank - 1]! : 0;
      const right = rank + 1 < seen.length ? sorted[rank + 1]! - here : 0;
      scale[first + row] = Math.min(1, Math.max(least, left, right));
    }
    for (let row = 0; row < kernels; row += 1) {
      const at = first + row;
      const [place, wide] = [centre[at]!, scale[at]!];
      if (Number.isNaN(place)) continue;
      const below = -place / wide;
      // Its share of a lower tail that 1 does not feel.
      const inside = normalCdf((1 - place) / wide) - (below < -8.5 ? 0 : normalCdf(below));
      offset[at] = -LOG_ROOT_TAU - Math.log(wide * inside);
    }
  });
  // Where an ordered parameter is not there, any centre will do at infinite width.
  const middle = centre.map((place) => (Number.isNaN(place) ? 0 : place));
  const spike = dimensions.map(({ levels }) => {
    const smooth = 1 / kernels;
    return { hit: Math.log((1 + smooth) / (1 + levels * smooth)), miss: Math.log(smooth / (1 + levels * smooth)) };
  });
  const logs = new Float64Array(kernels);
  const addOrdered = (column: number, place: number): void => {
    for (let row = 0, at = column * kernels; row < kernels; row += 1, at += 1) {
      const distance = (place - middle[at]!) / scale[at]!;
      logs[row]! += offset[at]! - 0.5 * distance * distance;
    }
  };
  const addChoice = (column: number, place: number): void => {
    const { hit, miss } = spike[column]!;
    const even = Math.log(dimensions[column]!.levels);
    for (let row = 0, at = column * kernels; row < kernels; row += 1, at += 1) {
      const own = centre[at]!;
      if (own === place) logs[row]! += hit;
      else if (Number.isNaN(own)) logs[row]! -= even;
      else logs[row]! += miss;
    }
  };
  return {
    logDensity(point) {
      logs.set(logWeight);
      for (let column = 0; column < width; column += 1) {
        const place = point[column]!;
        if (Number.isNaN(place)) continue;
        if (dimensions[column]!.ordered) addOrdered(column, place);
        else addChoice(column, place);
      }
      let top = Number.NEGATIVE_INFINITY;
      for (let row = 0; row < kernels; row += 1) if (logs[row]! > top) top = logs[row]!;
      let sum = 0;
      for (let row = 0; row < kernels; row += 1) sum += Math.exp(logs[row]! - top);
      return top + Math.log(sum);
    },
    draw(random) {
      let left = random.next();
      let row = 0;
      for (; row < kernels - 1; row += 1) {
        left -= Math.exp(logWeight[row]!);
        if (left < 0) break;
      }
      return fill(encoding, (column) => {
        const { ordered, levels } = dimensions[column]!;
        const own = centre[column * kernels + row]!;
        if (ordered) return Number.isNaN(own) ? random.next() : truncated(random, own, scale[column * kernels + row]!);
        const isEven = Number.isNaN(own) || random.next() < levels / kernels / (1 + levels / kernels);
        return isEven ? random.below(levels) : own;
      });
    },
  };
}

function truncated(random: Random, middle: number, scale: number): number {
  for (;;) {
    const place = middle + scale * random.normal();
    if (place >= 0 && place <= 1) return place;
  }
}

/** The place of the first value that is not below another, by halving. */
function lowerBound(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
