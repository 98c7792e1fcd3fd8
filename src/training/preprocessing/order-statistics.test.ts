import fc from "fast-check";
import { expect, test } from "vitest";
import { quantilesOf } from "./order-statistics.ts";

test("finds what sorting would, ties and extremes included", () => {
  const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
  const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), shares, (numbers, some) => {
      const asked = [0, ...some, 1].sort((a, b) => a - b);
      const sorted = Float64Array.from(numbers).sort();
      const expected = asked.map((share) => {
        const place = share * (sorted.length - 1);
        const below = Math.floor(place);
        const low = sorted[below]! + 0;
        const high = sorted[Math.min(below + 1, sorted.length - 1)]! + 0;
        return place === below ? low : low + (high - low) * (place - below);
      });
      expect(quantilesOf(Float64Array.from(numbers), asked)).toEqual(expected);
    }),
  );
});

test("takes no longer for rows that are in order already, or all alike", () => {
  for (const values of [
    Float64Array.from({ length: 200_000 }, (_, row) => row),
    Float64Array.from({ length: 200_000 }, (_, row) => -row),
    new Float64Array(200_000).fill(7),
  ]) {
    const sorted = values.slice().sort();
    expect(quantilesOf(values, [0.25, 0.5, 1])).toEqual([
      expect.closeTo(sorted[49_999]! + (sorted[50_000]! - sorted[49_999]!) * 0.75, 9),
      (sorted[99_999]! + sorted[100_000]!) / 2,
      sorted[199_999]! + 0,
    ]);
  }
  expect(quantilesOf(new Float64Array(0), [0.5])).toEqual([Number.NaN]);
});
