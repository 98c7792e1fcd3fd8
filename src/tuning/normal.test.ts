import { expect, test } from "vitest";
import { logImprovement, normalCdf, scaledErfc } from "./normal.ts";

// SciPy 1.17's erfcx and norm.cdf.
test.each([
  [0, 1],
  [0.3, 0.7345993345676554],
  [1, 0.427583576155807],
  [4, 0.1369994576250614],
  [30, 0.018795888861416754],
  [1e4, 5.641895807268084e-5],
])("exp(x²)·erfc(x) at %d", (x, expected) => {
  expect(Math.abs(scaledErfc(x) / expected - 1)).toBeLessThan(3e-10);
});

test.each([
  [0, 0.5],
  [1, 0.8413447460685429],
  [-2, 0.022750131948179195],
  [-9, 1.1285884059538324e-19],
  [9, 1],
])("the normal distribution function at %d", (z, expected) => {
  expect(Math.abs(normalCdf(z) / expected - 1)).toBeLessThan(1e-9);
});

// mpmath with 60 digits: log(zΦ + φ) and Φ/(zΦ + φ).
test.each([
  [3, 1.09873966532771, 0.332840968451795],
  [0, -0.918938533204673, 1.2533141373155],
  [-0.5, -1.62051626438732, 1.55987314834808],
  [-1, -2.48512102571264, 1.90427123332969],
  [-1.5, -3.52993592080571, 2.27958069415645],
  [-5, -16.744301162661, 5.36181624128809],
  [-29, -428.157082644273, 29.0687215287043],
  [-31, -488.290023397837, 31.064316178101],
  [-100, -5010.12957880025, 100.019994004196],
  [-1000, -500014.734452091, 1000.001999994],
])("log expected improvement at %d, and its slope", (z, log, slope) => {
  const got = logImprovement(z);
  expect(Math.abs(got.log - log)).toBeLessThan(5e-5);
  expect(Math.abs(got.slope / slope - 1)).toBeLessThan(5e-5);
});
