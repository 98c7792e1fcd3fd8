// Calibrated models from definition to answers: whoever gives a score gives the corrected one, and nobody gives one whose correction was tampered with.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Calibration, calibrateScores, columnFrom, encoderOf } from "../../src/core/core.ts";
import { auc, isotonic, literal, logLoss, model, multiclass, platt, when, xgboost } from "../../src/index.ts";
import {
  applyDefinitions,
  evaluateVersion,
  getVersion,
  reproduceVersion,
  showVersion,
  startServing,
  trainModel,
  writeModel,
} from "../../src/platform/platform.ts";
import { loadVersion, readCalibration, versionFiles } from "../../src/registry/registry.ts";
import { openImported } from "../../src/serving/serving.ts";
import { day, deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";
import { common, deliveries, outcomesProject } from "./outcomes.fixture.ts";

// Trees that are far too sure of themselves.
const sure = { rounds: 60, learningRate: 0.5, maxDepth: 8, l2: 0, minChildWeight: 0, earlyStoppingRounds: 0 } as const;
const isLate = deliveries.minutes_late.gt(10);
const late = { ...common, label: isLate, trainer: xgboost(sure), metrics: [logLoss(), auc()] };
const definitions = {
  byCurve: model("by_curve", { ...late, calibrate: platt() }),
  bySteps: model("by_steps", { ...late, calibrate: isotonic({ share: 0.5 }) }),
  byClass: model("by_class", {
    ...common,
    label: when(deliveries.minutes_late.lt(0), literal("early", "string")).otherwise(
      when(isLate, literal("late", "string")).otherwise("in time"),
    ),
    trainer: xgboost({ ...sure, task: multiclass() }),
    metrics: [logLoss()],
    calibrate: platt(),
  }),
};

let world: World;
let platform: WorldPlatform;
beforeAll(async () => {
  world = await deliveriesWorld();
  platform = await world.open({ at: day(58), config: outcomesProject(definitions) });
  await applyDefinitions(platform);
}, 120_000);
afterAll(async () => {
  await platform.close();
  await world.remove();
});

/** What the corrections of all scores within 1e-6 of a row's lie between. */
function rangeAround(calibration: Calibration, scores: Float32Array, place: number): readonly [number, number] {
  const { steps } = calibration;
  const own = place % steps.length;
  const ranges = steps.map((step, each) => {
    const score = scores[place - own + each] ?? Number.NaN;
    const around = Float32Array.of(Math.max(0, score - 1e-6), Math.min(1, score + 1e-6));
    return calibrateScores({ ...calibration, steps: [step] } as Calibration, around);
  });
  const [least = Number.NaN, most = Number.NaN] = ranges[own] ?? [];
  if (steps.length === 1) return [least, most];
  const others = (end: 0 | 1): number =>
    ranges.reduce((sum, range, each) => sum + (each === own ? 0 : (range[end] ?? 0)), 0);
  return [least / (least + others(1)), most / (most + others(0))];
}

test.each(["by_curve", "by_steps", "by_class"])(
  "%s: every path to a score gives the corrected one",
  { timeout: 120_000 },
  async (name) => {
    const { fitted, version } = await trainModel(platform, { model: name });
    const { registry, engines } = platform;
    const { runtimes } = engines;
    expect(fitted.test["logLoss"]).toBeLessThan(fitted.uncalibrated?.["logLoss"] ?? 0);
    expect(version.metrics["uncalibrated.logLoss"]).toBe(fitted.uncalibrated?.["logLoss"]);
    const calibration = await readCalibration(registry, version);
    if (calibration === undefined) throw new Error("nothing was stored");
    expect(calibration).toEqual(fitted.calibration);
    expect((await showVersion(platform, `${name}@1`)).calibration).toEqual(calibration);
    const matrix = Float32Array.of(1, 4, 2, 0, 9, 3);
    const raw = await loadVersion(registry, runtimes, version, { raw: true });
    const whole = await loadVersion(registry, runtimes, version);
    const expected = calibrateScores(calibration, await raw.predict(matrix, 2));
    expect(await whole.predict(matrix, 2)).toEqual(expected);
    expect(expected).not.toEqual(await raw.predict(matrix, 2));
    // The whole as one file, from raw values: the correction of a score that float32 arithmetic cannot tell from the version's own.
    const out = join(world.root, `${name}.onnx`);
    await writeModel(platform, { model: name, reference: "1", format: "onnx", out });
    const file = await engines.tensorRuntimes?.[0]?.open(readFileSync(out));
    const rows = Array.from({ length: 400 }, (_, row) => ({ km: (row * 0.137) % 31, items: row % 7, city: row % 6 }));
    const shape = [rows.length, 1];
    const number = (of: string, values: readonly number[]) =>
      ({ name: of, datatype: "FP64", shape, data: Float64Array.from(values) }) as const;
    const cityNames = rows.map(({ city }) => `city-${city}`);
    const [answer] =
      (await file?.infer(
        [
          { name: "city", datatype: "BYTES", shape, data: cityNames },
          number(
            "distance_km",
            rows.map(({ km }) => km),
          ),
          number(
            "items",
            rows.map(({ items }) => items),
          ),
        ],
        ["score"],
      )) ?? [];
    file?.close();
    const table = {
      rowCount: rows.length,
      columns: [
        columnFrom("city", "string", cityNames),
        columnFrom(
          "distance_km",
          "float64",
          rows.map(({ km }) => km),
        ),
        columnFrom(
          "items",
          "int32",
          rows.map(({ items }) => items),
        ),
      ],
    };
    const scores = await raw.predict(encoderOf(version.inputs)(table), rows.length);
    const answers = (answer?.data ?? []) as Float32Array;
    expect(answers).toHaveLength(scores.length);
    scores.forEach((_, place) => {
      const [least, most] = rangeAround(calibration, scores, place);
      expect(answers[place]).toBeGreaterThan(least - 1e-6);
      expect(answers[place]).toBeLessThan(most + 1e-6);
    });
    raw.close();
    whole.close();
    const serving = await startServing(platform);
    expect((await serving.score(name, matrix, 2)).scores).toEqual(expected);
    const [near] = await serving.predict(name, [{ row: { city: "city-1", distance_km: 4, items: 2 } }]);
    const [own] = fitted.classes === undefined ? [expected[0]] : [Math.max(...expected.subarray(0, 3))];
    expect(near?.score).toBe(own);
    await serving.close();
    const bare = openImported({ registry, runtimes, tensorRuntimes: engines.tensorRuntimes ?? [] });
    const tensor = { name: "input", datatype: "FP32", shape: [2, 3], data: matrix } as const;
    const { outputs } = await bare.infer(name, 1, () => ({ inputs: [tensor], outputs: [] }));
    expect(outputs[0]?.data).toEqual(expected);
    await bare.close();
    const again = await reproduceVersion(platform, { version: `${name}@1`, anyway: true });
    expect([again.verdict, again.metrics]).toEqual(["identical", []]);
  },
);

test("an evaluation stands before and after side by side", async () => {
  const { comparisons, metrics } = await evaluateVersion(platform, { version: "by_curve@1", resamples: 50 });
  expect(comparisons.map(({ who }) => who)).toEqual(["before calibration", "a constant"]);
  const place = metrics.findIndex(({ name }) => name === "logLoss");
  const { metrics: stored } = await getVersion(platform.registry, "by_curve", 1);
  expect(metrics[place]?.value).toBeCloseTo(stored["test.logLoss"] ?? 0, 9);
  expect(comparisons[0]?.metrics[place]?.value).toBeCloseTo(stored["uncalibrated.logLoss"] ?? 0, 9);
  expect(comparisons[0]?.difference[place]?.interval?.high).toBeLessThan(0);
  expect(comparisons[0]?.calibration?.length).toBeGreaterThan(3);
});

test("a correction whose bytes are others than were stored answers nothing", async () => {
  const { registry, engines } = platform;
  const version = await getVersion(registry, "by_curve", 1);
  const file = (await versionFiles(registry, version)).find(({ path }) => path === "slipway-calibration.json");
  expect(file).toBeDefined();
  const place = engines.blobs.locate(`content/${file?.hash}`);
  writeFileSync(place, '{"kind":"platt","rows":720,"steps":[{"intercept":9,"slope":0}]}'.padEnd(file?.size ?? 0, " "));
  await expect(loadVersion(registry, engines.runtimes, version)).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
  const serving = await startServing(platform);
  await expect(
    serving.predict("by_curve", [{ row: { city: "city-1", distance_km: 4, items: 2 } }]),
  ).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
  await serving.close();
});
