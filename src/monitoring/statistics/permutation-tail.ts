// The chance that a sample drawn without putting back from rows of known values has so large a sum: what a two-sample test of means
// asks, given the rows of both samples together. The normal curve is wrong there for few rows and skewed values; this is not.

import { normalDensity, normalTail } from "./tails.ts";

const MOST_STEPS = 60;

/**
 * P(sum ≥ `sum`) for `drawn` of all rows, where `counts[i]` rows have the value `values[i]` and the mean of all is 0; `sum` > 0.
 *
 * The double saddlepoint approximation of the permutation distribution (Skovgaard 1987, "Saddlepoint expansions for conditional
 * distributions"; Robinson 1982). Where no saddlepoint is found, at the end of what is possible, Chernoff's bound.
 */
export function permutationTail(
  values: readonly number[],
  counts: readonly number[],
  drawn: number,
  sum: number,
): number {
  const all = counts.reduce((total, count) => total + count, 0);
  const share = drawn / all;
  let point = at(values, counts, share, 0, 0);
  const flat = point.tt;
  const gain = (of: Point): number => of.s * sum + of.t * drawn - of.k;
  let isFound = false;
  for (let step = 0; step < MOST_STEPS && !isFound; step += 1) {
    const offS = sum - point.ks;
    const offT = drawn - point.kt;
    isFound = Math.abs(offS) < 1e-9 * (1 + sum) && Math.abs(offT) < 1e-9 * drawn;
    const determinant = point.ss * point.tt - point.st * point.st;
    if (isFound || !(determinant > 1e-200)) break;
    const moveS = (offS * point.tt - offT * point.st) / determinant;
    const moveT = (offT * point.ss - offS * point.st) / determinant;
    let scale = Math.min(1, 20 / (Math.abs(moveS) * spanOf(values) + Math.abs(moveT)));
    let next = at(values, counts, share, point.s + scale * moveS, point.t + scale * moveT);
    // A step that does not climb is cut, so that Newton's way cannot leave the hill.
    while (!(gain(next) >= gain(point)) && scale > 1e-6) {
      scale /= 2;
      next = at(values, counts, share, point.s + scale * moveS, point.t + scale * moveT);
    }
    if (scale <= 1e-6) break;
    point = next;
  }
  const height = Math.max(0, gain(point));
  const bound = Math.min(1, Math.exp(-height) * Math.sqrt(2 * Math.PI * all * share * (1 - share) + 1));
  const r = Math.sqrt(2 * height);
  const u = point.s * Math.sqrt((point.ss * point.tt - point.st * point.st) / flat);
  const tail = normalTail(r) + normalDensity(r) * (1 / u - 1 / r);
  // At the end of what is possible the point runs off, and what it approximates with it.
  return isFound && tail >= 0 && tail < bound ? tail : bound;
}

interface Point {
  readonly s: number;
  readonly t: number;
  /** The cumulant function of independent draws, each tilted by s·value + t, and its derivatives. */
  readonly k: number;
  readonly ks: number;
  readonly kt: number;
  readonly ss: number;
  readonly st: number;
  readonly tt: number;
}

function at(values: readonly number[], counts: readonly number[], share: number, s: number, t: number): Point {
  let [k, ks, kt, ss, st, tt] = [0, 0, 0, 0, 0, 0];
  for (let cell = 0; cell < counts.length; cell += 1) {
    const count = counts[cell]!;
    if (count === 0) continue;
    const value = values[cell]!;
    const tilt = s * value + t;
    const drawn = share / (share + (1 - share) * Math.exp(-tilt));
    k +=
      count *
      (tilt > 30 ? tilt + Math.log(share + (1 - share) * Math.exp(-tilt)) : Math.log1p(share * Math.expm1(tilt)));
    const spread = count * drawn * (1 - drawn);
    ks += count * drawn * value;
    kt += count * drawn;
    ss += spread * value * value;
    st += spread * value;
    tt += spread;
  }
  return { s, t, k, ks, kt, ss, st, tt };
}

function spanOf(values: readonly number[]): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
