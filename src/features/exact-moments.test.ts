// Moments against whole numbers of 2^-1074, which every float64 is.

import fc from "fast-check";
import { expect, test } from "vitest";
import { fillMoments, MOMENT_SLOTS, mergeMoments, NO_SCALE, sampleVariance } from "./exact-moments.ts";
import { unitsOf } from "./float-units.fixture.ts";

const none = (): Float64Array => Float64Array.of(NO_SCALE, ...Array<number>(MOMENT_SLOTS - 1).fill(0));

function momentsOf(values: readonly number[]): Float64Array {
  const all = none();
  for (const value of values) {
    const one = none();
    fillMoments(one, 0, value);
    mergeMoments(all, 0, one, 0);
  }
  return all;
}

/** The variance, cut to 100 bits; n times the sum of squares less the squared sum, over n (n - 1). */
function exactVariance(values: readonly number[]): number {
  const n = BigInt(values.length);
  const units = values.map(unitsOf);
  const sum = units.reduce((all, each) => all + each, 0n);
  const top = n * units.reduce((all, each) => all + each * each, 0n) - sum * sum;
  const shift = top.toString(2).length - 100;
  const cut = shift > 0 ? top >> BigInt(shift) : top << BigInt(-shift);
  // 2^-2148 is no float64; neither is the top's own power.
  const half = Math.floor((shift - 2148) / 2);
  return (Number(cut) / Number(n * (n - 1n))) * 2 ** half * 2 ** (shift - 2148 - half);
}

const bytes = (moments: Float64Array): readonly bigint[] => [...new BigInt64Array(moments.buffer)];

/** Any float64 below the limit, alike in size, or a few units apart from each other: where a variance loses its bits. */
const numbers = fc.oneof(
  fc.array(fc.double({ min: -1e139, max: 1e139, noNaN: true }), { minLength: 2, maxLength: 20 }),
  fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 20 }),
  fc.array(fc.constantFrom(0, -0, 0.1, 0.5, -3000, 3e38, 1e-30, 9_999_999_999.99), { minLength: 2, maxLength: 20 }),
  fc
    .tuple(
      fc.constantFrom(1, 0.1, 2 ** 27, 2 ** 54, 1e15, 1e-120, 1e130, -(2 ** 63)),
      fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 2, maxLength: 20 }),
    )
    .map(([base, steps]) => steps.map((step) => base * (1 + step * Number.EPSILON))),
);

test("moments are the same bytes in whatever order and groups they are merged", () => {
  const wild = fc.constantFrom(Number.NaN, Infinity, -Infinity, 1e140, 5e-324, 2e-310, -1e139);
  const any = fc.array(fc.oneof({ weight: 9, arbitrary: fc.double() }, { weight: 1, arbitrary: wild }), {
    maxLength: 20,
  });
  const split = fc
    .oneof(numbers, any)
    .chain((values) =>
      fc.tuple(
        fc.constant(values),
        fc.shuffledSubarray(values, { minLength: values.length }),
        fc.array(fc.nat({ max: 3 }), { minLength: values.length, maxLength: values.length }),
      ),
    );
  fc.assert(
    fc.property(split, ([values, shuffled, groups]) => {
      const merged = none();
      for (const group of [2, 0, 3, 1])
        mergeMoments(merged, 0, momentsOf(shuffled.filter((_, place) => groups[place] === group)), 0);
      expect(bytes(merged)).toEqual(bytes(momentsOf(values)));
    }),
    { numRuns: 3000 },
  );
});

test("a variance is the exact one to the last places, however near the numbers or far apart", () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const variance = sampleVariance(values.length, momentsOf(values), 0);
      const exact = exactVariance(values);
      // Below the least normal number a float64 has fewer places.
      expect(Math.abs(variance - exact)).toBeLessThanOrEqual(1e-15 * exact + 2e-323);
    }),
    { numRuns: 5000 },
  );
});

test("equal numbers have a variance of exactly 0, and what is not finite or too large spoils it", () => {
  const values = fc.double({ min: -1e139, max: 1e139, noNaN: true });
  fc.assert(
    fc.property(values, fc.integer({ min: 2, max: 40 }), (value, n) => {
      expect(sampleVariance(n, momentsOf(Array<number>(n).fill(value)), 0)).toBe(0);
    }),
  );
  for (const wild of [Number.NaN, Infinity, -Infinity, 1e140, -1e300])
    for (const all of [
      [wild, 1, 2],
      [1, wild, 2],
      [1, 2, wild],
      [wild, wild],
    ])
      expect(sampleVariance(all.length, momentsOf(all), 0)).toBe(Number.NaN);
});
