// ADWIN and Page-Hinkley held to river's on the same streams (river.fixture.py records them), CUSUM to its definition written down again.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { adwin } from "./adwin.ts";
import { cusum } from "./cusum.ts";
import type { Detector } from "./detector.ts";
import { type PageHinkleyOptions, pageHinkley } from "./page-hinkley.ts";

interface Recorded {
  readonly options: Readonly<Record<string, number | string>>;
  readonly detected: readonly number[];
  readonly windows?: readonly (readonly [width: number, mean: number, squares: number])[];
}
interface Case {
  readonly name: string;
  readonly seed: number;
  readonly parts: readonly (readonly [count: number, low: number, high: number])[];
  readonly adwin: readonly Recorded[];
  readonly pageHinkley: readonly Recorded[];
}
const { cases } = JSON.parse(readFileSync(new URL("river.fixture.json", import.meta.url), "utf8")) as {
  readonly cases: readonly Case[];
};

/** The numbers that river.fixture.py makes. */
function streamOf({ seed, parts }: Case): readonly number[] {
  let state = seed;
  return parts.flatMap(([count, low, high]) =>
    Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return low + (high - low) * (state / 2 ** 32);
    }),
  );
}

const detections = (detector: Detector, values: readonly number[]): readonly number[] =>
  values.flatMap((value, place) => (detector.update(value) ? [place] : []));

describe.each(cases)("on the stream $name", (one) => {
  const values = streamOf(one);

  it.each(one.adwin)(
    "ADWIN with $options changes where river's does, with its windows",
    ({ options, detected, windows = [] }) => {
      const { min_window_length: minWindow, max_buckets: maxBuckets, grace_period: gracePeriod, ...rest } = options;
      const given = { minWindow, maxBuckets, gracePeriod };
      const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      const detector = adwin({ ...rest, ...known });
      const found: number[] = [];
      const seen: (readonly [number, number, number])[] = [];
      for (const [place, value] of values.entries()) {
        if (detector.update(value)) found.push(place);
        if (place % 250 === 249) seen.push([detector.width, detector.mean, detector.squares]);
      }
      expect(found).toEqual(detected);
      expect(seen.map(([width]) => width)).toEqual(windows.map(([width]) => width));
      for (const [place, [, mean, squares]] of windows.entries()) {
        expect(seen[place]?.[1]).toBeCloseTo(mean, 9);
        expect(seen[place]?.[2]).toBeCloseTo(squares, 6);
      }
    },
  );

  it.each(one.pageHinkley)("Page-Hinkley with $options changes where river's does", ({ options, detected }) => {
    const { min_instances: minInstances, ...rest } = options;
    const given = { ...rest, ...(minInstances === undefined ? {} : { minInstances }) } as PageHinkleyOptions;
    expect(detections(pageHinkley(given), values)).toEqual(detected);
  });
});

const numbers = fc.array(
  fc.integer({ min: -40, max: 40 }).map((value) => value / 8),
  { maxLength: 300 },
);

test("CUSUM's sums are the greatest of all sums of the last numbers, and it changes when one passes its threshold", () => {
  fc.assert(
    fc.property(numbers, fc.constantFrom(0, 0.25, 0.5), fc.constantFrom(1, 4), (values, allowance, threshold) => {
      const detector = cusum({ expected: { mean: 0.5, deviation: 2 }, allowance, threshold });
      let start = 0;
      for (const [place, value] of values.entries()) {
        // Max over the length of the last stretch of the sum of its excesses: what the recursion comes to.
        const greatest = (sign: number): number => {
          let [sum, most] = [0, 0];
          for (let back = place; back >= start; back -= 1) {
            sum += (sign * ((values[back] ?? 0) - 0.5)) / 2 - allowance;
            most = Math.max(most, sum);
          }
          return most;
        };
        const [above, below] = [greatest(1), greatest(-1)];
        const hasChanged = detector.update(value);
        expect(detector.above).toBeCloseTo(above, 9);
        expect(detector.below).toBeCloseTo(below, 9);
        expect(hasChanged).toBe(detector.above > threshold || detector.below > threshold);
        if (hasChanged) start = place + 1;
      }
    }),
  );
});

test("CUSUM learns what to expect from the first numbers, and anew after a change", () => {
  const quiet = Array.from({ length: 100 }, (_, place) => 10 + (place % 2 === 0 ? 1 : -1));
  const detector = cusum({ warmUp: 100, threshold: 5 });
  expect(detections(detector, [...quiet, ...quiet])).toEqual([]);
  const [first] = detections(detector, new Array<number>(20).fill(13));
  expect(first).toBeLessThan(5);
  expect(detections(detector, new Array<number>(300).fill(13))).toEqual([]);
});

test.each([
  ["ADWIN", () => adwin()],
  ["Page-Hinkley", () => pageHinkley()],
  ["CUSUM", () => cusum({ expected: { mean: 0, deviation: 1 } })],
] as const)("%s passes over numbers that are none", (_, make) => {
  const [plain, holed] = [make(), make()];
  const values = Array.from({ length: 400 }, (_each, place) => (place < 200 ? 0 : 40) + (place % 7));
  const found = values.filter((value) => plain.update(value)).length;
  expect(found).toBeGreaterThan(0);
  let again = 0;
  for (const value of values) {
    for (const none of [Number.NaN, Number.POSITIVE_INFINITY]) expect(holed.update(none)).toBe(false);
    if (holed.update(value)) again += 1;
  }
  expect(again).toBe(found);
});

test("an option out of range is refused by its name", () => {
  expect(() => adwin({ delta: 0 })).toThrow(/ADWIN's delta is 0/);
  expect(() => adwin({ clock: 1.5 })).toThrow(/ADWIN's clock is 1.5/);
  expect(() => pageHinkley({ threshold: -1 })).toThrow(/threshold is -1/);
  expect(() => cusum({ warmUp: 1 })).toThrow(/warmUp 1/);
});
