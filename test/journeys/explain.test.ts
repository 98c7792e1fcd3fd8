// Why a version answers what it does, asked as users ask: beside a prediction, and of a version as a whole.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Explanation } from "../../src/core/core.ts";
import {
  applyDefinitions,
  explainOne,
  explainVersion,
  keepExplanation,
  type Serving,
  startServing,
  trainModel,
} from "../../src/platform/platform.ts";
import { day, deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";
import { howLate, late, lateCalibrated, lateLinear, preprocessProject } from "./preprocess.fixture.ts";

let world: World;
let platform: WorldPlatform;
let serving: Serving;

beforeAll(async () => {
  world = await deliveriesWorld();
  platform = await world.open({
    at: day(30),
    config: preprocessProject({ late, lateLinear, lateCalibrated, howLate }),
  });
  await applyDefinitions(platform);
  for (const model of ["late", "late_linear", "late_calibrated", "how_late"])
    await trainModel(platform, { model, bounds: { validateFrom: day(20), testFrom: day(25), until: day(30) } });
  serving = await startServing(platform);
}, 240_000);
afterAll(async () => {
  await serving?.close();
  await platform?.close();
  await world?.remove();
});

const row = {
  ordered_at: day(29) + 36_000_000_000n,
  city: "Bergen",
  courier: null,
  distance_km: 2.5,
  items: 3,
  founded: 1990,
};
const rows = [{ row }, { row: { ...row, distance_km: 9, courier: "nobody known" } }];

function sumsOf(explanation: Explanation | undefined): readonly { readonly sum: number; readonly margin: number }[] {
  return (explanation?.outputs ?? []).map(({ base, margin, contributions }) => ({
    sum: Object.values(contributions).reduce((all, each) => all + each, base),
    margin,
  }));
}

test.each(["late", "late_linear", "late_calibrated"])(
  "%s says what each of its inputs adds, and that adds up to the score it gives without reasons",
  async (name) => {
    const plain = await serving.predict(name, rows);
    const explained = await serving.predict(name, rows, { explain: true });
    expect(explained.map(({ score }) => score)).toEqual(plain.map(({ score }) => score));
    expect(plain.map(({ explanation }) => explanation)).toEqual([undefined, undefined]);
    const { inputs } = serving.deployed(name);
    for (const { explanation, score } of explained) {
      expect(explanation).toMatchObject({
        link: "logistic",
        calibration: name === "late_calibrated" ? "platt" : undefined,
      });
      expect(Object.keys(explanation?.outputs[0]?.contributions ?? {})).toEqual(inputs.map((input) => input.name));
      const [{ sum, margin } = { sum: Number.NaN, margin: Number.NaN }] = sumsOf(explanation);
      expect(Math.abs(sum - margin)).toBeLessThan(1e-5);
      if (name !== "late_calibrated") expect(score).toBeCloseTo(1 / (1 + Math.exp(-margin)), 6);
    }
  },
);

test("of several classes each has its own reasons", async () => {
  const [answer] = await serving.predict("how_late", [{ row }], { explain: true });
  const { link, outputs = [] } = answer?.explanation ?? {};
  expect(link).toBe("softmax");
  expect(outputs.map((each) => each.class)).toEqual(Object.keys(answer?.classes?.probabilities ?? {}));
  const sums = sumsOf(answer?.explanation);
  for (const { sum, margin } of sums) expect(Math.abs(sum - margin)).toBeLessThan(1e-5);
  const total = sums.reduce((all, { margin }) => all + Math.exp(margin), 0);
  const wanted = Object.values(answer?.classes?.probabilities ?? {});
  for (const [place, { margin }] of sums.entries()) expect(Math.exp(margin) / total).toBeCloseTo(wanted[place] ?? 0, 5);
});

const request = { rows: "test", sample: 120, seed: 0 };

test("a version is explained by all its inputs, and what matters to SHAP matters to the metric", async () => {
  const found = await explainVersion(platform, { ...request, version: "late", repeats: 3 });
  expect(found).toMatchObject({ model: "late", version: 1, sample: 120, link: "logistic", rows: "test" });
  const names = serving.deployed("late").inputs.map(({ name }) => name);
  expect(found.effects?.[0]?.effects.map(({ input }) => input).sort()).toEqual([...names].sort());
  const [first] = found.effects?.[0]?.effects ?? [];
  expect(first?.meanAbsolute).toBeGreaterThan(0);
  expect(found.permutation?.metric).toBe("logLoss");
  expect(found.permutation?.effects.map(({ input }) => input)).toContain("ordered_at");
  expect(found.pairs?.length).toBeGreaterThan(0);
  expect(found.dependence.every(({ values, mean }) => values.length === mean.length)).toBe(true);
  expect(found.notes.join()).toMatch(/120 of \d+ rows were drawn/);
  expect(await explainVersion(platform, { ...request, version: "late", repeats: 3 })).toEqual(found);
  await keepExplanation(platform, found, "<p>page</p>");
  const auc = await explainVersion(platform, { ...request, version: "late", repeats: 2, metric: "auc" });
  expect(auc.permutation?.metric).toBe("auc");
  await expect(
    explainVersion(platform, { ...request, version: "late", repeats: 1, metric: "acu" }),
  ).rejects.toMatchObject({ code: "INPUT_INVALID", message: expect.stringContaining('no metric "acu"') });
});

test("of several classes the most probable is meant, or the one asked for", async () => {
  const found = await explainVersion(platform, { ...request, version: "how_late", repeats: 1, class: "early" });
  expect(found.class).toBe("early");
  expect(found.effects?.map((each) => each.class)).toContain("late");
  const one = await explainOne(platform, { ...request, version: "how_late", row: { values: { city: "Oslo" } } });
  expect(one.class).toBe(Object.entries(one.probabilities ?? {}).sort(([, a], [, b]) => b - a)[0]?.[0]);
});

test("a row that was predicted is explained as it was, with local reasons and ways to another answer", async () => {
  const [made] = await serving.predict("late_calibrated", [{ id: "mine", row }], { explain: true });
  const wanted = (made?.score ?? 0) > 0.4 ? "<0.4" : ">=0.4";
  const asked = {
    ...{ ...request, version: "late_calibrated", row: { prediction: "mine" } as const },
    lime: { samples: 500, most: 4, numbers: "quartiles" as const },
    counterfactuals: { wanted, fixed: new Set(["city"]), bounds: new Map(), mostChanges: 3, ways: 2 },
  };
  const found = await explainOne(platform, asked);
  expect(found.answer).toBe(made?.score);
  expect(found.explanation).toEqual(made?.explanation);
  expect(found.lime?.effects).toHaveLength(4);
  for (const { answer, changes } of found.counterfactuals?.ways ?? []) {
    expect(wanted === "<0.4" ? answer < 0.4 : answer >= 0.4).toBe(true);
    expect(changes.map(({ input }) => input)).not.toContain("city");
  }
  expect(await explainOne(platform, asked)).toEqual(found);
  for (const [bad, code] of [
    [{ prediction: "not mine" }, "INPUT_INVALID"],
    [{ key: "no such order" }, "INPUT_INVALID"],
    [{ values: { town: "Oslo" } }, "INPUT_INVALID"],
    [{ values: { items: "three" } }, "INPUT_INVALID"],
  ] as const)
    await expect(explainOne(platform, { ...asked, row: bad })).rejects.toMatchObject({ code });
});
