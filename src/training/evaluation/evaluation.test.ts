import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomOf } from "../../core/core.ts";
import { metric } from "../../define/define.ts";
import { binaryResamples } from "./binary-resamples.ts";
import { bootstrapIntervals } from "./bootstrap.ts";
import { type JudgedRows, judge } from "./evaluation.ts";
import { binaryMetrics, toldMetrics } from "./metric-set.ts";
import { cheapestThreshold } from "./threshold-choice.ts";

const { below: random } = randomOf(3, 0);
const some = (rows: number, signal: number): JudgedRows => {
  const labels = Float64Array.from({ length: rows }, () => (random(100) < 30 ? 1 : 0));
  const scores = Float64Array.from(labels, (label) => (random(80) + label * signal) / 100);
  return { labels, scores, others: {}, slices: [] };
};
const options = { task: { kind: "binary" }, threshold: 0.4, chosen: "by hand", resamples: 200 } as const;

test("the figures of a resample are those of the metrics under its weights", () => {
  const row = fc.record({
    label: fc.constantFrom(0, 1),
    score: fc.constantFrom(0, 0.1, 0.3, 0.5, 1),
    weight: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), fc.constantFrom(0, 0.3, 0.4, 2), (rows, threshold) => {
      const sorted = rows.toSorted((a, b) => b.score - a.score);
      const labels = Float64Array.from(sorted, ({ label }) => label);
      const scores = Float64Array.from(sorted, ({ score }) => score);
      const weights = Float64Array.from(sorted, ({ weight }) => weight);
      const figures = binaryResamples(labels, scores, threshold)(weights);
      const expected = toldMetrics(binaryMetrics, labels, scores, threshold, weights);
      for (const [place, { name }] of binaryMetrics.entries())
        if (Number.isNaN(expected[name])) expect(figures[place], name).toBeNaN();
        else expect(figures[place], name).toBeCloseTo(expected[name]!, 10);
    }),
  );
});

test("a metric of one's own stands after the others, with the interval that its weights give", () => {
  const brier = metric.custom("mine", { better: "lower" }, ({ labels, scores, weights }) => {
    let [sum, whole] = [0, 0];
    for (const [row, weight] of weights.entries()) {
      sum += weight * (scores[row]! - labels[row]!) ** 2;
      whole += weight;
    }
    return sum / whole;
  });
  const rows = some(400, 20);
  const slices = [{ name: "first", rows: Uint32Array.from({ length: 100 }, (_, row) => row) }];
  const {
    metrics,
    slices: parts,
    comparisons,
  } = judge({ ...rows, slices, others: { other: rows.scores } }, { ...options, custom: [brier] });
  const known = metrics.find(({ name }) => name === "brier");
  expect(metrics.at(-1)).toMatchObject({ name: "mine", title: "mine", better: "lower" });
  expect(metrics.at(-1)?.value).toBeCloseTo(known?.value ?? Number.NaN, 12);
  expect(metrics.at(-1)?.interval?.low).toBeCloseTo(known?.interval?.low ?? Number.NaN, 12);
  expect(parts[0]?.metrics.at(-1)?.value).toBeCloseTo(
    parts[0]?.metrics.find(({ name }) => name === "brier")?.value ?? Number.NaN,
    12,
  );
  expect(comparisons[0]?.difference.at(-1)?.value).toBe(0);
});

describe("intervals", () => {
  test("hold the true mean as often as they say", () => {
    let inside = 0;
    for (let world = 0; world < 200; world += 1) {
      const values = Float64Array.from({ length: 80 }, () => (random(1000) + random(1000)) / 1000);
      const mean = (weights: Float64Array) => [
        values.reduce((sum, value, row) => sum + value * weights[row]!, 0) / values.length,
      ];
      const [interval] = bootstrapIntervals(80, mean, { resamples: 200, level: 0.9, seed: world });
      if (interval && interval.low <= 0.999 && 0.999 <= interval.high) inside += 1;
    }
    expect(inside).toBeGreaterThan(165);
    expect(inside).toBeLessThan(196);
  });

  test("are wider where rows that belong together are drawn together, by about the root of a cluster's size", () => {
    const values = Float64Array.from({ length: 100 }, () => random(1000));
    const rows = Float64Array.from({ length: 900 }, (_, row) => values[Math.floor(row / 9)]!);
    const clusters = Int32Array.from({ length: 900 }, (_, row) => Math.floor(row / 9));
    const mean = (weights: Float64Array) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return [rows.reduce((sum, value, row) => sum + value * weights[row]!, 0) / total];
    };
    const width = (interval: { low: number; high: number } | null | undefined) =>
      interval ? interval.high - interval.low : Number.NaN;
    const alone = width(bootstrapIntervals(900, mean)[0]);
    const together = width(bootstrapIntervals(900, mean, { clusters })[0]);
    expect(together / alone).toBeGreaterThan(2.4);
    expect(together / alone).toBeLessThan(3.8);
  });

  test("are the same for the same seed, and none where most resamples have no answer", () => {
    const rows = some(60, 20);
    expect(judge(rows, options)).toEqual(judge(rows, options));
    expect(judge(rows, { ...options, seed: 1 }).metrics[0]?.interval).not.toEqual(
      judge(rows, options).metrics[0]?.interval,
    );
    const [auc] = judge({ ...rows, labels: rows.labels.map(() => 0) }, options).metrics;
    expect(auc).toMatchObject({ value: null, interval: null });
  });
});

describe("a judgement", () => {
  test("tells a better score from a worse one on the same rows, and a score from itself not at all", () => {
    const rows = some(600, 40);
    const worse = rows.scores.map((score) => score + random(150) / 100);
    const { comparisons } = judge({ ...rows, others: { noise: worse, itself: rows.scores } }, options);
    const [noise, itself] = comparisons;
    expect(noise?.difference[0]?.interval?.low).toBeGreaterThan(0);
    for (const { value, interval } of itself?.difference ?? []) {
      expect(value).toBeCloseTo(0, 12);
      expect(interval?.low).toBeCloseTo(0, 9);
    }
  });

  test("gives a slice the figures of its rows alone, and a small one no interval", () => {
    const rows = some(400, 30);
    const even = Uint32Array.from({ length: 200 }, (_, place) => place * 2);
    const few = Uint32Array.of(0, 1, 2, 3);
    const { slices } = judge(
      {
        ...rows,
        slices: [
          { name: "even", rows: even },
          { name: "few", rows: few },
        ],
      },
      options,
    );
    const alone = judge(
      {
        ...rows,
        labels: rows.labels.filter((_, row) => row % 2 === 0),
        scores: rows.scores.filter((_, row) => row % 2 === 0),
      },
      options,
    );
    for (const [place, { value }] of alone.metrics.entries())
      expect(slices[0]?.metrics[place]?.value).toBeCloseTo(value ?? Number.NaN, 12);
    expect(slices[1]).toMatchObject({ rows: 4 });
    expect(slices[1]?.metrics.every(({ interval }) => interval === null)).toBe(true);
  });

  test("of numbers tells errors and residuals", () => {
    const labels = Float64Array.from({ length: 200 }, () => random(50));
    const scores = labels.map((label) => label + (random(2) === 0 ? 1 : -1));
    const { metrics, residuals, decisions } = judge(
      { labels, scores, others: {}, slices: [] },
      { ...options, task: { kind: "regression", loss: "squared" } },
    );
    expect(metrics.map(({ name, value }) => [name, value]).slice(0, 2)).toEqual([
      ["rmse", 1],
      ["mae", 1],
    ]);
    expect(residuals?.histogram.reduce((sum, { rows }) => sum + rows, 0)).toBe(200);
    expect(decisions).toBeUndefined();
  });
});

test("the cheapest threshold is the cheapest of all that there are", () => {
  const row = fc.record({ label: fc.constantFrom(0, 1), score: fc.constantFrom(0.1, 0.2, 0.5, 0.7, 0.9) });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), fc.nat(4), fc.nat(4), (rows, fp, fn) => {
      const cost = { falsePositive: fp, falseNegative: fn };
      const labels = rows.map(({ label }) => label);
      const scores = rows.map(({ score }) => score);
      const costAt = (threshold: number): number =>
        rows.reduce((sum, { label, score }) => {
          if (score >= threshold) return sum + (label === 0 ? fp : 0);
          return sum + (label === 1 ? fn : 0);
        }, 0) / rows.length;
      const { threshold, costPerRow } = cheapestThreshold(cost, labels, scores);
      expect(costAt(threshold)).toBeCloseTo(costPerRow, 12);
      for (const each of [0, 0.15, 0.3, 0.6, 0.8, 0.95]) expect(costPerRow).toBeLessThanOrEqual(costAt(each) + 1e-12);
    }),
  );
});
