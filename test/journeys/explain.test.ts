// Why a version answers what it does, asked as users ask: beside a prediction, and of a version as a whole.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Explanation } from "../../src/core/core.ts";
import { applyDefinitions, type Serving, startServing, trainModel } from "../../src/platform/platform.ts";
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
