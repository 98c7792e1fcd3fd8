import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { categoryFindings } from "./category-tests.ts";
import { pairCorrelation } from "./correlation.ts";
import { beyondFloor } from "./finding.ts";
import { holm } from "./holm.ts";
import { permutationTail } from "./permutation-tail.ts";
import { massPolynomials } from "./polynomials.ts";
import { smoothFindings } from "./smooth-test.ts";
import { normalBeyond } from "./tails.ts";
import { shareFinding } from "./two-shares.ts";

/** The chance of a sum of at least `sum` among every way to draw so many of the rows: brute force. */
function everyDraw(values: readonly number[], counts: readonly number[], drawn: number, sum: number): number {
  let [above, all] = [0, 0];
  const choose = (of: number, taken: number): number => {
    let ways = 1;
    for (let at = 0; at < taken; at += 1) ways = (ways * (of - at)) / (at + 1);
    return ways;
  };
  const walk = (cell: number, left: number, so: number, ways: number): void => {
    if (cell === values.length) {
      if (left !== 0) return;
      all += ways;
      if (so >= sum - 1e-9) above += ways;
      return;
    }
    for (let taken = 0; taken <= Math.min(left, counts[cell]!); taken += 1)
      walk(cell + 1, left - taken, so + taken * values[cell]!, ways * choose(counts[cell]!, taken));
  };
  walk(0, drawn, 0, 1);
  return above / all;
}

describe("permutationTail", () => {
  test.each([
    { values: [-0.2, 0.1, 0.7, 2.4], counts: [40, 25, 9, 6], drawn: 20, sums: [6, 10, 14] },
    { values: [-1.2, -0.4, 0.3, 0.9, 1.7], counts: [10, 14, 12, 10, 6], drawn: 26, sums: [8, 12, 16] },
    { values: [-0.1, 0.35, 3.1], counts: [70, 12, 4], drawn: 12, sums: [4, 7, 10] },
  ])("is about what every draw gives: $drawn of $counts", ({ values, counts, drawn, sums }) => {
    const rows = counts.reduce((sum, count) => sum + count, 0);
    const mean = values.reduce((sum, value, cell) => sum + value * counts[cell]!, 0) / rows;
    const centred = values.map((value) => value - mean);
    for (const sum of sums) {
      const expected = everyDraw(centred, counts, drawn, sum);
      const found = permutationTail(centred, counts, drawn, sum);
      // Sums lie on a lattice, and between two of its points a smooth curve runs: half a step of it either way.
      if (expected > 1e-12) expect(Math.abs(Math.log(found / expected))).toBeLessThan(0.7);
    }
  });

  test("bounds what is at the end of what is possible", () => {
    const found = permutationTail([-0.05, 0.95], [95, 5], 5, 4.75);
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(1e-5);
  });
});

describe("massPolynomials", () => {
  test("are orthonormal under any masses, and rise with their cells", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 300 }), (masses) => {
        const total = masses.reduce((sum, mass) => sum + mass, 0);
        const basis = massPolynomials(masses);
        expect(basis.length).toBe(Math.min(3, Math.max(0, masses.filter((mass) => mass > 0).length - 1)));
        for (const [i, a] of basis.entries())
          for (const [j, b] of basis.entries()) {
            const inner = masses.reduce((sum, mass, cell) => sum + (mass / total) * a[cell]! * b[cell]!, 0);
            expect(inner).toBeCloseTo(i === j ? 1 : 0, 8);
          }
        const [first = []] = basis;
        for (let cell = 1; cell < first.length; cell += 1)
          expect(first[cell]! - first[cell - 1]!).toBeGreaterThanOrEqual(-1e-9);
      }),
    );
  });
});

describe("holm", () => {
  test("rejects the least while each is below its part of the rate", () => {
    expect(holm([0.02, 0.9, 0.001, 0.011], 0.05)).toEqual([true, false, true, true]);
    expect(holm([0.02, 0.9, 0.001, 0.03], 0.05)).toEqual([false, false, true, false]);
    expect(holm([], 0.05)).toEqual([]);
  });
});

describe("findings", () => {
  test("a floor makes nothing of what lies inside it, and little of its edge", () => {
    expect(beyondFloor(0.09, 0.001, 0.1)).toBe(1);
    expect(beyondFloor(0.2, 0.05, 0.1)).toBeCloseTo(normalBeyond(2), 12);
    const [location] = smoothFindings([500_000, 500_000], [495_000, 505_000], 0.1);
    expect(location?.pValue).toBe(1);
    expect(smoothFindings([500_000, 500_000], [495_000, 505_000])[0]?.pValue).toBeLessThan(1e-10);
  });

  test("numbers that have moved up say so, and where nothing can move nothing is said", () => {
    const [location] = smoothFindings([100, 100, 100, 100], [5, 10, 30, 55]);
    expect(location).toMatchObject({ statistic: "location" });
    expect(location?.value).toBeGreaterThan(0.5);
    expect(location?.pValue).toBeLessThan(1e-6);
    expect(smoothFindings([100], [50])).toEqual([]);
    expect(smoothFindings([0, 0], [3, 4])).toEqual([]);
    expect(smoothFindings([3, 4], [0, 0])).toEqual([]);
  });

  test("a value that the reference lacks is named", () => {
    const found = categoryFindings(
      new Map([
        ["a", 500],
        ["b", 300],
        ["c", 200],
      ]),
      new Map([
        ["a", 50],
        ["b", 30],
        ["x", 40],
      ]),
    );
    const value = found.find(({ statistic }) => statistic === "newValue");
    expect(value).toMatchObject({ of: "x", from: 0, to: 40 / 120 });
    expect(value?.pValue).toBeLessThan(1e-6);
  });

  test("never seen values are usual among many, and more of them than usual are not", () => {
    const ids = (from: number, count: number): [string, number][] =>
      Array.from({ length: count }, (_, at) => [`id${from + at}`, 1] as [string, number]);
    const usual = new Map([["a", 700], ...ids(0, 300)]);
    const of = (window: Map<string, number>) =>
      categoryFindings(usual, window).find(({ statistic }) => statistic === "newValues")?.pValue;
    expect(of(new Map([["a", 70], ...ids(1000, 30)]))).toBeGreaterThan(0.1);
    expect(of(new Map([["a", 20], ...ids(1000, 80)]))).toBeLessThan(1e-6);
  });

  test("the same counts in any order are the same findings", () => {
    const counts = [
      ["a", 40],
      ["b", 41],
      ["c", 3],
      ["d", 1],
    ] as const;
    const shuffled = [counts[2], counts[0], counts[3], counts[1]] as const;
    const plain = ({ pValue, value, of }: { pValue: number; value: number; of?: string }) => ({ pValue, value, of });
    expect(
      categoryFindings(
        new Map(counts),
        new Map([
          ["b", 9],
          ["e", 4],
        ]),
      ).map(plain),
    ).toEqual(
      categoryFindings(
        new Map(shuffled),
        new Map([
          ["e", 4],
          ["b", 9],
        ]),
      ).map(plain),
    );
  });

  test("nulls that were none are found among few rows", () => {
    expect(shareFinding("nulls", { hits: 0, rows: 5000 }, { hits: 3, rows: 100 })?.pValue).toBeLessThan(1e-4);
    expect(shareFinding("nulls", { hits: 0, rows: 5000 }, { hits: 0, rows: 100 })).toBeUndefined();
    expect(shareFinding("nulls", { hits: 5, rows: 0 }, { hits: 1, rows: 2 })).toBeUndefined();
  });

  test("a pair's correlation leaves out rows that lack either", () => {
    const a = Float32Array.from([1, 2, 3, 4, Number.NaN, 6]);
    const b = Float32Array.from([2, 4, 6, 8, 1, Number.NaN]);
    expect(pairCorrelation(a, b)).toMatchObject({ rows: 4 });
    expect(pairCorrelation(a, b).r).toBeCloseTo(1, 6);
    expect(pairCorrelation(a, Float32Array.from([1, 1, 1, 1, 1, 1])).r).toBeNaN();
  });
});
