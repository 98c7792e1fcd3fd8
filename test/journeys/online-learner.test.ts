// An online learner as a model like any other: from definitions to a version, its progress as metrics of the run, the next rows, and the same bytes again.

import { expect, onTestFinished, test } from "vitest";
import { auc, linear, logLoss, model, online, xgboost } from "../../src/index.ts";
import {
  applyDefinitions,
  evaluateVersion,
  getRun,
  listRuns,
  reproduceVersion,
  startServing,
  trainModel,
} from "../../src/platform/platform.ts";
import { day, deliveriesWorld } from "./deliveries.fixture.ts";
import { common, deliveries, outcomesProject } from "./outcomes.fixture.ts";

const late = (trainer: ReturnType<typeof online<"bool">>) =>
  model("late", { ...common, label: deliveries.minutes_late.gt(10), trainer, metrics: [auc(), logLoss()] });

test("learns in one pass, goes on with newer rows, is served, judged and made again", {
  timeout: 120_000,
}, async () => {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  const config = outcomesProject({ late: late(online({ algorithm: "ftrl", rate: 0.5 })) });
  const platform = await world.open({ config });
  await applyDefinitions(platform);
  const first = await trainModel(platform, { model: "late", knownBy: day(30) });
  expect(first.version.format).toBe("slipway-linear");
  expect(first.fitted.test["auc"]).toBeGreaterThan(0.9);
  const run = await getRun(platform.registry, first.version.runId ?? "");
  expect(run.metrics).toMatchObject({
    "progressive-rows": first.dataset.parts.train.rows,
    "progressive-logloss": expect.any(Number),
    "mean-logloss": expect.any(Number),
    "last-accuracy": expect.any(Number),
  });

  const more = await trainModel(platform, { model: "late", from: "late@1" });
  expect(more.version.inputs).toEqual(first.version.inputs);
  expect(more.dataset.parts.train.from).toBeGreaterThan(first.dataset.parts.train.to ?? 0n);
  for (const number of [1, 2])
    expect(await reproduceVersion(platform, { version: `late@${number}` })).toMatchObject({ verdict: "identical" });
  await expect(trainModel(platform, { model: "late", from: "late@1", refresh: true })).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringContaining("no leaves to refresh"),
  });
  await expect(evaluateVersion(platform, { version: "late@2" })).resolves.toMatchObject({ version: 2 });

  const serving = await startServing(platform);
  const ask = (distance_km: number) => ({ row: { city: "city-1", distance_km, items: 2 } });
  const [near, far] = await serving.predict("late", [ask(21), ask(31)]);
  expect(near).toMatchObject({ version: 2 });
  // From day 30 on, near ones are the late ones.
  expect(near?.score).toBeGreaterThan(far?.score ?? 1);
  await serving.close();
  await platform.close();

  const changed = await world.open({ config: outcomesProject({ late: late(xgboost({ rounds: 5 })) }) });
  await applyDefinitions(changed, { allowBreaking: true });
  await expect(trainModel(changed, { model: "late", from: "late@1" })).rejects.toMatchObject({
    code: "FEATURES_MISMATCH",
    message: expect.stringContaining("fitted by online, and the model's trainer is now xgboost"),
  });
  await changed.close();

  const whole = await world.open({ config: outcomesProject({ late: late(linear()) }) });
  await applyDefinitions(whole, { allowBreaking: true });
  const { version } = await trainModel(whole, { model: "late", knownBy: day(30) });
  const runs = (await listRuns(whole.registry, {})).length;
  await expect(trainModel(whole, { model: "late", from: `late@${version.number}` })).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringContaining('kind "linear" cannot go on'),
  });
  expect(await listRuns(whole.registry, {})).toHaveLength(runs);
});
