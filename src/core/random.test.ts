import { describe, expect, test } from "vitest";
import { randomOf } from "./random.ts";

const draws = (seed: number, number: number): readonly number[] => {
  const random = randomOf(seed, number);
  return Array.from({ length: 1000 }, () => random.next());
};

describe("seeded chance", () => {
  test("is the same for the same seed and number, and another for neighbours and seeds beyond 32 bits", () => {
    expect(draws(7, 3)).toEqual(draws(7, 3));
    const first = [draws(7, 3), draws(7, 4), draws(8, 3), draws(7 + 2 ** 32, 3)].map(([one]) => one);
    expect(new Set(first).size).toBe(4);
  });

  test("draws evenly, normally and below a count", () => {
    const even = draws(1, 1);
    expect(even.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(even.reduce((sum, value) => sum + value, 0) / 1000).toBeCloseTo(0.5, 1);
    const random = randomOf(1, 2);
    const normal = Array.from({ length: 4000 }, () => random.normal());
    expect(normal.reduce((sum, value) => sum + value, 0) / 4000).toBeCloseTo(0, 1);
    expect(normal.reduce((sum, value) => sum + value * value, 0) / 4000).toBeCloseTo(1, 1);
    expect(new Set(Array.from({ length: 200 }, () => random.below(5)))).toEqual(new Set([0, 1, 2, 3, 4]));
  });
});
