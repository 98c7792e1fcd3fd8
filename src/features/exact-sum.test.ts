// Exact sums against whole numbers of 2^-1074, which every float64 is.

import fc from "fast-check";
import { expect, test } from "vitest";
import { addExactly, exactValue } from "./exact-sum.ts";
import { unitsOf } from "./float-units.fixture.ts";

function summed(values: readonly number[]): Float64Array {
  const slots = new Float64Array(3);
  for (const value of values) addExactly(slots, 0, value);
  return slots;
}

const total = (values: Iterable<number>): bigint => [...values].reduce((sum, value) => sum + unitsOf(value), 0n);

/** Whether neither neighbour of a float64 is nearer to a number of units; half-way, adding the parts would round to the even one. */
function isNearest(value: number, units: bigint): boolean {
  const bits = new BigInt64Array(Float64Array.of(Math.abs(value)).buffer);
  const ulp =
    unitsOf(new Float64Array(BigInt64Array.of((bits[0] ?? 0n) + 1n).buffer)[0] ?? 0) - unitsOf(Math.abs(value));
  const away = units - unitsOf(value);
  return 2n * (away < 0n ? -away : away) <= ulp;
}

/** Numbers whose bits all lie within 150 places: what three parts hold. */
const near = fc.integer({ min: -900, max: 800 }).chain((exponent) =>
  fc.array(
    fc
      .tuple(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), fc.integer({ min: 0, max: 90 }))
      .map(([whole, shift]) => whole * 2 ** (exponent + shift)),
    { maxLength: 30 },
  ),
);

test("a sum holds every bit of what was added, in one form whatever the order", () => {
  fc.assert(
    fc.property(
      near.chain((values) => fc.tuple(fc.constant(values), fc.shuffledSubarray(values, { minLength: values.length }))),
      ([values, shuffled]) => {
        const slots = summed(values);
        expect(total(slots)).toBe(total(values));
        expect(new BigInt64Array(summed(shuffled).buffer)).toEqual(new BigInt64Array(slots.buffer));
        const [sum = 0, rest = 0] = slots;
        expect(isNearest(sum, total(values))).toBe(true);
        expect(isNearest(rest, total(values) - unitsOf(sum))).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});

test("half-way between two numbers the last part decides", () => {
  const far = [1, 2 ** -53, 2 ** -120];
  for (const values of [far, far.toReversed(), [2 ** -53, 1, 2 ** -120]])
    expect([...summed(values)]).toEqual([1 + 2 ** -52, -(2 ** -53), 2 ** -120]);
});

test("what is not finite stays so, and zeros have no sign", () => {
  expect(exactValue(summed([1, Infinity, 2]), 0)).toBe(Infinity);
  expect(exactValue(summed([-Infinity, 1, Infinity, 5]), 0)).toBe(Number.NaN);
  expect([...summed([Number.NaN, Infinity, 3])]).toEqual([Number.NaN, 0, 0]);
  expect([...summed([-0, -0])]).toEqual([0, 0, 0]);
  expect([...summed([0.1, -0.1])]).toEqual([0, 0, 0]);
});
