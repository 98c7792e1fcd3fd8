// Preprocessing as part of a model: fitted by training on the training rows alone, stored with the version and held against its hash, and the very same
// numbers from training, evaluation and a request.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { encoderOf, matrixColumns, type Value, valueAt } from "../../src/core/core.ts";
import { onnxRuntime } from "../../src/engines/onnx/onnx.ts";
import { bucketize, model, oneHot, specOf, standardize, xgboost } from "../../src/index.ts";
import {
  applyDefinitions,
  evaluateVersion,
  getVersion,
  importModelFile,
  type Serving,
  startServing,
  trainModel,
  writeModel,
} from "../../src/platform/platform.ts";
import { loadVersion, readArtifact, type VersionRecord, versionFiles } from "../../src/registry/registry.ts";
import { day, deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";
import {
  common,
  howLate,
  late,
  lateByText,
  lateCalibrated,
  lateLinear,
  minutesLinear,
  onnxTensor,
  preprocessProject,
  readBy,
} from "./preprocess.fixture.ts";

const fewCities = model("few_cities", {
  ...common,
  trainer: xgboost(),
  preprocess: { city: oneHot({ maxCategories: 2 }) },
});
const oneBucket = model("one_bucket", {
  ...common,
  trainer: xgboost(),
  preprocess: { distance_km: [bucketize({ bounds: [1e9] }), standardize()] },
});

let world: World;
let platform: WorldPlatform;
let serving: Serving;
const bounds = { validateFrom: day(20), testFrom: day(25), until: day(30) };

beforeAll(async () => {
  world = await deliveriesWorld();
  platform = await world.open({
    at: day(30),
    config: preprocessProject({
      late,
      lateByText,
      lateLinear,
      minutesLinear,
      lateCalibrated,
      howLate,
      fewCities,
      oneBucket,
    }),
  });
  await applyDefinitions(platform);
  for (const name of ["late", "late_by_text", "late_linear", "minutes_linear", "late_calibrated", "how_late"])
    await trainModel(platform, { model: name, bounds });
  serving = await startServing(platform);
}, 180_000);
afterAll(async () => {
  await serving?.close();
  await platform?.close();
  await world?.remove();
});

async function rowsOf(version: VersionRecord, limit: number): Promise<readonly Readonly<Record<string, Value>>[]> {
  const { offline } = platform.engines;
  const names = [...readBy(version), "order_id"].map((name) => offline.dialect.identifier(name)).join(", ");
  const found: Record<string, Value>[] = [];
  for await (const table of offline.stream(
    `SELECT ${names} FROM ${offline.dialect.scan(specOf(common.rows))} ORDER BY order_id LIMIT ${limit}`,
  ))
    for (let row = 0; row < table.rowCount; row += 1)
      found.push(Object.fromEntries(table.columns.map((column) => [column.name, valueAt(column, row)])));
  return found;
}

/** The first rows as one batch, through what training and evaluation encode with. */
async function scoresOf(name: string, version: VersionRecord, limit: number): Promise<readonly number[]> {
  const { offline, runtimes } = platform.engines;
  const predictor = await loadVersion(platform.registry, runtimes, version);
  const encode = encoderOf(version.inputs);
  const names = readBy(version).map((each) => offline.dialect.identifier(each));
  const scores: number[] = [];
  for await (const table of offline.stream(
    `SELECT ${names.join(", ")} FROM ${offline.dialect.scan(specOf(common.rows))} ORDER BY order_id LIMIT ${limit}`,
  ))
    scores.push(...(await predictor.predict(encode(table), table.rowCount)));
  predictor.close();
  expect(new Set(scores).size, name).toBeGreaterThan(15);
  return scores;
}

test.each(["late", "late_by_text", "late_linear", "minutes_linear", "late_calibrated"])(
  "%s answers a request as a batch of the same rows",
  async (name) => {
    const version = await getVersion(platform.registry, name, 1);
    const asked = ["ordered_at", "city", "courier", "distance_km", "items", "founded"];
    const all = await rowsOf({ ...version, inputs: asked.map((each) => ({ name: each, kind: "number" })) }, 200);
    const answers = await serving.predict(
      name,
      all.map(({ order_id: _, ...row }) => ({ row })),
    );
    expect(answers.map(({ score }) => score)).toEqual(await scoresOf(name, version, 200));
  },
);

test("a ready-made matrix has the columns that come of preprocessing", async () => {
  const version = await getVersion(platform.registry, "late", 1);
  const columns = matrixColumns(version.inputs).length;
  expect(serving.models().find(({ model: { name } }) => name === "late")).toMatchObject({ version: 1, columns });
  const { scores } = await serving.score("late", new Float32Array(2 * columns), 2);
  expect(scores).toHaveLength(2);
});

test("evaluation finds what training measured", async () => {
  const version = await getVersion(platform.registry, "late", 1);
  const evaluation = await evaluateVersion(platform, { version: "late@1", resamples: 20 });
  const told = evaluation.metrics.find(({ name }) => name === "auc");
  expect(told?.value).toBeCloseTo(version.metrics["test.auc"] ?? 0, 9);
  expect(version.metrics["test.auc"]).toBeGreaterThan(0.6);
});

test("a linear model beats a constant, and is known by what it is", async () => {
  const version = await getVersion(platform.registry, "late_linear", 1);
  expect(version).toMatchObject({ format: "slipway-linear" });
  expect(version.metrics["test.logLoss"]).toBeLessThan(version.metrics["constant.logLoss"] ?? 0);
  expect((await versionFiles(platform.registry, version)).map(({ path }) => path)).toEqual([
    "inputs.json",
    "model.linear.json",
  ]);
  const minutes = await getVersion(platform.registry, "minutes_linear", 1);
  expect(minutes.inputs.map((input) => input.kind === "prepared" && input.steps.map(({ step }) => step))).toEqual([
    ...[["oneHot"], ["oneHot"], ["scale"], ["scale"]],
  ]);
});

test("nothing of the rows to validate and test on moves what is fitted", async () => {
  const before = await getVersion(platform.registry, "late", 1);
  const planted = await deliveriesWorld();
  try {
    // From the first day to validate on, everything is different: distances, cities, couriers, and every delivery is late.
    const file = `${planted.root}/data`;
    const { offline } = platform.engines;
    const from = "ordered_at >= TIMESTAMP '2025-03-21'";
    await offline.writeParquet(
      `SELECT * REPLACE (CASE WHEN ${from} THEN 1e6 ELSE distance_km END AS distance_km, CASE WHEN ${from} THEN 'elsewhere' ELSE city END AS city, CASE WHEN ${from} THEN 'new' ELSE courier END AS courier, CASE WHEN ${from} THEN 900 ELSE items END AS items) FROM '${world.root}/data/orders.parquet'`,
      `${file}/orders.parquet`,
    );
    await offline.writeParquet(
      `SELECT d.* REPLACE (CASE WHEN ${from} AND hash(d.order_id) % 5 > 0 THEN 200 ELSE minutes_late END AS minutes_late) FROM '${world.root}/data/deliveries.parquet' d JOIN '${world.root}/data/orders.parquet' o USING (order_id)`,
      `${file}/deliveries.parquet`,
    );
    const other = await planted.open({ at: day(30), config: preprocessProject({ late }) });
    try {
      await applyDefinitions(other);
      const { version } = await trainModel(other, { model: "late", bounds });
      expect(version.inputs).toEqual(before.inputs);
      expect(version.artifactHash).not.toBe(before.artifactHash);
    } finally {
      await other.close();
    }
  } finally {
    await planted.remove();
  }
});

test("fitted steps are a file of the version, and other steps than were registered are not served", async () => {
  const version = await getVersion(platform.registry, "late", 1);
  const damaged = version.inputs.map((input) =>
    input.kind === "prepared" && input.name === "founded"
      ? { ...input, steps: [{ step: "scale", by: "minMaxScale", center: 0, scale: 1 } as const] }
      : input,
  );
  await expect(readArtifact(platform.registry, { ...version, inputs: damaged })).rejects.toMatchObject({
    code: "ARTIFACT_CORRUPT",
    message: expect.stringContaining("inputs.json"),
  });
});

test("a category that training did not have is refused where that is declared, and answered elsewhere", async () => {
  const [row] = await rowsOf({ ...(await getVersion(platform.registry, "late", 1)) }, 1);
  const { order_id: _, ...fields } = row ?? {};
  const asked = { row: { ...fields, city: "nowhere" } };
  await expect(serving.predict("late_by_text", [asked])).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringMatching(/"nowhere" is no "city" that it was trained with/),
  });
  const [answer] = await serving.predict("late", [asked]);
  expect(Number.isFinite(answer?.score)).toBe(true);
});

test.each([
  ["few_cities", /"city" has more than 2 categories in the training rows/],
  ["one_bucket", /"distance_km" is 0 in every training row, which tells nothing apart/],
])("%s, which the rows do not allow, leaves no version and a run that says why", async (name, message) => {
  await expect(trainModel(platform, { model: name, bounds })).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringMatching(message),
  });
  await expect(getVersion(platform.registry, name, 1)).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
});

describe("one ONNX file of preprocessing, model and calibration", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-onnx-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(["late", "late_linear", "minutes_linear", "late_calibrated", "how_late"])(
    "of %s scores as the version does",
    async (name) => {
      const out = join(folder, `${name}.onnx`);
      const { inputs, outputs } = await writeModel(platform, { model: name, reference: "1", format: "onnx", out });
      const version = await getVersion(platform.registry, name, 1);
      expect(inputs.map((each) => each.name)).toEqual(readBy(version));
      const rows = await rowsOf(version, 300);
      const tensors = inputs.map(({ name: column, type }) =>
        onnxTensor(
          column,
          type,
          rows.map((row) => row[column] ?? null),
        ),
      );
      const model = await onnxRuntime().open(readFileSync(out));
      const [found] = await model.infer(tensors, ["score"]);
      model.close();
      const scores = Array.from((found?.data ?? []) as Float32Array);
      const expected = await scoresOf(name, version, 300);
      expect(scores).toHaveLength(300 * Number(outputs[0]?.shape[1]));
      for (const [place, score] of scores.entries())
        expect(Math.abs(score - (expected[place] ?? Number.NaN))).toBeLessThan(1e-6 * Math.max(1, Math.abs(score)));
    },
  );

  it("is refused, by name and before anything is written, where ONNX has no operators", async () => {
    const out = join(folder, "refused.onnx");
    await expect(
      writeModel(platform, { model: "late_by_text", reference: "1", format: "onnx", out }),
    ).rejects.toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringMatching(/goes through (ngramHash|textLength|hash), for which ONNX has no operators/),
    });
    expect(existsSync(out)).toBe(false);
  });

  it("is refused of a model that came as a file, whose raw inputs nobody knows", async () => {
    const file = join(folder, "trees.ubj");
    writeFileSync(file, await readArtifact(platform.registry, await getVersion(platform.registry, "late", 1)));
    await importModelFile(platform, { file, model: "from_a_file" });
    const out = join(folder, "from_a_file.onnx");
    await expect(
      writeModel(platform, { model: "from_a_file", reference: "1", format: "onnx", out }),
    ).rejects.toMatchObject({ code: "INPUT_INVALID", message: expect.stringMatching(/was not trained by Slipway/) });
    expect(existsSync(out)).toBe(false);
  });

  it("does not take the place of a file that is there", async () => {
    const out = join(folder, "late.onnx");
    await expect(writeModel(platform, { model: "late", reference: "1", format: "onnx", out })).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
    });
    await expect(
      writeModel(platform, { model: "late", reference: "1", format: "onnx", out: join(folder, "no", "late.onnx") }),
    ).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });
});
