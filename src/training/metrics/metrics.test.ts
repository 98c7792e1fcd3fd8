import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { areaUnderRoc } from "../../define/define.ts";
import * as metrics from "./metrics.ts";
import { heldToOracle, type OracleCases } from "./scikit-learn.fixture.ts";

const refused = expect.objectContaining({ code: "INPUT_INVALID" });

test("every family agrees with scikit-learn, with and without weights and ties", () => {
  const file = new URL("./scikit-learn.fixture.json", import.meta.url);
  heldToOracle(JSON.parse(readFileSync(file, "utf8")) as OracleCases);
});

const rows = fc
  .array(
    fc.record({
      label: fc.constantFrom(0, 1),
      score: fc.constantFrom(0, 0.1, 0.3, 0.5, 0.5000001, 1),
      weight: fc.nat(3),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((all) => ({
    labels: all.map(({ label }) => label),
    scores: all.map(({ score }) => score),
    weights: all.map(({ weight }) => weight),
  }));

test("a weight of n is n rows", () => {
  fc.assert(
    fc.property(rows, ({ labels, scores, weights }) => {
      const many = weights.flatMap((weight, row) => Array<number>(weight).fill(row));
      const [ownLabels, ownScores] = [many.map((row) => labels[row]!), many.map((row) => scores[row]!)];
      for (const metric of [
        metrics.rocAuc,
        metrics.averagePrecision,
        metrics.kolmogorovSmirnov,
        metrics.binaryLogLoss,
        metrics.brierScore,
        metrics.expectedCalibrationError,
        metrics.meanAbsoluteError,
      ]) {
        const [weighted, repeated] = [metric(labels, scores, weights), metric(ownLabels, ownScores)];
        if (Number.isNaN(repeated)) expect(weighted, metric.name).toBeNaN();
        else expect(weighted, metric.name).toBeCloseTo(repeated, 12);
      }
    }),
  );
});

test("without weights the area under the ROC curve is the pairs won, bit for bit within 1e-12", () => {
  fc.assert(
    fc.property(rows, ({ labels, scores }) => {
      const pairs = areaUnderRoc(Uint8Array.from(labels), Float64Array.from(scores));
      const curve = metrics.rocAuc(labels, scores);
      if (Number.isNaN(pairs)) expect(curve).toBeNaN();
      else expect(curve).toBeCloseTo(pairs, 12);
    }),
  );
});

describe("lift", () => {
  test("is the rate among the best over the rate of all", () => {
    expect(metrics.liftAt(0.5, [1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1])).toBe(2);
    expect(metrics.liftAt(1, [1, 0, 0, 0], [0.9, 0.8, 0.2, 0.1])).toBe(1);
  });

  test("does not depend on the order of rows with equal scores", () => {
    expect(metrics.liftAt(0.25, [1, 0, 0, 1], [0.5, 0.5, 0.5, 0.5])).toBe(1);
    expect(metrics.liftAt(0.25, [0, 1, 1, 0], [0.5, 0.5, 0.5, 0.5])).toBe(1);
  });
});

describe("what rows cannot answer", () => {
  test("is NaN for one class and for none", () => {
    for (const metric of [metrics.rocAuc, metrics.kolmogorovSmirnov]) {
      expect(metric([1, 1], [0.2, 0.3]), metric.name).toBeNaN();
      expect(metric([], []), metric.name).toBeNaN();
    }
    expect(metrics.averagePrecision([0, 0], [0.2, 0.3])).toBeNaN();
    expect(metrics.binaryLogLoss([], [])).toBeNaN();
    expect(metrics.rSquared([3, 3, 3], [1, 2, 3])).toBeNaN();
    expect(metrics.matthewsCorrelation(metrics.confusionAt(0.5, [], []))).toBeNaN();
    expect(metrics.oneVersusRestAuc([0, 0, 1], [0.5, 0.3, 0.2, 0.5, 0.3, 0.2, 0.1, 0.8, 0.1], 3, "macro")).toBeNaN();
    expect(metrics.ndcgAt(3, [0, 2], [0, 0], [0.4, 0.5])).toBeNaN();
    expect(metrics.gammaDeviance([0, 1], [1, 1])).toBeNaN();
  });

  test("is refused where rows are no rows", () => {
    expect(() => metrics.rocAuc([0, 1], [0.1, Number.NaN])).toThrow(refused);
    expect(() => metrics.rocAuc([0, 1], [0.1])).toThrow(refused);
    expect(() => metrics.brierScore([0, 1], [0.1, 0.2], [1, -1])).toThrow(refused);
    expect(() => metrics.meanAbsoluteError([Number.NaN, 1], [0.1, 0.2])).toThrow(refused);
    expect(() => metrics.pinballLoss(1, [1], [1])).toThrow(RangeError);
    expect(() => metrics.tweedieDeviance(0.5, [1], [1])).toThrow(RangeError);
  });
});

test("a group without a relevant row does not count, and ties never flatter a ranking", () => {
  const starts = [0, 3, 5];
  expect(metrics.ndcgAt(3, starts, [2, 0, 1, 0, 0], [0.9, 0.1, 0.5, 0.7, 0.2])).toBe(1);
  expect(metrics.meanAveragePrecisionAt(2, [0, 3], [1, 0, 0], [0.5, 0.5, 0.1])).toBe(0.5);
});
