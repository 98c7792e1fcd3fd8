// Going on from a version: more trees, or refreshed leaves, on the rows that are newer than its own; what the records say of it; and what is refused.

import { expect, onTestFinished, test } from "vitest";
import { mae, model, parquet, regression, t, xgboost } from "../../src/index.ts";
import {
  applyDefinitions,
  getDataset,
  getRun,
  reproduceVersion,
  showLineage,
  trainModel,
} from "../../src/platform/platform.ts";
import { readArtifact } from "../../src/registry/registry.ts";
import { day, deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";
import { common, deliveries, howLate, minutesLate, outcomesProject } from "./outcomes.fixture.ts";

const MODEL = "delivery_late";

async function worldOf(): Promise<{ readonly world: World; readonly platform: WorldPlatform }> {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  const platform = await world.open();
  await applyDefinitions(platform);
  return { world, platform };
}

test("adds trees from newer rows, or learns the leaves anew, and both are made again to the byte", {
  timeout: 120_000,
}, async () => {
  const { platform } = await worldOf();
  const { registry, training } = platform;
  const first = await trainModel(platform, { model: MODEL, knownBy: day(30) });
  const more = await trainModel(platform, { model: MODEL, from: `${MODEL}@champion` });
  expect(more.version.bestRound).toBeGreaterThan(first.version.bestRound);
  expect(more.version.inputs).toEqual(first.version.inputs);
  const [before, rows] = [first.dataset.parts.train, more.dataset.parts.train];
  expect(rows.from).toBeGreaterThan(before.to ?? 0n);
  expect(rows.rows).toBeGreaterThan(0);
  // Near ones are the late ones from day 30 on: what has only been gone on with knows it.
  expect(more.fitted.test["auc"]).toBeGreaterThan(0.9);

  const refreshed = await trainModel(platform, { model: MODEL, from: `${MODEL}@1`, refresh: true });
  expect(refreshed.version.bestRound).toBe(first.version.bestRound);
  expect(refreshed.version.artifactHash).not.toBe(first.version.artifactHash);

  const run = await getRun(registry, more.version.runId ?? "");
  expect(run).toMatchObject({ name: `continue ${MODEL}`, params: { from: `${MODEL}@1` } });
  expect((await getRun(registry, refreshed.version.runId ?? "")).params).toMatchObject({
    from: `${MODEL}@1`,
    refresh: "true",
  });
  expect(more.version.environment).toMatchObject({
    from: { model: MODEL, version: 1, artifact: first.version.artifactHash, refresh: false },
  });
  const { nodes } = await showLineage(platform, `${MODEL}@1`, "down");
  expect(nodes.map(({ id }) => id)).toEqual(expect.arrayContaining([`version:${MODEL}@2`, `version:${MODEL}@3`]));

  for (const number of [2, 3])
    expect(await reproduceVersion(platform, { version: `${MODEL}@${number}` })).toMatchObject({
      verdict: "identical",
      differences: [],
    });

  // The first rounds are still the first version's: what it says, the new one says with as many rounds.
  const runtime = training.engines.runtimes.find(({ format }) => format === first.version.format);
  const matrix = Float32Array.from({ length: 50 * first.version.inputs.length }, (_, place) => (place * 7919) % 31);
  const scores = [first.version, more.version].map(async (version) => {
    const predictor = await runtime?.load(await readArtifact(registry, version), { rounds: first.version.bestRound });
    const answer = await predictor?.predict(matrix, 50);
    predictor?.close();
    return answer;
  });
  expect(await scores[1]).toEqual(await scores[0]);

  // Everything known then has been learnt from: there is nothing new to go on with.
  await expect(trainModel(platform, { model: MODEL, from: `${MODEL}@2` })).rejects.toMatchObject({
    code: "TRAINING_SET_EMPTY",
    message: expect.stringMatching(/newer than those of the version it goes on from \(train from 2025-/),
  });
  expect((await getDataset(registry, more.dataset.id)).timeFrom).toBe(rows.from);
});

test("says what differs where a version cannot be gone on from", { timeout: 120_000 }, async () => {
  const { world, platform } = await worldOf();
  await trainModel(platform, { model: MODEL, knownBy: day(30) });
  await expect(trainModel(platform, { model: MODEL, from: `${MODEL}@9` })).rejects.toMatchObject({
    code: "VERSION_NOT_FOUND",
  });
  await expect(trainModel(platform, { model: MODEL, from: MODEL })).rejects.toMatchObject({ code: "USAGE" });
  await expect(trainModel(platform, { model: MODEL, refresh: true })).rejects.toMatchObject({ code: "USAGE" });
  await platform.close();
  const refusal = async (changes: Parameters<World["open"]>[0]): Promise<unknown> => {
    const changed = await world.open(changes);
    await applyDefinitions(changed, { allowBreaking: true });
    const thrown: unknown = await trainModel(changed, { model: MODEL, from: `${MODEL}@1` }).catch((error) => error);
    await changed.close();
    return thrown;
  };
  expect(await refusal({ changes: { withoutLast: true } })).toMatchObject({
    code: "FEATURES_MISMATCH",
    message: expect.stringMatching(/input "\w+" is no longer defined/),
  });
  expect(await refusal({ changes: { lateAbove: 12 } })).toMatchObject({
    code: "FEATURES_MISMATCH",
    message: expect.stringContaining("the label is defined differently"),
  });
});

test("keeps the classes of several, and knows a version of another model", { timeout: 120_000 }, async () => {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  const platform = await world.open({ config: outcomesProject({ howLate, minutesLate }) });
  await applyDefinitions(platform);
  const first = await trainModel(platform, { model: "how_late", knownBy: day(30) });
  const more = await trainModel(platform, { model: "how_late", from: "how_late@1" });
  expect(more.fitted.classes).toEqual(first.fitted.classes);
  expect(more.version.bestRound).toBeGreaterThan(first.version.bestRound);
  await expect(trainModel(platform, { model: "minutes_late", from: "how_late@1" })).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringContaining("a version of another model"),
  });
  await trainModel(platform, { model: "minutes_late", knownBy: day(30) });
  await platform.close();
  const { rows } = common;
  const quick = { rounds: 5, learningRate: 0.3 };
  const otherwise = { ...common, label: deliveries.minutes_late, trainer: xgboost(quick), metrics: [mae()] };
  const copy = parquet("copied_orders", {
    path: "data/orders.parquet",
    columns: { ...common.request, order_id: t.string(), ordered_at: t.timestamp(), placed_at: t.timestamp() },
    id: "order_id",
    eventTime: "placed_at",
  });
  for (const [changed, difference] of [
    [
      { ...otherwise, rows, trainer: xgboost({ ...quick, task: regression({ loss: "absolute" }) }) },
      "the task is another one",
    ],
    [{ ...otherwise, rows: copy }, "told apart by another id, or have another time"],
  ] as const) {
    const other = await world.open({ config: outcomesProject({ minutesLate: model("minutes_late", changed) }) });
    await applyDefinitions(other, { allowBreaking: true });
    await expect(trainModel(other, { model: "minutes_late", from: "minutes_late@1" })).rejects.toMatchObject({
      code: "FEATURES_MISMATCH",
      message: expect.stringContaining(difference),
    });
    await other.close();
  }
});
