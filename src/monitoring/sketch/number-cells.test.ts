import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cellCount, cellFinder, cellOf as cellIn, cutCells, upperEnd } from "./number-cells.ts";
import { numberCounter } from "./number-counter.ts";

const countsOf = (values: readonly number[], cells = cutCells(Float64Array.from(values))): readonly number[] => {
  const counter = numberCounter(cells);
  counter.add({ name: "x", type: "float64", values: Float64Array.from(values) });
  return Array.from(counter.finish()[0]!.counts);
};

describe("cells of numbers", () => {
  test("hold a heavy tie alone, and what is new beside it apart from it", () => {
    const cells = cutCells(
      Float64Array.from([...new Array(500).fill(0), ...Array.from({ length: 500 }, (_, at) => 1 + at / 500)]),
    );
    const finder = cellFinder(cells);
    const cellOf = (value: number): number => cellIn(finder, value);
    expect(new Set([-1, 0, 0.5, 1.5].map(cellOf)).size).toBe(4);
    expect(upperEnd(cells, cellOf(0))).toBeLessThan(1e-12);
  });

  test.each([-999, -1e9, -3.4e38, 1e9, 3.4e38])("are as fine as ever beside one outlier of %d", (outlier) => {
    const values = Array.from({ length: 10_000 }, (_, at) => at / 10_000 - 0.3);
    const filled = countsOf([...values, outlier]).filter((count) => count > 0);
    expect(filled.length).toBeGreaterThan(200);
    expect(Math.max(...filled)).toBeLessThanOrEqual(50);
  });

  test("tell moments of one minute apart, and not a float64 from its float32", () => {
    const moments = Array.from({ length: 6000 }, (_, at) => 1.7e15 + at * 10_000);
    expect(countsOf(moments).filter((count) => count > 0).length).toBeGreaterThan(200);
    const tied = cutCells(Float64Array.from([...new Array(500).fill(0.1), ...new Array(500).fill(0.3)]));
    const finder = cellFinder(tied);
    expect(cellIn(finder, Math.fround(0.1))).toBe(cellIn(finder, 0.1));
  });

  test("keep the order of numbers, infinities at the ends", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true }), { minLength: 1 }),
        fc.array(fc.double({ noNaN: true })),
        (values, others) => {
          const cells = cutCells(Float64Array.from(values));
          const finder = cellFinder(cells);
          const cellOf = (value: number): number => cellIn(finder, value);
          const sorted = [...others].sort((a, b) => a - b);
          for (let at = 1; at < sorted.length; at += 1)
            expect(cellOf(sorted[at]!)).toBeGreaterThanOrEqual(cellOf(sorted[at - 1]!));
          for (const value of others) expect(cellOf(value)).toBeLessThan(cellCount(cells));
        },
      ),
    );
  });

  test("are the same whatever the order of the rows, and about equally full", () => {
    const values = Array.from({ length: 10_000 }, (_, at) => Math.sin(at * 12.9898) * 43_758.5453);
    const cells = cutCells(Float64Array.from(values));
    expect(cutCells(Float64Array.from([...values].reverse()))).toEqual(cells);
    const filled = countsOf(values).filter((count) => count > 0);
    expect(filled.length).toBeGreaterThan(200);
    expect(Math.max(...filled)).toBeLessThanOrEqual(50);
  });

  test("counts of parts add up to the counts of the whole", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 2 }), fc.nat(), (values, cut) => {
        const cells = cutCells(Float64Array.from(values));
        const at = cut % values.length;
        const [one, other] = [countsOf(values.slice(0, at), cells), countsOf(values.slice(at), cells)];
        expect(one.map((count, cell) => count + other[cell]!)).toEqual(countsOf(values, cells));
      }),
    );
  });

  test("NaN is missing, and a column of nothing else has no value", () => {
    const counter = numberCounter(cutCells(Float64Array.from([Number.NaN])));
    counter.add({
      name: "x",
      type: "float64",
      values: Float64Array.from([Number.NaN, 3]),
      validity: Uint8Array.of(0b11),
    });
    expect(counter.finish()[0]).toMatchObject({ rows: 2, missing: 1, mean: 3 });
    counter.add({ name: "x", type: "float64", values: Float64Array.from([1, 1]), validity: Uint8Array.of(0b01) });
    expect(counter.finish()[0]).toMatchObject({ rows: 4, missing: 2 });
  });
});
