import { expect, test } from "vitest";
import { auc, binary, logLoss } from "../define/define.ts";
import { constantMetrics, metricsOf } from "./evaluate.ts";

const metrics = [auc(), logLoss()];
const labels = Uint8Array.of(0, 0, 1, 1);

test("the named metrics, and only those", () => {
  const scores = Float32Array.of(0.1, 0.4, 0.35, 0.8);
  expect(metricsOf(metrics, binary(), { labels, scores })["auc"]).toBeCloseTo(0.75, 12);
  expect(Object.keys(metricsOf([auc()], binary(), { labels, scores }))).toEqual(["auc"]);
});

test("a constant cannot order rows, and its log loss is that of the rate", () => {
  const { auc: area, logLoss: loss } = constantMetrics(metrics, binary(), { labels }, [0.25]);
  expect(area).toBe(0.5);
  expect(loss).toBeCloseTo(-(Math.log(0.25) + Math.log(0.75)) / 2, 6);
});
