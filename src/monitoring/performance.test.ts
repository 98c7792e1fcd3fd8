import { describe, expect, test } from "vitest";
import { areaUnderRoc, logLossOf } from "../define/define.ts";
import { aucStandardError, performanceOf } from "./performance.ts";

// The minimal standard generator of Park and Miller 1988: enough for a simulation.
function randomFrom(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

interface World {
  readonly rows: number;
  readonly seed: number;
  /** What the true chance is, given the score. */
  readonly truth?: (score: number, day: number) => number;
}

function simulated({ rows, seed, truth = (score) => score }: World) {
  const random = randomFrom(seed * 7919);
  for (let warm = 0; warm < 10; warm += 1) random();
  const scores = Float32Array.from({ length: rows }, () => random() ** 3);
  const labels = Uint8Array.from(scores, (score, row) => (random() < truth(score, row % 7) ? 1 : 0));
  return { labels, scores, blocks: Int32Array.from({ length: rows }, (_, row) => row % 7) };
}

const options = { sigmas: 4, leastRows: 100 };
const logit = (p: number): number => Math.log(p / (1 - p));
const chance = (x: number): number => 1 / (1 + Math.exp(-x));

describe("performanceOf", () => {
  test("gives the figures of a small table by hand", () => {
    const labels = Uint8Array.of(1, 0, 0, 1);
    const scores = Float64Array.of(0.8, 0.2, 0.5, 0.5);
    const entropy = -0.8 * Math.log(0.8) - 0.2 * Math.log(0.2);
    const result = performanceOf(labels, scores, { sigmas: 4, leastRows: 1 });
    expect(result).toMatchObject({ rowCount: 4, labelRate: 0.5, meanScore: 0.5, verdict: "ok", aucDrop: null });
    expect(result.auc).toBe(areaUnderRoc(labels, scores));
    expect(result.logLoss).toBeCloseTo(logLossOf(labels, scores), 14);
    expect(result.expectedLogLoss).toBeCloseTo((2 * entropy + 2 * Math.LN2) / 4, 14);
    expect(result.standardError).toBeCloseTo(Math.sqrt(2 * 0.16 * Math.log(4) ** 2) / 4, 14);
    expect(result.z).toBeCloseTo((result.logLoss! - result.expectedLogLoss!) / result.standardError!, 10);
  });

  test.each([150, 900])("z of calibrated scores is a standard normal: %s rows", (rows) => {
    const worlds = 600;
    const scores = Array.from({ length: worlds }, (_, seed) => {
      const { labels, scores } = simulated({ rows, seed });
      return performanceOf(labels, scores, options).z!;
    });
    const mean = scores.reduce((sum, z) => sum + z, 0) / worlds;
    const spread = Math.sqrt(scores.reduce((sum, z) => sum + (z - mean) ** 2, 0) / worlds);
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(worlds));
    expect(spread).toBeGreaterThan(0.9);
    expect(spread).toBeLessThan(1.1);
    const above = (sigmas: number) => scores.filter((z) => z > sigmas).length / worlds;
    expect(above(1.645)).toBeLessThan(0.05 + 4 * Math.sqrt((0.05 * 0.95) / worlds));
    expect(above(4)).toBeLessThanOrEqual(1 / worlds);
  });

  test("overconfident scores and scores that lost their order are a drop", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const overconfident = simulated({ rows: 3000, seed, truth: (score) => chance(logit(score) / 2) });
      expect(performanceOf(overconfident.labels, overconfident.scores, options).verdict).toBe("dropped");
      const orderless = simulated({ rows: 3000, seed, truth: () => 0.25 });
      expect(performanceOf(orderless.labels, orderless.scores, options).z).toBeGreaterThan(10);
    }
  });

  test("timid scores lose less than they promise, which is no drop", () => {
    const timid = simulated({ rows: 3000, seed: 1, truth: (score) => chance(2 * logit(score)) });
    const result = performanceOf(timid.labels, timid.scores, options);
    expect(result.verdict).toBe("ok");
    expect(result.z).toBeLessThan(-4);
  });

  test("blocks keep days that differ from being a drop, and do not hide a drop of every day", () => {
    let alone = 0;
    let blocked = 0;
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = randomFrom(seed * 104_729);
      const shift = Array.from({ length: 7 }, () => 3 * (random() - 0.5));
      const days = simulated({ rows: 2100, seed, truth: (score, day) => chance(logit(score) + shift[day]!) });
      if (performanceOf(days.labels, days.scores, options).verdict === "dropped") alone += 1;
      if (performanceOf(days.labels, days.scores, { ...options, blocks: days.blocks }).verdict === "dropped")
        blocked += 1;
    }
    expect(alone).toBeGreaterThan(40);
    expect(blocked).toBeLessThan(alone / 4);
    const steady = simulated({ rows: 5000, seed: 1, truth: (score) => chance(logit(score) / 2) });
    expect(performanceOf(steady.labels, steady.scores, { ...options, blocks: steady.blocks }).verdict).toBe("dropped");
  });

  test("says so when there are too few rows, and gives what figures there are", () => {
    const { labels, scores } = simulated({ rows: 99, seed: 1 });
    expect(performanceOf(labels, scores, options)).toMatchObject({ verdict: "tooFewRows", rowCount: 99 });
    const empty = performanceOf(new Uint8Array(), new Float32Array(), options);
    expect(empty).toMatchObject({ verdict: "tooFewRows", rowCount: 0, logLoss: null, z: null });
    const oneClass = performanceOf(Uint8Array.of(0, 0), Float32Array.of(0.1, 0.2), { sigmas: 4, leastRows: 1 });
    expect(oneClass).toMatchObject({ auc: null, verdict: "ok", labelRate: 0 });
  });

  test("scores of one half promise nothing; certain mistakes are a drop", () => {
    const labels = new Uint8Array(1000);
    const halves = performanceOf(labels, new Float32Array(1000).fill(0.5), options);
    expect(halves.z).toBeCloseTo(0, 6);
    const certain = performanceOf(labels, new Float32Array(1000).fill(1), options);
    expect(certain.verdict).toBe("dropped");
    expect(Number.isFinite(certain.z)).toBe(true);
  });

  test("refuses what is not a probability, and unequal lengths", () => {
    expect(() => performanceOf(Uint8Array.of(1), Float32Array.of(Number.NaN), options)).toThrow("not a probability");
    expect(() => performanceOf(Uint8Array.of(1), Float32Array.of(1.5), options)).toThrow(RangeError);
    expect(() => performanceOf(Uint8Array.of(1), Float32Array.of(), options)).toThrow(RangeError);
    expect(() => performanceOf(Uint8Array.of(1), Float32Array.of(0.5), { ...options, blocks: [] })).toThrow(RangeError);
  });

  test("compares the AUC with a reference", () => {
    const { labels, scores } = simulated({ rows: 2000, seed: 5 });
    const { auc, aucDrop } = performanceOf(labels, scores, {
      ...options,
      reference: { auc: 0.9, standardError: 0.03 },
    });
    expect(aucDrop?.drop).toBeCloseTo(0.9 - auc!, 14);
    expect(aucDrop?.standardError).toBeGreaterThan(0.03);
  });
});

describe("aucStandardError", () => {
  test("is near Hanley and McNeil's published 0.032 of 0.893 for 51 abnormal and 58 normal images", () => {
    expect(Math.abs(aucStandardError(0.893, 51, 58) - 0.032)).toBeLessThan(0.001);
  });

  test("is not below the spread of simulated AUCs, and not far above", () => {
    const worlds = 300;
    const results = Array.from({ length: worlds }, (_, seed) => {
      const { labels, scores } = simulated({ rows: 400, seed: seed + 1 });
      const positives = labels.reduce((sum, label) => sum + label, 0);
      const auc = areaUnderRoc(labels, scores);
      return { auc, error: aucStandardError(auc, positives, 400 - positives) };
    });
    const mean = results.reduce((sum, { auc }) => sum + auc, 0) / worlds;
    const spread = Math.sqrt(results.reduce((sum, { auc }) => sum + (auc - mean) ** 2, 0) / worlds);
    const said = results.reduce((sum, { error }) => sum + error, 0) / worlds;
    expect(said / spread).toBeGreaterThan(0.95);
    expect(said / spread).toBeLessThan(1.5);
  });
});
