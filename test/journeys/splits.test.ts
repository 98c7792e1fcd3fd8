// Models whose rows are divided otherwise than once by time: what is trained, judged and told of them is the same from one end to the other.

import { afterAll, beforeAll, expect, test } from "vitest";
import { auc, byGroup, days, logLoss, model, random, rollingOrigin, stratified, xgboost } from "../../src/index.ts";
import {
  applyDefinitions,
  evaluateVersion,
  getRun,
  getVersion,
  listRuns,
  reproduceVersion,
  trainModel,
} from "../../src/platform/platform.ts";
import { day, deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";
import { common, deliveries, outcomesProject } from "./outcomes.fixture.ts";

const late = {
  ...common,
  label: deliveries.minutes_late.gt(10),
  trainer: xgboost({ rounds: 10, learningRate: 0.3, maxDepth: 3 }),
  metrics: [auc(), logLoss()],
};
const shares = { validate: 0.2, test: 0.2 };
const definitions = {
  byChance: model("by_chance", { ...late, split: random(shares) }),
  byDay: model("by_day", { ...late, split: byGroup(common.rows.ordered_at.dayOfMonth(), shares) }),
  byLabel: model("by_label", { ...late, split: stratified(shares) }),
  rolling: model("rolling", { ...late, split: rollingOrigin({ folds: 4, validate: days(5), test: days(5) }) }),
  tooShort: model("too_short", { ...late, split: rollingOrigin({ folds: 3, validate: days(5), test: 1n }) }),
  tooFar: model("too_far", { ...late, split: rollingOrigin({ folds: 20, validate: days(5), test: days(5) }) }),
};

let world: World;
let platform: WorldPlatform;
beforeAll(async () => {
  world = await deliveriesWorld();
  platform = await world.open({ config: outcomesProject(definitions) });
  await applyDefinitions(platform);
}, 120_000);
afterAll(async () => {
  await platform.close();
  await world.remove();
});

test.each(["by_chance", "by_day", "by_label"])(
  "%s is trained, judged on its test rows and made again",
  { timeout: 120_000 },
  async (name) => {
    const { fitted, dataset, version } = await trainModel(platform, { model: name });
    const { train, validate, test: tested } = dataset.parts;
    expect(train.rows + validate.rows + tested.rows).toBeGreaterThan(3000);
    const evaluation = await evaluateVersion(platform, { version: `${name}@${version.number}`, resamples: 20 });
    expect(evaluation.rows).toBe(tested.rows);
    expect(evaluation.metrics.find((metric) => metric.name === "auc")?.value).toBeCloseTo(fitted.test["auc"] ?? 0, 9);
    expect((await reproduceVersion(platform, { version: `${name}@1`, anyway: true })).verdict).toBe("identical");
  },
);

test("a version of shares is gone on from with rows that it has not learnt, to train, to stop and to judge by", async () => {
  const first = await trainModel(platform, { model: "by_chance", knownBy: day(30), promote: false });
  const more = await trainModel(platform, { model: "by_chance", from: `by_chance@${first.version.number}` });
  const learnt = first.dataset.parts.train.to ?? 0n;
  for (const part of ["train", "validate", "test"] as const) {
    expect(more.dataset.parts[part].rows).toBeGreaterThan(100);
    expect(more.dataset.parts[part].from).toBeGreaterThan(learnt);
  }
}, 120_000);

test("a rolling split makes a model for every fold, each a run below the training's, and tells mean and deviation", async () => {
  const { version, crossValidation, fitted } = await trainModel(platform, { model: "rolling" });
  const folds = crossValidation?.folds ?? [];
  expect(
    folds.map(({ test: { from, to } }) => [from, to].map((at) => Math.floor(Number((at ?? 0n) - day(0)) / 8.64e10))),
  ).toEqual([
    [40, 44],
    [45, 49],
    [50, 54],
    [55, 59],
  ]);
  const aucs = folds.map(({ metrics }) => metrics["auc"] ?? Number.NaN);
  expect(aucs.at(-1)).toBe(fitted.test["auc"]);
  const mean = aucs.reduce((sum, each) => sum + each, 0) / 4;
  expect(crossValidation?.summary["auc"]?.mean).toBeCloseTo(mean, 12);
  expect(crossValidation?.summary["auc"]?.sd).toBeCloseTo(
    Math.sqrt(aucs.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 3),
    12,
  );
  const { metrics } = await getVersion(platform.registry, "rolling", version.number);
  expect(metrics["folds.auc.mean"]).toBeCloseTo(mean, 12);
  const runs = await listRuns(platform.registry, { model: "rolling", kind: "fold" });
  expect(runs.map(({ name, status }) => [name, status]).sort()).toEqual(
    [1, 2, 3, 4].map((place) => [`fold ${place} of 4`, "finished"]),
  );
  for (const { id } of runs) {
    const { metrics: own, datasets } = await getRun(platform.registry, id);
    expect(own["test.auc"]).toBeGreaterThan(0.4);
    expect(datasets).toHaveLength(1);
  }
  // A fold's model knows nothing of its test: the same days under the model's own split come to the same.
  const [oldest] = folds;
  const bounds = { validateFrom: day(35), testFrom: day(40), until: day(45) };
  const alone = await trainModel(platform, { model: "rolling", bounds, promote: false });
  expect(alone.fitted.test["auc"]).toBe(oldest?.metrics["auc"]);
  expect(alone.crossValidation).toBeUndefined();
}, 120_000);

test("a fold that has no rows is refused before anything is fitted", async () => {
  const before = (await listRuns(platform.registry)).length;
  await expect(trainModel(platform, { model: "too_far" })).rejects.toMatchObject({ code: "TRAINING_SET_EMPTY" });
  await expect(trainModel(platform, { model: "too_short" })).rejects.toMatchObject({
    code: "TRAINING_SET_EMPTY",
    message: expect.stringMatching(/fold \d of 3 has no labelled rows to test on/),
  });
  expect((await listRuns(platform.registry)).length).toBe(before);
});
