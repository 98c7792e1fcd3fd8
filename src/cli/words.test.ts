import { expect, test } from "vitest";
import { figure } from "./words.ts";

test.each([
  [0, "0.0000"],
  [0.76123, "0.7612"],
  [-12.5, "-12.5000"],
  [0.0001, "0.0001"],
  [4e-5, "4.000e-5"],
  [-1e-300, "-1.000e-300"],
  [1e308, "1.000e+308"],
  [Number.POSITIVE_INFINITY, "Infinity"],
  [Number.NaN, ""],
  [null, ""],
  [undefined, ""],
])("the figure %j is told as %j", (value, told) => {
  expect(figure(value)).toBe(told);
});
