import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concordanceOf, groupGains, meanGain } from "./ordering.ts";

const row = fc.record({
  label: fc.nat({ max: 4 }),
  score: fc.constantFrom(0, 0.25, 0.5, 1),
  upper: fc.nat({ max: 6 }),
});
const rows = fc.array(row, { minLength: 1, maxLength: 6 });

/** Every order of some things. */
function orders<T>(things: readonly T[]): readonly (readonly T[])[] {
  if (things.length < 2) return [things];
  return things.flatMap((thing, place) =>
    orders(things.filter((_, other) => other !== place)).map((rest) => [thing, ...rest]),
  );
}

describe("groupGains", () => {
  test("is the mean, over all orders that the scores allow, of what the best order gains", () => {
    fc.assert(
      fc.property(rows, (all) => {
        const gain = (order: readonly { label: number }[]): number =>
          order.reduce((sum, { label }, place) => sum + (2 ** label - 1) / Math.log2(place + 2), 0);
        const every = orders(all);
        const allowed = every.filter((order) =>
          order.every((each, place) => place === 0 || each.score <= order[place - 1]!.score),
        );
        const expected =
          allowed.reduce((sum, order) => sum + gain(order), 0) / allowed.length / Math.max(...every.map(gain));
        const labels = Float64Array.from(all, ({ label }) => label);
        const [found] = groupGains(
          labels,
          Float64Array.from(all, ({ score }) => score),
          new Int32Array(all.length),
        );
        if (Number.isNaN(expected)) expect(found).toBeNaN();
        else expect(found).toBeCloseTo(expected, 10);
      }),
    );
  });

  test("the mean leaves out groups without a good row, and is NaN with a score that is none", () => {
    const labels = Float64Array.of(0, 0, 1, 0, 0, 2);
    const groups = Int32Array.of(0, 0, 1, 1, 2, 2);
    expect(meanGain(labels, Float64Array.of(1, 2, 2, 1, 1, 2), groups)).toBe(1);
    expect(meanGain(labels, Float64Array.of(1, 2, 1, 2, 1, 2), groups)).toBeCloseTo((1 / Math.log2(3) + 1) / 2, 12);
    expect(meanGain(labels, Float64Array.of(1, 2, Number.NaN, 1, 1, 2), groups)).toBeNaN();
    expect(meanGain(new Float64Array(2), new Float64Array(2), new Int32Array(2))).toBeNaN();
  });
});

test("concordance is the share of comparable pairs won, ties half", () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), fc.func(fc.boolean()), (all, isSeen) => {
      const upper = all.map((each) =>
        isSeen(each) ? each.label : each.upper < 3 ? Number.POSITIVE_INFINITY : each.label + each.upper,
      );
      let won = 0;
      let pairs = 0;
      all.forEach((one, place) => {
        for (const other of all) {
          if (!(other.label > upper[place]!)) continue;
          pairs += 1;
          won += other.score > one.score ? 1 : other.score === one.score ? 0.5 : 0;
        }
      });
      const found = concordanceOf(
        Float64Array.from(all, ({ label }) => label),
        Float64Array.from(all, ({ score }) => score),
        Float64Array.from(upper),
      );
      if (pairs === 0) expect(found).toBeNaN();
      else expect(found).toBeCloseTo(won / pairs, 12);
    }),
  );
});
