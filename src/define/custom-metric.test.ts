import { expect, it } from "vitest";
import { days } from "../core/core.ts";
import {
  auc,
  byTime,
  definitionHash,
  isCustomMetric,
  type MetricRows,
  measureCustom,
  metric,
  model,
  parquet,
  specOf,
  t,
  xgboost,
} from "./define.ts";

const rows = parquet("rides", {
  path: "rides.parquet",
  columns: { id: t.string(), at: t.timestamp(), km: t.float64(), late: t.bool() },
  id: "id",
  eventTime: "at",
});

const share = ({ labels, scores, weights }: MetricRows): number => {
  let [right, whole] = [0, 0];
  for (const [row, weight] of weights.entries()) {
    right += weight * Number(scores[row]! > 0.3 === (labels[row] === 1));
    whole += weight;
  }
  return right / whole;
};

const modelBy = (compute: (given: MetricRows) => number) =>
  model("late", {
    rows,
    features: [],
    request: { km: t.float64() },
    label: rows.late,
    trainer: xgboost({ stopOn: metric.custom("share", { better: "higher" }, compute) }),
    split: byTime({ validate: days(1), test: days(1) }),
    metrics: [auc(), metric.custom("right", { better: "higher" }, compute)],
  });

it("is part of a model's definition by its text", () => {
  const one = specOf(modelBy(share));
  expect(definitionHash(one)).toBe(definitionHash(specOf(modelBy(share))));
  expect(definitionHash(one)).not.toBe(definitionHash(specOf(modelBy(({ labels }) => labels.length))));
  expect(one.trainer.stopBy).toMatchObject({ name: "share", better: "higher", code: share.toString() });
  expect(JSON.parse(JSON.stringify(one.metrics[1]))).toEqual({
    name: "right",
    better: "higher",
    code: share.toString(),
  });
  expect(one.metrics.map(isCustomMetric)).toEqual([false, true]);
});

it("measures rows by their weights, on copies of its own", () => {
  const given = {
    labels: Float64Array.of(1, 0, 1),
    scores: Float32Array.of(0.9, 0.8, 0.1),
    weights: Float64Array.of(2, 1, 1),
  };
  expect(measureCustom(metric.custom("right", { better: "higher" }, share), given)).toBe(0.5);
  measureCustom(
    metric.custom("sorts", { better: "lower" }, ({ scores }) => scores.sort()[0] ?? 0),
    given,
  );
  expect([...given.scores]).toEqual([...Float32Array.of(0.9, 0.8, 0.1)]);
});

it("says what is wrong with a function that throws or gives no number", () => {
  const given = { labels: Float64Array.of(1), scores: Float32Array.of(1), weights: Float64Array.of(1) };
  const of = (compute: (each: MetricRows) => unknown) =>
    expect(() => measureCustom(metric.custom("mine", { better: "lower" }, compute as () => number), given));
  of(() => {
    throw new Error("no such class");
  }).toThrow('The metric "mine" failed on 1 rows: no such class');
  of(() => "0.5").toThrow('The metric "mine" gave string');
  of(async () => 1).toThrow('The metric "mine" gave a promise');
});

it("refuses what could not be told apart or would be mistaken for another", () => {
  const refused = (...given: readonly unknown[]) =>
    expect(() => metric.custom(...(given as unknown as Parameters<typeof metric.custom>)));
  refused("my cost", { better: "lower" }, share).toThrow("letters, digits and _");
  refused("auc", { better: "higher" }, share).toThrow("there is such a metric already");
  refused("mine", { better: "more" }, share).toThrow('give "higher" or "lower"');
  refused("mine", { better: "lower" }, share.bind(null)).toThrow("write it out");
  refused("mine", { better: "lower" }).toThrow("the function that computes it");
  const mine = metric.custom("mine", { better: "lower" }, share);
  expect(() => xgboost({ stopOn: mine, workers: 2 })).toThrow("leave one of the two out");
  expect(() => xgboost({ stopOn: mine, earlyStoppingRounds: 0 })).toThrow('stopOn "mine" stops nothing');
  const twice = () =>
    model("late", {
      rows,
      features: [],
      request: { km: t.float64() },
      label: rows.late,
      trainer: xgboost(),
      split: byTime({ validate: days(1), test: days(1) }),
      metrics: [mine, mine],
    });
  expect(twice).toThrow('two metrics are called "mine"');
});
