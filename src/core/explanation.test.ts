import { expect, test } from "vitest";
import { explanationJson, explanationsOf, foldColumns } from "./explanation.ts";
import type { VersionInput } from "./prepared/prepared-input.ts";

const number = (name: string) => ({ name, kind: "number" }) as const;
const inputs: readonly VersionInput[] = [
  number("km"),
  { name: "city", kind: "prepared", of: [], steps: [], columns: [number("city=a"), number("city=b")] },
  number("age"),
];

test("what the columns of one input add is added up, line by line, and the base value stays last", () => {
  expect([...foldColumns(inputs, [1, 2, 4, 8, 16, 10, 20, 40, 80, 160])]).toEqual([1, 6, 8, 16, 10, 60, 80, 160]);
});

test("one sum is told as it is, several by their classes", () => {
  const [one] = explanationsOf(
    { inputs, link: "logistic", calibration: "platt" },
    { values: Float32Array.of(1, 2, 4, 8, 16), margins: Float32Array.of(31) },
    1,
  );
  expect(one && explanationJson(one)).toEqual({
    ...{ link: "logistic", calibration: "platt", base: 16, margin: 31 },
    contributions: { km: 1, city: 6, age: 8 },
  });
  const two = explanationsOf(
    { inputs: [number("km")], classes: ["no", "yes"], link: "softmax" },
    { values: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), margins: Float32Array.of(3, 7, 11, 15) },
    2,
  );
  expect(two.map(explanationJson)).toEqual([
    {
      ...{ link: "softmax", calibration: null },
      classes: {
        no: { base: 2, margin: 3, contributions: { km: 1 } },
        yes: { base: 4, margin: 7, contributions: { km: 3 } },
      },
    },
    {
      ...{ link: "softmax", calibration: null },
      classes: {
        no: { base: 6, margin: 11, contributions: { km: 5 } },
        yes: { base: 8, margin: 15, contributions: { km: 7 } },
      },
    },
  ]);
});
