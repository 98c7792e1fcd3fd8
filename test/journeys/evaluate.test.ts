// Judging versions as a person does: the test rows, spans of time, slices of the model and of the command line, costs, the champion.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { ModelSpec } from "../../src/define/define.ts";
import {
  applyDefinitions,
  type Evaluation,
  type EvaluationRequest,
  evaluateVersion,
  getVersion,
  keepEvaluation,
  recordsReader,
  trainModel,
} from "../../src/platform/platform.ts";
import { day, deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";

const MODEL = "delivery_late";
let world: World;
let platform: WorldPlatform;

beforeAll(async () => {
  world = await deliveriesWorld();
  platform = await world.open();
  await applyDefinitions(platform);
  const bounds = { validateFrom: day(20), testFrom: day(25), until: day(30) };
  await trainModel(platform, { model: MODEL, bounds });
  await trainModel(platform, { model: MODEL, bounds: { ...bounds, validateFrom: day(15) }, promote: false });
}, 120_000);
afterAll(async () => {
  await platform.close();
  await world.remove();
});

const judged = (request: Partial<EvaluationRequest> = {}): Promise<Evaluation> =>
  evaluateVersion(platform, { version: `${MODEL}@1`, resamples: 60, ...request });
const figureOf = ({ metrics }: Pick<Evaluation, "metrics">, name: string): number =>
  metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;

test("the test rows give what training measured on them, with an interval around it", async () => {
  const evaluation = await judged({ version: MODEL });
  const version = await getVersion(platform.registry, MODEL, 1);
  expect(evaluation.version).toBe(1);
  expect(figureOf(evaluation, "auc")).toBeCloseTo(version.metrics["test.auc"] ?? 0, 9);
  expect(figureOf(evaluation, "logLoss")).toBeCloseTo(version.metrics["test.logLoss"] ?? 0, 9);
  const [constant] = evaluation.comparisons;
  expect(constant?.who).toBe("a constant");
  expect(constant?.metrics.find(({ name }) => name === "logLoss")?.value).toBeCloseTo(
    version.metrics["constant.logLoss"] ?? 0,
    6,
  );
  for (const { value, interval } of evaluation.metrics)
    if (interval) expect(interval.low <= (value ?? 0) + 0.1 && interval.high >= (value ?? 0) - 0.1).toBe(true);
  expect(evaluation.learning.map(({ name }) => name)).toContain("validate-logloss");
  expect(evaluation.importance.length).toBeGreaterThan(0);
});

test("slices by a column, by conditions and by features are the parts they name", async () => {
  const { slices, rows } = await judged({
    slices: ["city", "distance_km > 5 and city = city-1", "courier != 'courier-1'", "deliveries_24h >= 0"],
  });
  const cities = slices.filter(({ name }) => name.startsWith("city = "));
  expect(cities.map(({ name }) => name).sort()).toEqual(["city = city-0", "city = city-1", "city = city-2"]);
  expect(cities.reduce((sum, slice) => sum + slice.rows, 0)).toBe(rows);
  const far = slices.find(({ name }) => name.startsWith("distance_km"));
  expect(far?.rows).toBeGreaterThan(0);
  expect(far?.rows).toBeLessThan(cities.find(({ name }) => name === "city = city-1")?.rows ?? 0);
});

test("a cost moves the threshold to where mistakes are cheapest, and rows of one courier widen the interval together", async () => {
  const even = await judged({ cost: { falsePositive: 1, falseNegative: 1 } });
  const eager = await judged({ cost: { falsePositive: 1, falseNegative: 9 } });
  expect(eager.decisions?.threshold).toBeLessThan(even.decisions?.threshold ?? 0);
  expect(eager.decisions?.confusion.falseNegative).toBeLessThan(even.decisions?.confusion.falseNegative ?? 0);
  expect((await judged({ cluster: "courier" })).metrics[0]?.interval).not.toEqual(even.metrics[0]?.interval);
});

test("another version is judged beside the champion on the same rows, and a span of time on its own", async () => {
  const evaluation = await judged({ version: `${MODEL}@2`, rows: "2025-03-28..2025-04-05" });
  expect(evaluation.comparisons.map(({ who }) => who)).toEqual(["champion, version 1", "a constant"]);
  expect(evaluation.span.from?.slice(0, 10)).toBe("2025-03-28");
  expect(evaluation.span.to?.slice(0, 10)).toBe("2025-04-04");
  const same = await judged({ version: `${MODEL}@champion`, rows: "2025-03-28..2025-04-05" });
  expect(evaluation.comparisons[0]?.metrics.map(({ value }) => value)).toEqual(same.metrics.map(({ value }) => value));
});

test("a linear model of the same rows stands beside it, on the same resamples", async () => {
  const { comparisons, notes } = await judged({ linear: true });
  expect(notes).toEqual([]);
  const linear = comparisons.find(({ who }) => who === "a linear model");
  expect(linear?.metrics.find(({ name }) => name === "auc")?.value).toBeGreaterThan(0.6);
  expect(linear?.difference[0]?.interval).not.toBeNull();
});

test("an evaluation that is kept is read back as it was, by its rows", async () => {
  const reader = recordsReader(platform);
  expect(await reader.evaluations(`${MODEL}@1`)).toEqual([]);
  const [test, span] = [await judged(), await judged({ rows: "2025-03-28T12:00:00Z..2025-04-05" })];
  for (const each of [test, span]) await keepEvaluation(platform, each, `<p>${each.span.rows}</p>`);
  expect((await reader.evaluations(`${MODEL}@champion`)).map(({ rows }) => rows)).toEqual([
    "2025-03-28T12:00:00Z..2025-04-05",
    "test",
  ]);
  const read = async (rows: string, as: "json" | "html"): Promise<string> =>
    Buffer.from(await reader.evaluation(`${MODEL}@1`, { rows, as })).toString("utf8");
  expect(JSON.parse(await read("test", "json"))).toEqual(JSON.parse(JSON.stringify(test)));
  expect(await read(span.span.rows, "html")).toBe(`<p>${span.span.rows}</p>`);
  await expect(read("train", "json")).rejects.toMatchObject({
    code: "ARTIFACT_NOT_FOUND",
    message: expect.stringContaining("--rows train --keep"),
  });
});

test("what cannot be judged is refused by name", async () => {
  const refusal = (code: string, words: string) =>
    expect.objectContaining({ code, message: expect.stringContaining(words) });
  await expect(judged({ rows: "tests" })).rejects.toThrow(refusal("USAGE", "tests"));
  await expect(judged({ rows: "2025-04-01..2025-03-01" })).rejects.toThrow(refusal("USAGE", "after the first"));
  await expect(judged({ rows: "2035-01-01..2035-02-01" })).rejects.toThrow(refusal("TRAINING_SET_EMPTY", "2035"));
  await expect(judged({ slices: ["citty"] })).rejects.toThrow(refusal("USAGE", 'Did you mean "city"'));
  await expect(judged({ slices: ["city ~ 3"] })).rejects.toThrow(refusal("USAGE", "city ~ 3"));
  await expect(judged({ slices: ["distance_km > far"] })).rejects.toThrow(refusal("USAGE", '"far" is not a number'));
  await expect(judged({ version: `${MODEL}@9` })).rejects.toThrow(refusal("VERSION_NOT_FOUND", "9"));
});

/** The platform as it would be with a changed model. */
const withModel = (change: (spec: ModelSpec) => ModelSpec): WorldPlatform => ({
  ...platform,
  project: {
    ...platform.project,
    definitions: platform.project.definitions.map((spec) => (spec.kind === "model" ? change(spec) : spec)),
  },
});

test("a version whose labels were of another type is not judged by what the definition says now", async () => {
  const changed = withModel((spec) => ({
    ...spec,
    task: { kind: "regression", loss: "squared" },
    label: { ...spec.label, value: { ...spec.label.value, type: "int32" } as ModelSpec["label"]["value"] },
  }));
  await expect(evaluateVersion(changed, { version: `${MODEL}@1` })).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringContaining("was trained on labels of type bool, and the definition's are int32 now"),
  });
});

test("a slice of a feature that the rows of an old version do not have is left out with a note", async () => {
  const value = { kind: "feature", view: "courier_record", name: "added_later", type: "bool" } as const;
  const changed = withModel((spec) => ({ ...spec, slices: [{ name: "later", value }] }));
  const { slices, notes } = await evaluateVersion(changed, { version: `${MODEL}@1`, resamples: 20 });
  expect(slices).toEqual([]);
  expect(notes).toEqual([expect.stringContaining('The slice "later" is left out: it reads "added_later"')]);
});
