import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { areaUnderRoc, logLossOf, measure } from "./metric.ts";
import { auc, logLoss } from "./metric-spec.ts";

const row = fc.record({ label: fc.constantFrom(0, 1), score: fc.constantFrom(0, 0.1, 0.25, 0.5, 0.75, 0.9, 1) });
const rows = fc.array(row, { minLength: 1, maxLength: 60 });
const labelsOf = (all: readonly { label: number }[]) => Uint8Array.from(all, (each) => each.label);
const scoresOf = (all: readonly { score: number }[]) => Float64Array.from(all, (each) => each.score);

describe("areaUnderRoc", () => {
  test("is the share of pairs won, ties half", () => {
    fc.assert(
      fc.property(rows, (all) => {
        const positives = all.filter((each) => each.label === 1);
        const negatives = all.filter((each) => each.label === 0);
        let won = 0;
        for (const { score } of positives)
          for (const other of negatives) won += score > other.score ? 1 : score === other.score ? 0.5 : 0;
        expect(areaUnderRoc(labelsOf(all), scoresOf(all))).toBe(won / (positives.length * negatives.length));
      }),
    );
  });

  test("of continuous scores is unchanged by a rising transformation and mirrored by a falling one", () => {
    const continuous = fc.array(fc.record({ label: fc.constantFrom(0, 1), score: fc.float({ noNaN: true }) }));
    fc.assert(
      fc.property(continuous, (all) => {
        const labels = labelsOf(all);
        const scores = Float32Array.from(scoresOf(all));
        const value = areaUnderRoc(labels, scores);
        const raised = Float64Array.from(scores, (score) => score * 4);
        const mirrored = Float64Array.from(scores, (score) => -score);
        expect(areaUnderRoc(labels, raised)).toEqual(value);
        if (Number.isNaN(value)) expect(areaUnderRoc(labels, mirrored)).toBeNaN();
        else expect(areaUnderRoc(labels, mirrored)).toBeCloseTo(1 - value, 12);
      }),
    );
  });

  test("agrees with scikit-learn's documented example and with figures by hand", () => {
    expect(areaUnderRoc(Uint8Array.of(0, 0, 1, 1), Float64Array.of(0.1, 0.4, 0.35, 0.8))).toBe(0.75);
    expect(areaUnderRoc(Uint8Array.of(0, 1), Float32Array.of(0.5, 0.5))).toBe(0.5);
    expect(areaUnderRoc(Uint8Array.of(0, 1), Float64Array.of(0, -0))).toBe(0.5);
    expect(areaUnderRoc(Uint8Array.of(1, 0, 1), Float32Array.of(0.9, 0.2, 0.7))).toBe(1);
  });

  test("agrees with Hanley and McNeil's table of 109 CT images: 0.893", () => {
    // Hanley and McNeil 1982, table I: ratings 1 to 5 of 58 normal and 51 abnormal patients.
    const normal = [33, 6, 6, 11, 2];
    const abnormal = [3, 2, 2, 11, 33];
    const all = [normal, abnormal].flatMap((counts, label) =>
      counts.flatMap((count, rating) => Array.from({ length: count }, () => ({ label, score: rating + 1 }))),
    );
    expect(areaUnderRoc(labelsOf(all), scoresOf(all))).toBeCloseTo(0.893, 3);
  });

  test("is NaN where the rows cannot answer", () => {
    expect(areaUnderRoc(Uint8Array.of(1, 1), Float64Array.of(0.2, 0.3))).toBeNaN();
    expect(areaUnderRoc(Uint8Array.of(), Float64Array.of())).toBeNaN();
    expect(areaUnderRoc(Uint8Array.of(0, 1), Float64Array.of(Number.NaN, 0.3))).toBeNaN();
  });
});

describe("logLossOf", () => {
  test("agrees with scikit-learn's documented example and with figures by hand", () => {
    expect(logLossOf(Uint8Array.of(1, 0, 0, 1), Float64Array.of(0.9, 0.1, 0.2, 0.65))).toBeCloseTo(0.21616, 5);
    expect(logLossOf(Uint8Array.of(0, 1), Float32Array.of(0.5, 0.5))).toBeCloseTo(Math.LN2, 15);
  });

  test("is the mean of the rows' losses", () => {
    fc.assert(
      fc.property(rows, (all) => {
        const losses = all.map(({ label, score }) => {
          const clipped = Math.min(Math.max(score, 1e-15), 1 - 1e-15);
          return -Math.log(label === 1 ? clipped : 1 - clipped);
        });
        const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
        expect(logLossOf(labelsOf(all), scoresOf(all))).toBeCloseTo(mean, 9);
      }),
    );
  });

  test("charges a certain mistake 34.5 nats in either precision", () => {
    expect(logLossOf(Uint8Array.of(1), Float32Array.of(0))).toBeCloseTo(34.5388, 4);
    expect(logLossOf(Uint8Array.of(0), Float64Array.of(1))).toBeCloseTo(34.54, 1);
  });

  test("is NaN without rows or with a NaN score", () => {
    expect(logLossOf(Uint8Array.of(), Float64Array.of())).toBeNaN();
    expect(logLossOf(Uint8Array.of(1), Float64Array.of(Number.NaN))).toBeNaN();
  });
});

test("a metric is chosen by its name, and unequal lengths are refused", () => {
  const labels = Uint8Array.of(0, 1, 1);
  const scores = Float32Array.of(0.2, 0.1, 0.9);
  expect(measure(auc(), labels, scores)).toBe(areaUnderRoc(labels, scores));
  expect(measure(logLoss(), labels, scores)).toBe(logLossOf(labels, scores));
  expect(() => measure(auc(), labels, Float32Array.of(0.2))).toThrow(RangeError);
  expect(() => measure(logLoss(), labels, Float32Array.of(0.2))).toThrow(RangeError);
});
