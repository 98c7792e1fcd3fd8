import { expect, test } from "vitest";
import type { Tensor } from "../../ports/ports.ts";
import { classLabels } from "./class-labels.ts";

const scores = (shape: readonly number[], ...data: readonly number[]): Tensor => ({
  name: "predict",
  datatype: "FP32",
  shape,
  data: Float32Array.from(data),
});
const labels = (objective: string | undefined, tensor: Tensor) => {
  const { shape, data } = classLabels(tensor, objective);
  return [shape, [...(data as Int32Array)]];
};

test("of several classes the greatest score wins, the first of equals", () => {
  expect(labels("multi:softprob", scores([3, 3], 0.2, 0.5, 0.3, 0.4, 0.4, 0.2, 0, 0, 1))).toEqual([[3], [1, 0, 2]]);
});

test("of two classes the second is above a half, and a half is not", () => {
  expect(labels("binary:logistic", scores([4], 0.5, 0.500001, 1, 0))).toEqual([[4], [0, 1, 1, 0]]);
  expect(labels(undefined, scores([1], Number.NaN))).toEqual([[1], [0]]);
});

test("several labels are judged each, and a class stays a class", () => {
  expect(labels("binary:logistic", scores([2, 2], 0.9, 0.1, 0.2, 0.8))).toEqual([
    [2, 2],
    [1, 0, 0, 1],
  ]);
  expect(labels("multi:softmax", scores([3], 2, 0, 1))).toEqual([[3], [2, 0, 1]]);
});

test("no rows have no labels", () => {
  expect(labels("multi:softprob", scores([0, 3]))).toEqual([[0], []]);
});
