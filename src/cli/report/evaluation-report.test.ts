import { expect, test } from "vitest";
import type { Evaluation } from "../../platform/platform.ts";
import { evaluationReport } from "./evaluation-report.ts";

const hostile = `"><script>alert(1)</script>'&\u202e`;
const figures = [
  { name: "auc", title: "AUC", better: "higher", value: 0.7, interval: { low: 0.65, high: 0.75 } },
  { name: "logLoss", title: "log loss", better: "lower", value: null, interval: null },
] as const;
const evaluation: Evaluation = {
  model: "m",
  version: 3,
  createdAt: "2025-01-01T00:00:00Z",
  run: null,
  dataset: "d".repeat(64),
  span: { rows: hostile, from: "2025-01-01T00:00:00Z", to: "2025-02-01T00:00:00Z" },
  importance: [{ input: hostile, gain: 3 }],
  learning: [
    {
      name: `validate-${hostile}`,
      points: [
        [1, 0.5],
        [2, 0.4],
      ],
    },
  ],
  bestRound: 2,
  notes: [hostile],
  task: "binary",
  rows: 12_345,
  label: 0.25,
  score: 0.26,
  level: 0.95,
  resamples: 500,
  metrics: figures,
  comparisons: [{ who: hostile, metrics: figures, difference: figures }],
  slices: [{ name: hostile, rows: 40, label: 0.2, score: 0.2, metrics: figures }],
  decisions: {
    threshold: 0.5,
    chosen: hostile,
    confusion: { truePositive: 1, falsePositive: 2, falseNegative: 3, trueNegative: 4 },
  },
  calibration: [{ from: 0, to: 0.1, rows: 5, weight: 5, foretold: 0.05, observed: 0.06 }],
  curves: {
    roc: [
      [0, 0],
      [1, 1],
    ],
    precisionRecall: [[1, 0.2]],
    lift: [[1, 1]],
    auc: 0.7,
    averagePrecision: 0.4,
  },
};

test("a report needs nothing else, and a name that somebody chose is text wherever it stands", () => {
  const html = evaluationReport(evaluation);
  expect(html).toContain("default-src 'none'");
  expect(html).not.toMatch(/<script|javascript:|\son\w+=|(?:href|src)=|url\(|@import|\u202e/i);
  expect(html.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(5);
  expect(html).not.toContain("NaN");
  // Every element that is opened is closed: a name has not broken out of where it stands.
  for (const tag of ["figure", "svg", "table", "section", "text", "td"])
    expect(html.match(new RegExp(`<${tag}[ >]`, "g"))?.length, tag).toBe(
      html.match(new RegExp(`</${tag}>`, "g"))?.length,
    );
});

test("a report of a regression shows residuals, and one of a single class no curve", () => {
  const { decisions: _, calibration: __, curves: ___, ...rest } = evaluation;
  const histogram = [{ from: -1, to: 1, rows: 3 }];
  const numbers = evaluationReport({
    ...rest,
    task: "regression",
    residuals: {
      points: [
        [1, 2],
        [3, 4],
      ],
      histogram,
    },
  });
  expect(numbers).toContain("Foretold against actual");
  expect(numbers).not.toContain("ROC");
  const none = { roc: [], precisionRecall: [], lift: [], auc: Number.NaN, averagePrecision: Number.NaN };
  expect(evaluationReport({ ...evaluation, curves: none })).not.toContain("ROC");
});
