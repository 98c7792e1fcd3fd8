import { expect, test } from "vitest";
import { shiftedSobol, sobol } from "./sobol.ts";

const DIMENSIONS = [0, 1, 2, 7, 20, 39];

const SCIPY: readonly (readonly [number, ...number[]])[] = [
  [0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
  [1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
  [2, 0.75, 0.25, 0.25, 0.75, 0.25, 0.25],
  [3, 0.25, 0.75, 0.75, 0.25, 0.75, 0.75],
  [7, 0.125, 0.625, 0.375, 0.625, 0.875, 0.125],
  [999, 0.1572265625, 0.9091796875, 0.0810546875, 0.7119140625, 0.3349609375, 0.7919921875],
];

test.each(SCIPY)("agrees with SciPy's qmc.Sobol(scramble=False) at point %i", (index, ...expected) => {
  expect(DIMENSIONS.map((dimension) => sobol(index, dimension))).toEqual(expected);
});

test("puts one of 64 shifted points into each 64th of every dimension", () => {
  const points = Array.from({ length: 64 }, (_, index) => shiftedSobol(7, index, 40));
  for (let dimension = 0; dimension < 40; dimension += 1)
    expect(new Set(points.map((point) => Math.floor(point[dimension]! * 64))).size).toBe(64);
});
