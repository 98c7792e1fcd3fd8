// Fits held to what makes a minimum one, which needs no other solver: the slope of the whole loss is nothing where a coefficient is free, and no more than
// the penalty allows where it is held at 0. And scores, to the formula.

import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { columnFrom, SlipwayError, type Table } from "../../core/core.ts";
import { runtimeContract } from "../../ports/runtime.contract.ts";
import type { TrainingJob } from "../../ports/trainer.ts";
import { type LinearModel, linearBytes, linearFrom } from "./artifact.ts";
import { linearRuntime, linearTrainer } from "./linear.ts";

interface Row {
  readonly x: readonly (number | null)[];
  readonly label: number;
  readonly weight?: number;
}

const NAMES = ["a", "b", "c"];

async function* tablesOf(rows: readonly Row[], batch = 7): AsyncGenerator<Table> {
  for (let from = 0; from < rows.length; from += batch) {
    const some = rows.slice(from, from + batch);
    const column = (name: string, cellOf: (row: Row) => number | null) => columnFrom(name, "float64", some.map(cellOf));
    yield {
      rowCount: some.length,
      columns: [
        ...NAMES.map((name, place) => column(name, ({ x }) => x[place] ?? null)),
        column("label", ({ label }) => label),
        column("w", ({ weight = 1 }) => weight),
      ],
    };
  }
}

const BINARY = { kind: "binary" } as const;
const SQUARED = { kind: "regression", loss: "squared" } as const;

const jobOf = (rows: readonly Row[], changes: Partial<TrainingJob> = {}): TrainingJob => ({
  inputs: NAMES.map((name) => ({ name, kind: "number" })),
  label: "label",
  task: BINARY,
  weight: "w",
  train: tablesOf(rows),
  parameters: { strength: 0.01, mix: 0 },
  rounds: 100,
  seed: 0,
  threads: 1,
  ...changes,
});

const cell = fc.option(
  fc.integer({ min: -40, max: 40 }).map((value) => value / 8),
  { freq: 8 },
);
const rowsOf = (label: fc.Arbitrary<number>) =>
  fc
    .array(
      fc.record({
        x: fc.tuple(cell, cell, cell),
        label,
        weight: fc.integer({ min: 1, max: 6 }).map((each) => each / 2),
      }),
      { minLength: 12, maxLength: 60 },
    )
    .filter((rows) => [0, 1, 2].every((place) => rows.some(({ x }) => x[place] !== null)));

/** The slope of the mean loss by each coefficient, from the rows. */
function slopes(rows: readonly Row[], model: LinearModel): readonly number[] {
  const total = rows.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const found = new Array<number>(NAMES.length + 1).fill(0);
  for (const { x, label, weight = 1 } of rows) {
    const values = model.inputs.map(({ mean }, place) => Math.fround(x[place] ?? mean));
    const exact = model.inputs.map(({ mean }, place) => (x[place] === null ? mean : (values[place] ?? 0)));
    const sum = exact.reduce(
      (all, value, place) => all + value * (model.inputs[place]?.coefficient ?? 0),
      model.intercept,
    );
    const error = (model.link === "logistic" ? 1 / (1 + Math.exp(-sum)) : sum) - label;
    for (const [place, value] of [1, ...exact].entries())
      found[place] = (found[place] ?? 0) + (weight / total) * error * value;
  }
  return found;
}

describe.each([
  ["log loss", BINARY, fc.constantFrom(0, 1)],
  ["squared loss", SQUARED, fc.integer({ min: -9, max: 9 })],
] as const)("%s", (_, task, label) => {
  it.each([0, 0.3, 1])("is least where the fit ends, with a share of lasso of %s", async (mix) => {
    const strength = 0.05;
    await fc.assert(
      fc.asyncProperty(rowsOf(label), async (rows) => {
        const { artifact } = await linearTrainer().fit(
          jobOf(rows, { task, parameters: { strength, mix, tolerance: 1e-11 } }),
        );
        const model = linearFrom(artifact);
        const [ofIntercept = 1, ...others] = slopes(rows, model);
        expect(Math.abs(ofIntercept)).toBeLessThan(1e-7);
        for (const [place, slope] of others.entries()) {
          const { coefficient = 0 } = model.inputs[place] ?? {};
          const pull = slope + strength * (1 - mix) * coefficient;
          if (coefficient !== 0) expect(Math.abs(pull + strength * mix * Math.sign(coefficient))).toBeLessThan(1e-7);
          else expect(Math.abs(pull)).toBeLessThan(strength * mix + 1e-7);
        }
      }),
      { numRuns: 40 },
    );
  });
});

const noisy: readonly Row[] = Array.from({ length: 200 }, (_, place) => {
  const [a, b] = [Math.sin(place * 12.9898), Math.cos(place * 78.233)];
  return { x: [a, b, place % 5 === 0 ? null : 1], label: Number(a - 0.5 * b + Math.sin(place * 4.1) > 0) };
});

test("the same job gives the same bytes, whatever the batches", async () => {
  const first = await linearTrainer().fit(jobOf(noisy));
  expect(await linearTrainer().fit(jobOf(noisy))).toMatchObject({ artifact: first.artifact });
  expect(await linearTrainer().fit(jobOf(noisy, { train: tablesOf(noisy, 64) }))).toMatchObject({
    artifact: first.artifact,
  });
});

test("iterations are reported, and what matters most comes first", async () => {
  const told: unknown[] = [];
  const { steps, importance, bestRound } = await linearTrainer().fit(jobOf(noisy), {
    onStep: (step) => told.push(step),
  });
  expect(told).toEqual(steps);
  expect(bestRound).toBe(steps.length);
  expect(steps.at(-1)?.metrics["train-logloss"]).toBeLessThan(Math.LN2);
  // A column that never changes has no say.
  expect(importance.map(({ input }) => input)).toEqual(["a", "b"]);
});

test("a missing value counts as its column's mean", async () => {
  const model: LinearModel = {
    link: "logistic",
    intercept: 0.5,
    inputs: [
      { name: "a", coefficient: 2, mean: 3 },
      { name: "b", coefficient: -1, mean: 4 },
    ],
  };
  const predictor = await linearRuntime().load(linearBytes(model));
  const scores = await predictor.predict(Float32Array.of(Number.NaN, 1, 1, Number.NaN), 2);
  expect(Array.from(scores)).toEqual([5.5, -1.5].map((sum) => Math.fround(1 / (1 + Math.exp(-sum)))));
  expect(predictor.inputNames).toEqual(["a", "b"]);
});

test.each<[string, Partial<TrainingJob>, string, RegExp]>([
  ["a category", { inputs: [{ name: "a", kind: "category", categories: [] }] }, "INPUT_INVALID", /"a" is a category/],
  ["an input that is not there", { inputs: [{ name: "d", kind: "number" }] }, "INPUT_INVALID", /no column "d"/],
  ["no inputs", { inputs: [] }, "INPUT_INVALID", /there are 0 columns/],
  ["several classes", { task: { kind: "multiclass", mostClasses: 3 } }, "INPUT_INVALID", /fitted to binary/],
  ["an unknown parameter", { parameters: { stregth: 1 } }, "INPUT_INVALID", /no parameter "stregth"/],
  ["a strength below 0", { parameters: { strength: -1 } }, "INPUT_INVALID", /strength is -1/],
  ["no rows", { train: tablesOf([]) }, "TRAINING_SET_EMPTY", /no rows/],
  [
    "a column without values",
    { train: tablesOf([{ x: [1, null, 1], label: 0 }]) },
    "INPUT_INVALID",
    /"b" is missing in every/,
  ],
  [
    "an infinite value",
    { train: tablesOf([{ x: [1e39, 1, 1], label: 0 }]) },
    "INPUT_INVALID",
    /"a" is infinite as a float32 in row 1/,
  ],
  [
    "a label that is no class",
    { train: tablesOf([{ x: [1, 1, 1], label: 2 }]) },
    "INPUT_INVALID",
    /is 2 in row 1; it must be 0 or 1/,
  ],
  [
    "a label that is no number",
    { train: tablesOf([{ x: [1, 1, 1], label: Number.NaN }]) },
    "INPUT_INVALID",
    /is NaN in row 1/,
  ],
  ["a weight of 0", { train: tablesOf([{ x: [1, 1, 1], label: 1, weight: 0 }]) }, "INPUT_INVALID", /"w" is 0 in row 1/],
  ["too few iterations", { rounds: 1 }, "TRAINER_FAILED", /has not converged after 1 iterations/],
])("%s is refused", async (_, changes, code, message) => {
  const refused = await linearTrainer()
    .fit(jobOf(noisy, changes))
    .catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(SlipwayError);
  expect(refused).toMatchObject({ code, message: expect.stringMatching(message) });
});

test("without a penalty columns that are made of others, and classes told apart without fail, have no best model", async () => {
  const none = { parameters: { strength: 0, mix: 0 } };
  const collinear = noisy.map(({ x: [a = 0, b = 0], label }) => ({ x: [a, b, (a ?? 0) + (b ?? 0)], label }));
  await expect(linearTrainer().fit(jobOf(collinear, none))).rejects.toMatchObject({ code: "TRAINER_FAILED" });
  const apart = noisy.map(({ x: [a = 0, b = 0] }) => ({ x: [a, b, 0], label: Number((a ?? 0) > 0) }));
  await expect(linearTrainer().fit(jobOf(apart, none))).rejects.toMatchObject({ code: "TRAINER_FAILED" });
});

test("it stops when it is cancelled: before, while the source is silent, while it fits", async () => {
  const cancelled = { code: "CANCELLED" };
  await expect(linearTrainer().fit(jobOf(noisy), { signal: AbortSignal.abort() })).rejects.toMatchObject(cancelled);
  const silent = new AbortController();
  async function* source(): AsyncGenerator<Table> {
    yield* tablesOf(noisy);
    silent.abort();
    await new Promise(() => undefined);
  }
  await expect(linearTrainer().fit(jobOf(noisy, { train: source() }), { signal: silent.signal })).rejects.toMatchObject(
    cancelled,
  );
  const during = new AbortController();
  const onStep = () => during.abort();
  await expect(linearTrainer().fit(jobOf(noisy), { signal: during.signal, onStep })).rejects.toMatchObject(cancelled);
});

test("what the source throws is passed on", async () => {
  async function* failing(): AsyncGenerator<Table> {
    yield* tablesOf(noisy);
    throw new RangeError("the source broke");
  }
  await expect(linearTrainer().fit(jobOf(noisy, { train: failing() }))).rejects.toThrow("the source broke");
});

test.each<[string, string]>([
  ["nothing", ""],
  ["another format", '{"format":"other","version":1}'],
  ["no inputs", '{"format":"slipway-linear","version":1,"link":"identity","intercept":0,"inputs":[]}'],
  ["an unknown link", '{"format":"slipway-linear","version":1,"link":"eval","intercept":0,"inputs":[{}]}'],
  [
    "a coefficient that is no number",
    '{"format":"slipway-linear","version":1,"link":"identity","intercept":0,"inputs":[{"name":"a","coefficient":"1","mean":0}]}',
  ],
  ["null", "null"],
])("%s is no linear model", async (_, text) => {
  await expect(linearRuntime().load(Buffer.from(text))).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
});

runtimeContract("linear", async () => ({
  runtime: linearRuntime(),
  artifact: linearBytes({
    link: "logistic",
    intercept: -0.25,
    inputs: NAMES.map((name, place) => ({ name, coefficient: place - 0.5, mean: 0.125 * place })),
  }),
  inputCount: 3,
}));
