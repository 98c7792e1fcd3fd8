// Models of other outcomes than true and false, from definitions to predictions, a look of a monitor and a challenger: what the loop of
// loop.test.ts does for a binary model. Figures are held to ones that are computed here from the files themselves.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { valueAt } from "../../src/core/core.ts";
import { alertFrom, hours, model, monitor, regression, retrain, rmse, xgboost } from "../../src/index.ts";
import {
  applyDefinitions,
  getRun,
  getVersion,
  runMonitor,
  runRetraining,
  type Serving,
  startServing,
  trainModel,
} from "../../src/platform/platform.ts";
import { DRIFT_DAY, day, deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";
import {
  bestFirst,
  common,
  deliveries,
  howLate,
  howLong,
  lateByWeight,
  minutesAtMost,
  minutesLate,
  outcomesProject,
} from "./outcomes.fixture.ts";

const health = monitor("minutes_health", { model: minutesLate, every: hours(24), leastRows: 50 });
const again = retrain("minutes_again", { model: minutesLate, when: [alertFrom(health)], promote: { better: "mae" } });
const againClasses = retrain("classes_again", { model: howLate, when: [], promote: { better: "logLoss" } });
const rankAgain = retrain("rank_again", { model: bestFirst, when: [], promote: { better: "ndcg" } });
const longerAgain = retrain("longer_again", { model: howLong, when: [], promote: { better: "concordance" } });
const constantLabel = model("constant", {
  ...common,
  label: deliveries.minutes_late.times(0),
  trainer: xgboost(),
  metrics: [rmse()],
});
const notFinite = model("not_finite", {
  ...common,
  label: deliveries.minutes_late.dividedBy(deliveries.minutes_late.times(0)),
  trainer: xgboost(),
  metrics: [rmse()],
});
const gamma = model("gamma", {
  ...common,
  label: deliveries.minutes_late,
  trainer: xgboost({ task: regression({ loss: "gamma" }) }),
  metrics: [rmse()],
});

const badWeight = model("bad_weight", {
  ...common,
  label: deliveries.minutes_late,
  weight: deliveries.tip,
  trainer: xgboost(),
  metrics: [rmse()],
});
const fewCities = model("few_cities", {
  ...common,
  label: deliveries.minutes_late,
  trainer: xgboost({ mostCategories: 2 }),
  metrics: [rmse()],
});

describe("models of numbers and of classes", () => {
  let world: World;
  let platform: WorldPlatform;
  let serving: Serving;

  beforeAll(async () => {
    world = await deliveriesWorld();
    platform = await world.open({
      at: day(DRIFT_DAY),
      config: outcomesProject({
        minutesLate,
        minutesAtMost,
        howLate,
        lateByWeight,
        bestFirst,
        howLong,
        rankAgain,
        longerAgain,
        badWeight,
        fewCities,
        health,
        again,
        againClasses,
        constantLabel,
        notFinite,
        gamma,
      }),
    });
    await applyDefinitions(platform);
  });
  afterAll(async () => {
    await serving?.close();
    await world.remove();
  });

  const rowsOf = async (sql: string): Promise<readonly (readonly number[])[]> => {
    const rows: number[][] = [];
    for await (const table of platform.engines.offline.stream(sql))
      for (let row = 0; row < table.rowCount; row += 1)
        rows.push(table.columns.map((column) => Number(valueAt(column, row))));
    return rows;
  };

  test("a regression beats a constant, whose errors are those of the mean", async () => {
    const { fitted, dataset, version } = await trainModel(platform, {
      model: "minutes_late",
      knownBy: day(DRIFT_DAY),
      withBaselines: true,
    });
    expect(version.number).toBe(1);
    const { train, test: held } = dataset.parts;
    const labels = await rowsOf(
      `SELECT minutes_late FROM '${world.file("deliveries")}' JOIN '${world.file("orders")}' USING (order_id) WHERE epoch_us(ordered_at) BETWEEN ${held.from} AND ${held.to} AND epoch_us(delivered_at) <= ${day(DRIFT_DAY)}`,
    );
    expect(labels).toHaveLength(held.rows);
    const errors = labels.map(([label = 0]) => Math.abs(label - (train.mean ?? 0)));
    expect(fitted.baselines.constant?.["mae"]).toBeCloseTo(
      errors.reduce((sum, each) => sum + each, 0) / errors.length,
      4,
    );
    expect(fitted.test["rmse"]).toBeLessThan((fitted.baselines.constant?.["rmse"] ?? 0) / 2);
    expect(fitted.test["mae"]).toBeLessThanOrEqual(fitted.test["rmse"] ?? 0);
  });

  test("a quantile regression foretells what a share of outcomes stays below", async () => {
    const { fitted } = await trainModel(platform, { model: "minutes_at_most", knownBy: day(DRIFT_DAY) });
    const { labels, scores } = fitted.tested;
    const below = scores.filter((score, row) => (labels[row] ?? 0) <= score).length / labels.length;
    expect(below).toBeGreaterThan(0.8);
    expect(below).toBeLessThan(0.97);
    expect(fitted.test["pinball"]).toBeLessThan(fitted.baselines.constant?.["pinball"] ?? 0);
  });

  test("a model of classes keeps them with the version", async () => {
    const { fitted, version } = await trainModel(platform, { model: "how_late", knownBy: day(DRIFT_DAY) });
    expect(fitted.classes).toEqual(["early", "in time", "late"]);
    expect((await getVersion(platform.registry, "how_late", version.number)).features).toMatchObject({
      classes: ["early", "in time", "late"],
      task: { kind: "multiclass" },
    });
    expect(fitted.test["accuracy"]).toBeGreaterThan(0.7);
    expect(fitted.test["logLoss"]).toBeLessThan(fitted.baselines.constant?.["logLoss"] ?? 0);
  });

  test("predictions are numbers, or every class's probability by its name", async () => {
    serving = await startServing(platform);
    const row = { city: "city-1", distance_km: 1.5, items: 2 };
    const near = await serving.predict("minutes_late", [{ row }, { row: { ...row, distance_km: 11 } }]);
    expect(near[1]?.score).toBeGreaterThan((near[0]?.score ?? 0) + 10);
    expect(near[0]?.classes).toBeUndefined();
    const predictions = await serving.predict("how_late", [{ row }, { row: { ...row, distance_km: 11 } }]);
    expect(predictions.map(({ classes }) => classes?.likeliest)).toEqual(["early", "late"]);
    for (const { score, classes } of predictions) {
      const all = Object.values(classes?.probabilities ?? {});
      expect(all.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5);
      expect(score).toBe(Math.max(...all));
      expect(Object.keys(classes?.probabilities ?? {})).toEqual(["early", "in time", "late"]);
    }
  });

  test("a monitor watches the inputs of a regression, and says that it does not watch its errors", async () => {
    for (let number = 0; number < 120; number += 1) {
      platform.goTo(day(DRIFT_DAY) + BigInt(number) * hours(2));
      await serving.predict("minutes_late", [{ row: { city: "city-1", distance_km: 25, items: 2 } }]);
    }
    platform.goTo(day(DRIFT_DAY + 10));
    const look = await runMonitor(platform, "minutes_health");
    expect(look).toMatchObject({ performance: undefined, status: "alert", opened: ["drift"] });
    expect(look.notWatched).toContain("regression (squared)");
  });

  test("challengers of a regression and of classes are judged on their own metric", async () => {
    platform.goTo(day(60));
    const numbers = await runRetraining(platform, "minutes_again", { force: true });
    expect(numbers).toMatchObject({ kind: "decided", decision: { verdict: "promoted" } });
    expect(numbers.kind === "decided" && numbers.decision.reason).toMatch(/^Promoted: MAE \d/);
    const classes = await runRetraining(platform, "classes_again", { force: true });
    expect(classes.kind === "decided" && classes.decision.reason).toMatch(/log loss \d/);
  });

  test("a ranking orders the rows of a group, and its challenger is judged by groups", async () => {
    const { fitted } = await trainModel(platform, { model: "best_first", knownBy: day(DRIFT_DAY) });
    expect(fitted.test["ndcg"]).toBeGreaterThan((fitted.baselines.constant?.["ndcg"] ?? 1) + 0.1);
    const outcome = await runRetraining(platform, "rank_again", { force: true });
    expect(outcome.kind === "decided" && outcome.decision.reason).toMatch(/NDCG 0\.\d{4} against the champion's/);
  });

  test("a survival model tells who lasts longer, though most have not been seen to end", async () => {
    const { fitted } = await trainModel(platform, { model: "how_long", knownBy: day(DRIFT_DAY) });
    expect(fitted.test["concordance"]).toBeGreaterThan(0.75);
    expect(fitted.baselines.constant?.["concordance"]).toBe(0.5);
    const outcome = await runRetraining(platform, "longer_again", { force: true });
    expect(outcome.kind === "decided" && outcome.decision.reason).toMatch(
      /concordance 0\.\d{4} against the champion's/,
    );
  });

  test("weights, balance and constraints reach the fit, and an unseen category is refused if it is to be", async () => {
    const { fitted, version } = await trainModel(platform, { model: "late_by_weight", knownBy: day(DRIFT_DAY) });
    const { labels, scores } = fitted.tested;
    const meanOf = (values: ArrayLike<number>) =>
      Array.from(values).reduce((sum, each) => sum + each / values.length, 0);
    expect(Math.abs(meanOf(scores) - 0.5)).toBeLessThan(Math.abs(meanOf(labels) - 0.5));
    const { params } = await getRun(platform.registry, version.runId ?? "");
    expect(params).toMatchObject({ monotone: '{"distance_km":"rising"}', balance: "true", stopOn: "auc" });
    await serving.refresh();
    const row = { city: "city-9", distance_km: 3, items: 2 };
    await expect(serving.predict("late_by_weight", [{ row }])).rejects.toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringContaining('"city-9" is no "city" that it was trained with'),
    });
    const scoresOf = async (km: number) =>
      (await serving.predict("late_by_weight", [{ row: { ...row, city: "city-1", distance_km: km } }]))[0]?.score ?? 0;
    for (let km = 1; km < 12; km += 1) expect(await scoresOf(km)).toBeGreaterThanOrEqual(await scoresOf(km - 1));
  });

  test.each([
    ["bad_weight", "LABEL_INVALID", "weights to train on are null, NaN, infinite, 0 or below"],
    ["few_cities", "INPUT_INVALID", '"city" has more than 2 different values'],
    ["constant", "LABEL_SINGLE_CLASS", "nothing to learn"],
    ["not_finite", "LABEL_INVALID", "NaN or infinite"],
    ["gamma", "INPUT_INVALID", "a gamma regression takes amounts above 0"],
  ])("%s labels are refused, and no version is left", async (name, code, words) => {
    await expect(trainModel(platform, { model: name })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
    await expect(getVersion(platform.registry, name, 1)).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
  });
});
