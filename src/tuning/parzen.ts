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
  // Per kernel and parameter: centre, bandwidth and what the truncation adds; the last kernel is the even one.
  const centre = new Float64Array(kernels * width).fill(Number.NaN);
  const scale = new Float64Array(kernels * width).fill(1);
  const offset = new Float64Array(kernels * width);
  dimensions.forEach(({ ordered, levels }, column) => {
    points.forEach((point, row) => {
      centre[row * width + column] = point[column]!;
    });
    if (!ordered) return;
    centre[points.length * width + column] = 0.5;
    const seen = points.flatMap((point, row) => (Number.isNaN(point[column]!) ? [] : [row]));
    seen.sort((left, right) => points[left]![column]! - points[right]![column]!);
    const least = Math.max(1 / Math.min(100, kernels + 1), levels === Number.POSITIVE_INFINITY ? 0 : 0.5 / levels);
    seen.forEach((row, rank) => {
      const here = points[row]![column]!;
      const left = rank > 0 ? here - points[seen[rank - 1]!]![column]! : 0;
      const right = rank + 1 < seen.length ? points[seen[rank + 1]!]![column]! - here : 0;
      scale[row * width + column] = Math.min(1, Math.max(least, left, right));
    });
    for (const row of [...seen, points.length]) {
      const at = row * width + column;
      const inside = normalCdf((1 - centre[at]!) / scale[at]!) - normalCdf(-centre[at]! / scale[at]!);
      offset[at] = -LOG_ROOT_TAU - Math.log(scale[at]! * inside);
    }
  });
  const spike = dimensions.map(({ levels }) => {
    const smooth = 1 / kernels;
    return { hit: Math.log((1 + smooth) / (1 + levels * smooth)), miss: Math.log(smooth / (1 + levels * smooth)) };
  });
  const isOrdered = dimensions.map(({ ordered }) => ordered);
  const logKernel = (point: Point, row: number): number => {
    let sum = logWeight[row]!;
    for (let column = 0, at = row * width; column < width; column += 1, at += 1) {
      const place = point[column]!;
      if (Number.isNaN(place)) continue;
      const middle = centre[at]!;
      if (isOrdered[column]) {
        if (Number.isNaN(middle)) continue;
        const distance = (place - middle) / scale[at]!;
        sum += offset[at]! - 0.5 * distance * distance;
      } else if (Number.isNaN(middle)) sum -= Math.log(dimensions[column]!.levels);
      else sum += place === middle ? spike[column]!.hit : spike[column]!.miss;
    }
    return sum;
  };
  const logs = new Float64Array(kernels);
  return {
    logDensity(point) {
      let top = Number.NEGATIVE_INFINITY;
      for (let row = 0; row < kernels; row += 1) {
        logs[row] = logKernel(point, row);
        if (logs[row]! > top) top = logs[row]!;
      }
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
        const middle = centre[row * width + column]!;
        if (ordered)
          return Number.isNaN(middle) ? random.next() : truncated(random, middle, scale[row * width + column]!);
        const isEven = Number.isNaN(middle) || random.next() < levels / kernels / (1 + levels / kernels);
        return isEven ? random.below(levels) : middle;
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
