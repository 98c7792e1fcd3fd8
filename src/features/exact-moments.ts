// The sum and the sum of squares of float64 that are the same in whatever order numbers came and partial sums were merged. Numbers are cut at
// fixed powers of two into limbs of 27 bits, and limbs of the same power are added up as whole numbers (binned summation: Demmel & Nguyen 2015,
// "Parallel reproducible summation"). Kept are only the limbs that lie no further below the greatest number, which is known once all are there, so
// what falls away does not depend on the order either. The slots:
//   scale: floor(log2 |x| / 27) of the greatest number; -Infinity while all are 0; Infinity once there was one that spoils the variance
//   4 limbs of the sum, the greatest first, in units of 2^(27·scale), 2^(27·(scale - 1)), ...
//   6 limbs of the sum of squares, in units of 2^(27·(2·scale + 1)), 2^(27·2·scale), ...
// Limbs hold 2^26 numbers exactly. What falls away is below 2^-81 of the greatest number and 2^-108 of its square, and only where another
// number is less than half of it: then the numbers are so far apart that the variance misses nothing that a float64 could show.

import { MOMENTS_LIMIT } from "./aggregate-terms.ts";

const BITS = 27;
const LIMB = 2 ** BITS;
const SUM_LIMBS = 4;
const SQUARE_LIMBS = 6;

/** How many slots the moments take: the scale and the limbs. */
export const MOMENT_SLOTS: number = 1 + SUM_LIMBS + SQUARE_LIMBS;

/** The scale while there is no number but 0. */
export const NO_SCALE: number = Number.NEGATIVE_INFINITY;

/** Fills the slots from `at` on, whose limbs are 0, with one number. */
export function fillMoments(into: Float64Array, at: number, value: number): void {
  if (!(Math.abs(value) < MOMENTS_LIMIT)) {
    into[at] = Number.POSITIVE_INFINITY;
    return;
  }
  if (value === 0) {
    into[at] = NO_SCALE;
    return;
  }
  const scale = Math.floor(exponentOf(value) / BITS);
  into[at] = scale;
  // In two steps, because the power of two for the least numbers is no float64.
  const half = Math.floor((scale * BITS) / 2);
  const scaled = value * 2 ** -half * 2 ** (half - scale * BITS);
  addLimbs(into, at + 1, SUM_LIMBS, scaled);
  // The square without a rounding, in two parts: Dekker 1971, "A floating-point technique for extending the available precision".
  const square = scaled * scaled;
  const wide = scaled * (LIMB + 1);
  const high = wide - (wide - scaled);
  const low = scaled - high;
  addLimbs(into, at + 1 + SUM_LIMBS, SQUARE_LIMBS, square / LIMB);
  addLimbs(into, at + 1 + SUM_LIMBS, SQUARE_LIMBS, (high * high - square + 2 * high * low + low * low) / LIMB);
}

/** Adds the limbs of a number whose whole part is the first one. */
function addLimbs(into: Float64Array, at: number, limbs: number, value: number): void {
  let rest = value;
  for (let limb = at; limb < at + limbs; limb += 1) {
    const whole = Math.trunc(rest);
    // Plus what is there, which is never -0, so that neither is the sum.
    into[limb] = (into[limb] ?? 0) + whole;
    rest = (rest - whole) * LIMB;
  }
}

const bits = new DataView(new ArrayBuffer(8));

/** floor(log2 |value|). */
function exponentOf(value: number): number {
  bits.setFloat64(0, value);
  const biased = (bits.getUint16(0) >> 4) & 2047;
  return biased === 0 ? exponentOf(value * 2 ** 54) - 54 : biased - 1023;
}

/** Merges the moments at `other` into those at `at`. */
export function mergeMoments(into: Float64Array, at: number, from: Float64Array, other: number): void {
  const theirs = from[other] ?? NO_SCALE;
  if (theirs === NO_SCALE) return;
  const own = into[at] ?? NO_SCALE;
  if (theirs > own) {
    moveDown(into, at + 1, SUM_LIMBS, theirs - own);
    moveDown(into, at + 1 + SUM_LIMBS, SQUARE_LIMBS, 2 * (theirs - own));
    into[at] = theirs;
  }
  const down = Math.max(0, own - theirs);
  // Not a number where both are spoilt, which have no limbs.
  if (Number.isNaN(down)) return;
  addMoved(into, at + 1, from, other + 1, SUM_LIMBS, down);
  addMoved(into, at + 1 + SUM_LIMBS, from, other + 1 + SUM_LIMBS, SQUARE_LIMBS, 2 * down);
}

function moveDown(limbs: Float64Array, at: number, count: number, by: number): void {
  for (let limb = count - 1; limb >= 0; limb -= 1) limbs[at + limb] = limb < by ? 0 : (limbs[at + limb - by] ?? 0);
}

function addMoved(
  into: Float64Array,
  at: number,
  from: Float64Array,
  other: number,
  count: number,
  down: number,
): void {
  for (let limb = down; limb < count; limb += 1)
    into[at + limb] = (into[at + limb] ?? 0) + (from[other + limb - down] ?? 0);
}

/** The sample variance (over n − 1) of `n` numbers, at least 2, from their moments; NaN where one of them spoils it. Equal numbers have exactly 0. */
export function sampleVariance(n: number, moments: Float64Array, at: number): number {
  const scale = moments[at] ?? NO_SCALE;
  if (scale === NO_SCALE) return 0;
  if (scale === Number.POSITIVE_INFINITY) return Number.NaN;
  const count = BigInt(n);
  const sum = wholeOf(moments, at + 1, SUM_LIMBS);
  const squares = wholeOf(moments, at + 1 + SUM_LIMBS, SQUARE_LIMBS);
  // Units of 2^(27·(scale - 3)) and 2^(27·(2·scale - 4)); the sum's squared are 2^54 times as small.
  const top = ((count * squares) << BigInt(2 * BITS)) - sum * sum;
  const half = 2 ** (BITS * (scale - (SUM_LIMBS - 1)));
  return (Number(top) / Number(count * (count - 1n))) * half * half;
}

function wholeOf(limbs: Float64Array, at: number, count: number): bigint {
  let whole = 0n;
  for (let limb = at; limb < at + count; limb += 1) whole = (whole << BigInt(BITS)) + BigInt(limbs[limb] ?? 0);
  return whole;
}
