// Figures of every task: without weights they are the metrics themselves, which are held to scikit-learn elsewhere; a weight of 2 is the row twice.

import fc from "fast-check";
import { expect, test } from "vitest";
import { measure, type TaskSpec } from "../../define/define.ts";
import {
  classAccuracy,
  classAverages,
  classLogLoss,
  confusionMatrix,
  decidedClasses,
  meanAveragePrecisionAt,
  ndcgAt,
  oneVersusRestAuc,
} from "../metrics/metrics.ts";
import { judge } from "./evaluation.ts";
import { rowsOf, type TaskRows } from "./judged-rows.ts";
import { metricSetOf } from "./metric-set.ts";

const CLASSES = 3;
const setOf = (task: TaskSpec) => metricSetOf(task, { threshold: 0.5, classes: CLASSES });
const close = (one: readonly number[], other: readonly number[]): void => {
  expect(one).toHaveLength(other.length);
  for (const [place, value] of one.entries())
    if (Number.isNaN(other[place])) expect(value).toBeNaN();
    else expect(value).toBeCloseTo(other[place] ?? Number.NaN, 9);
};

/** Rows as they come, each as often as its weight says. */
function repeatedRows(rows: TaskRows, weights: Float64Array): TaskRows {
  return rowsOf(rows, Uint32Array.from([...weights].flatMap((weight, row) => Array<number>(weight).fill(row))));
}

const multiclass: TaskSpec = { kind: "multiclass", mostClasses: CLASSES };
const probability = fc.constantFrom(0.05, 0.1, 0.3, 0.6, 0.9);
const classRows = fc
  .array(fc.record({ label: fc.nat(2), scores: fc.tuple(probability, probability, probability), weight: fc.nat(3) }), {
    minLength: 1,
    maxLength: 30,
  })
  .map((rows) => ({
    rows: {
      labels: Float64Array.from(rows, ({ label }) => label),
      scores: Float64Array.from(rows.flatMap(({ scores }) => scores)),
    },
    weights: Float64Array.from(rows, ({ weight }) => weight),
  }));

test("several classes", () => {
  fc.assert(
    fc.property(classRows, ({ rows, weights }) => {
      const { labels, scores } = rows;
      const figures = setOf(multiclass).figures(rows);
      const decided = decidedClasses(scores, CLASSES);
      const cells = confusionMatrix(labels, decided, CLASSES);
      const [macro, weighted] = [classAverages(cells, CLASSES, "macro"), classAverages(cells, CLASSES, "weighted")];
      close(figures(), [
        classLogLoss(labels, scores, CLASSES),
        classAccuracy(labels, decided),
        ...[macro.precision, macro.recall, macro.f1],
        ...[weighted.precision, weighted.recall, weighted.f1],
        oneVersusRestAuc(labels, scores, CLASSES, "macro"),
        oneVersusRestAuc(labels, scores, CLASSES, "weighted"),
      ]);
      const twice = repeatedRows(rows, weights);
      close(figures(weights), setOf(multiclass).figures(twice)());
    }),
  );
});

const ranking: TaskSpec = { kind: "ranking", objective: "ndcg" };

test("rankings, whose groups need not stand together", () => {
  const row = fc.record({ label: fc.nat(3), score: fc.constantFrom(0, 0.5, 1, 2), group: fc.nat(4) });
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat(3), { minLength: 5, maxLength: 5 }),
      (rows, drawn) => {
        const given = {
          labels: Float64Array.from(rows, ({ label }) => label),
          scores: Float64Array.from(rows, ({ score }) => score),
          groups: Int32Array.from(rows, ({ group }) => group),
        };
        const sorted = rows.toSorted((a, b) => a.group - b.group);
        const starts = [
          ...sorted.flatMap(({ group }, at) => (at > 0 && sorted[at - 1]?.group === group ? [] : [at])),
          rows.length,
        ];
        const [labels, scores] = [sorted.map(({ label }) => label), sorted.map(({ score }) => score)];
        const figures = setOf(ranking).figures(given);
        close(figures(), [
          ndcgAt(99, starts, labels, scores),
          ndcgAt(5, starts, labels, scores),
          ndcgAt(10, starts, labels, scores),
          meanAveragePrecisionAt(99, starts, labels, scores),
          meanAveragePrecisionAt(10, starts, labels, scores),
        ]);
        // A group that is drawn twice is two groups.
        const copies = drawn.flatMap((times, group) => Array<number>(times).fill(group));
        const twice = copies.flatMap((group, copy) =>
          rows.filter((each) => each.group === group).map((each) => ({ ...each, group: copy })),
        );
        const again = setOf(ranking).figures({
          labels: Float64Array.from(twice, ({ label }) => label),
          scores: Float64Array.from(twice, ({ score }) => score),
          groups: Int32Array.from(twice, ({ group }) => group),
        });
        close(figures(Float64Array.from(rows, ({ group }) => drawn[group] ?? 0)), again());
      },
    ),
  );
});

test("survival, of rows that ended, that go on, and that ended in a span", () => {
  const row = fc.record({
    label: fc.constantFrom(1, 2, 3, 5, 8),
    over: fc.constantFrom(0, 1, Number.POSITIVE_INFINITY),
    score: fc.constantFrom(0.5, 1, 2, 4),
    weight: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (rows) => {
      const given = {
        labels: Float64Array.from(rows, ({ label }) => label),
        scores: Float64Array.from(rows, ({ score }) => score),
        upper: Float64Array.from(rows, ({ label, over }) => label + over),
      };
      const weights = Float64Array.from(rows, ({ weight }) => weight);
      const task = { kind: "survival", distribution: "normal", scale: 1 } as const;
      const set = setOf(task);
      const figures = set.figures(given);
      close(figures(), [measure({ name: "concordance" }, given.labels, given.scores, task, { upper: given.upper })]);
      close(figures(weights), set.figures(repeatedRows(given, weights))());
    }),
  );
});

test("a quantile is told by its own loss, in the classes' confusion every row is somewhere, and a curve of survival falls as ends are seen", () => {
  const common = { threshold: 0.5, chosen: "", resamples: 20, others: {}, slices: [] } as const;
  const labels = Float64Array.of(1, 2, 3, 4);
  const quantile = judge(
    { ...common, labels, scores: labels.map((label) => label - 1) },
    { ...common, task: { kind: "regression", loss: "quantile", at: 0.9 } },
  );
  expect(quantile.metrics[0]).toMatchObject({ name: "pinball", value: 0.9 });
  const several = judge(
    { ...common, labels: Float64Array.of(0, 1, Number.NaN), scores: Float64Array.of(0.8, 0.2, 0.4, 0.6, 0.7, 0.3) },
    { ...common, task: multiclass, classes: ["a", "b"] },
  );
  expect(several.confusion?.classes.map(({ name, rows }) => [name, rows])).toEqual([
    ["a", 1],
    ["b", 1],
    ["(a class it does not know)", 1],
  ]);
  expect(several.confusion?.cells).toEqual([
    [1, 0, 0],
    [0, 1, 0],
    [1, 0, 0],
  ]);
  const survival = judge(
    {
      ...common,
      labels: Float64Array.of(1, 2, 3),
      scores: Float64Array.of(1, 1, 1),
      upper: Float64Array.of(1, Infinity, 3),
    },
    { ...common, task: { kind: "survival", distribution: "normal", scale: 1 } },
  );
  expect(survival.survival?.map(({ rows }) => rows)).toEqual([1, 1, 1]);
  expect(survival.survival?.[0]?.points.at(-1)).toEqual([1, 0]);
  expect(survival.survival?.[1]?.points.at(-1)).toEqual([2, 1]);
});
