// Gates, training and monitoring measure unweighted rows with define's metrics, evaluation weighted ones with these: where both measure the same rows, a
// figure must not depend on who computed it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { measure, type TaskSpec } from "../../define/define.ts";
import {
  accuracy,
  binaryLogLoss,
  classAccuracy,
  classLogLoss,
  confusionAt,
  decidedClasses,
  meanAbsoluteError,
  ndcgAt,
  pinballLoss,
  rocAuc,
  rootMeanSquaredError,
} from "./metrics.ts";

/** Few different values, so that ties are common, the ends among them. */
const probability = fc.oneof(fc.constantFrom(0, 0.25, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true }));
const number = fc.oneof(fc.constantFrom(-1, 0, 0.5, 3), fc.double({ min: -1e6, max: 1e6, noNaN: true }));
const rowsOf = <L, S>(label: fc.Arbitrary<L>, score: fc.Arbitrary<S>) =>
  fc.array(fc.tuple(label, score), { minLength: 1, maxLength: 60 });

const same = (a: number, b: number): void => {
  if (Number.isNaN(a) || Number.isNaN(b)) expect([a, b]).toEqual([Number.NaN, Number.NaN]);
  else expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(a)));
};

test("true and false", () => {
  fc.assert(
    fc.property(rowsOf(fc.constantFrom(0, 1), probability), (rows) => {
      const labels = Float64Array.from(rows, ([label]) => label);
      const scores = Float64Array.from(rows, ([, score]) => score);
      same(measure({ name: "auc" }, labels, scores), rocAuc(labels, scores));
      same(measure({ name: "logLoss" }, labels, scores), binaryLogLoss(labels, scores));
      same(measure({ name: "accuracy" }, labels, scores), accuracy(confusionAt(0.5, labels, scores)));
    }),
  );
});

test("numbers", () => {
  fc.assert(
    fc.property(rowsOf(number, number), fc.constantFrom(0.1, 0.5, 0.9), (rows, at) => {
      const labels = Float64Array.from(rows, ([label]) => label);
      const scores = Float64Array.from(rows, ([, score]) => score);
      const task: TaskSpec = { kind: "regression", loss: "quantile", at };
      same(measure({ name: "mae" }, labels, scores, task), meanAbsoluteError(labels, scores));
      same(measure({ name: "rmse" }, labels, scores, task), rootMeanSquaredError(labels, scores));
      same(measure({ name: "pinball" }, labels, scores, task), pinballLoss(at, labels, scores));
    }),
  );
});

test("several classes", () => {
  const task: TaskSpec = { kind: "multiclass", mostClasses: 100 };
  fc.assert(
    fc.property(rowsOf(fc.nat(2), fc.tuple(probability, probability, probability)), (rows) => {
      const labels = Float64Array.from(rows, ([label]) => label);
      const scores = Float64Array.from(
        rows.flatMap(([, each]) => {
          const sum = each[0] + each[1] + each[2];
          return sum > 0 ? each.map((score) => score / sum) : [1, 0, 0];
        }),
      );
      same(measure({ name: "accuracy" }, labels, scores, task), classAccuracy(labels, decidedClasses(scores, 3)));
      same(measure({ name: "logLoss" }, labels, scores, task), classLogLoss(labels, scores, 3));
    }),
  );
});

test("groups that are ranked", () => {
  fc.assert(
    fc.property(fc.array(rowsOf(fc.nat(3), number), { minLength: 1, maxLength: 6 }), (groups) => {
      const rows = groups.flatMap((own, group) => own.map(([label, score]) => ({ label, score, group })));
      const labels = Float64Array.from(rows, ({ label }) => label);
      const scores = Float64Array.from(rows, ({ score }) => score);
      const starts = [...groups.keys(), groups.length].map((group) => rows.filter((row) => row.group < group).length);
      const beside = { groups: Int32Array.from(rows, ({ group }) => group) };
      same(
        measure({ name: "ndcg" }, labels, scores, { kind: "ranking" } as TaskSpec, beside),
        ndcgAt(Number.MAX_SAFE_INTEGER, starts, labels, scores),
      );
    }),
  );
});
