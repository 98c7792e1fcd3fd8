// Judging models of every kind of outcome: the figures are what training measured, and a report has pictures of each.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { evaluationReport } from "../../src/cli/report/evaluation-report.ts";
import { applyDefinitions, evaluateVersion, trainModel } from "../../src/platform/platform.ts";
import { day, deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";
import { bestFirst, howLate, howLong, minutesAtMost, minutesLate, outcomesProject } from "./outcomes.fixture.ts";

let world: World;
let platform: WorldPlatform;
beforeAll(async () => {
  world = await deliveriesWorld();
  const config = outcomesProject({ minutesLate, minutesAtMost, howLate, bestFirst, howLong });
  platform = await world.open({ at: day(60), config });
  await applyDefinitions(platform);
}, 120_000);
afterAll(async () => {
  await platform.close();
  await world.remove();
});

test.each([
  { name: "minutes_late", same: ["rmse", "mae"], plots: ["Foretold against actual", "Residuals"] },
  { name: "minutes_at_most", same: ["pinball", "mae"], plots: ["Residuals"] },
  { name: "how_late", same: ["logLoss", "accuracy"], plots: ["Classes"] },
  { name: "best_first", same: ["ndcg"], plots: ["NDCG by place"] },
  { name: "how_long", same: ["concordance"], plots: ["Survival"] },
])(
  "$name: figures, intervals, slices, the champion and the constant",
  { timeout: 120_000 },
  async ({ name, same, plots }) => {
    await trainModel(platform, { model: name, knownBy: day(58) });
    const { fitted } = await trainModel(platform, { model: name, promote: false });
    const evaluation = await evaluateVersion(platform, { version: `${name}@2`, resamples: 60, slices: ["city"] });
    expect(evaluation.rows).toBe(fitted.tested.labels.length);
    for (const metric of same) {
      const found = evaluation.metrics.find((each) => each.name === metric);
      expect(found?.value).toBeCloseTo(fitted.test[metric] ?? Number.NaN, 6);
      expect(found?.interval?.low).toBeLessThanOrEqual(found?.value ?? 0);
      expect(found?.interval?.high).toBeGreaterThanOrEqual(found?.value ?? 0);
      const constant = evaluation.comparisons.find(({ who }) => who === "a constant");
      const theirs = constant?.metrics.find((each) => each.name === metric);
      expect(theirs?.value).toBeCloseTo(fitted.baselines.constant?.[metric] ?? Number.NaN, 4);
    }
    expect(evaluation.comparisons[0]).toMatchObject({ who: "champion, version 1" });
    expect(evaluation.comparisons[0]?.difference[0]?.interval).not.toBeNull();
    expect(evaluation.slices).toHaveLength(3);
    expect(evaluation.slices.reduce((sum, slice) => sum + slice.rows, 0)).toBe(evaluation.rows);
    const html = evaluationReport(evaluation);
    for (const plot of plots) expect(html).toContain(`>${plot}<`);
    expect(html).not.toMatch(/NaN|undefined/);
    const folder = process.env["SLIPWAY_REPORTS"];
    if (folder !== undefined) writeFileSync(join(folder, `${name}.html`), html);
  },
);
