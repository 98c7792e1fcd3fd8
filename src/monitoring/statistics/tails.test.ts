import { describe, expect, test } from "vitest";
import {
  binomialTail,
  chiSquareExceeded,
  chiSquareTail,
  hypergeometricBeyond,
  normalBeyond,
  normalDistance,
  normalQuantile,
  normalTail,
  studentDistance,
  studentTail,
} from "./tails.ts";

// The expected values are scipy.stats 1.x's: norm.sf, chi2.sf, ncx2.sf, t.sf, binom.sf, hypergeom.sf and cdf, norm.ppf.
const near = (found: number, expected: number, relative = 1e-9): void =>
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(relative * Math.abs(expected) + 1e-300);

describe("tails are scipy's, to their own digits", () => {
  test.each([
    [-3, 0.9986501019683699],
    [-0.5, 0.6914624612740131],
    [0, 0.5],
    [0.1, 0.460172162722971],
    [1, 0.15865525393145707],
    [2.5, 0.006209665325776132],
    [4, 3.167124183311986e-5],
    [8, 6.22096057427174e-16],
    [20, 2.7536241186061556e-89],
    [37, 5.7255712225239266e-300],
  ])("normal, above %d", (z, expected) => near(normalTail(z), expected));

  test.each([
    [0.5, 1, 0, 0.47950012218695337],
    [3.84, 1, 0, 0.05004352124870519],
    [60, 40, 0, 0.02187346844139091],
    [200, 40, 0, 3.764893576001532e-23],
    [10, 3, 5, 0.29335135222254816],
    [80, 10, 20, 8.020473063781641e-5],
    [5600, 7, 5000, 2.2398743340418876e-5],
    [40, 1, 3, 2.18979018524044e-6],
  ])("χ² above %d, %d degrees, shift %d", (x, freedom, shift, expected) =>
    near(chiSquareTail(x, freedom, shift), expected, 1e-8),
  );

  test.each([
    [-1, 5, 0.8183912661754386],
    [0, 5, 0.5],
    [2, 1, 0.14758361765043326],
    [2.5, 49, 0.00790789442359004],
    [6, 49, 1.1702151953105309e-7],
    [12, 7, 3.179155189092549e-6],
    [4, 3.5, 0.010460308182701857],
  ])("Student above %d, %d degrees", (t, freedom, expected) => near(studentTail(t, freedom), expected));

  test.each([
    [1, 10, 0.1, 0.6513215599000001],
    [3, 3, 0.5, 0.125],
    [9, 20, 0.2, 0.009981786320724306],
    [60, 100, 0.3, 5.129949815583127e-10],
    [1200, 100000, 0.01, 3.812533101214468e-10],
    [5, 1000000, 1e-6, 0.003659823834902278],
  ])("binomial, %d or more of %d at %d", (hits, tries, chance, expected) =>
    near(binomialTail(hits, tries, chance), expected, 1e-7),
  );

  test.each([
    [3, 5, 10, 40, 0.17857533647007337],
    [0, 5, 10, 40, 0.4331436699857753],
    [12, 30, 200, 5200, 7.109130579250323e-10],
    [0, 180, 100, 1000, 1.488023668616386e-9],
    [300, 5000, 1000, 21000, 5.0791680464552285e-6],
    [7, 7, 50, 100, 0.012479652740097666],
  ])("hypergeometric, %d of %d marked in %d of %d", (hits, marked, drawn, all, expected) =>
    near(hypergeometricBeyond(hits, marked, drawn, all), expected, 1e-7),
  );

  test.each([
    [1e-12, -7.034483825301131],
    [1e-5, -4.264890793922825],
    [0.01, -2.3263478740408408],
    [0.3, -0.5244005127080409],
    [0.5, 0.0],
    [0.975, 1.959963984540054],
    [0.999999, 4.753424308817087],
  ])("normal quantile of %d", (chance, expected) => expect(normalQuantile(chance)).toBeCloseTo(expected, 9));
});

describe("what a chance needs", () => {
  test.each([0.5, 0.01, 1e-6, 1e-12])("is where the tail has that chance: %d", (chance) => {
    near(normalBeyond(normalDistance(chance)), chance);
    near(2 * studentTail(studentDistance(chance, 49), 49), chance);
    near(chiSquareTail(chiSquareExceeded(chance, 12, 4), 12, 4), chance, 1e-7);
  });
});
