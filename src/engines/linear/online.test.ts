// Online learners, held to the papers' algorithms written down again in the plainest way, to themselves in two halves, and to what they refuse.

import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { columnFrom, type Table } from "../../core/core.ts";
import type { TrainingJob } from "../../ports/trainer.ts";
import { linearFrom } from "./artifact.ts";
import { linearRuntime, linearTrainer, onlineTrainer } from "./linear.ts";

interface Row {
  readonly x: readonly (number | null)[];
  readonly label: number;
  readonly weight: number;
}

const NAMES = ["a", "b", "c"];
const BINARY = { kind: "binary" } as const;
const SQUARED = { kind: "regression", loss: "squared" } as const;

async function* tablesOf(rows: readonly Row[], batch = 7): AsyncGenerator<Table> {
  for (let from = 0; from < rows.length; from += batch) {
    const some = rows.slice(from, from + batch);
    const column = (name: string, cellOf: (row: Row) => number | null) => columnFrom(name, "float64", some.map(cellOf));
    yield {
      rowCount: some.length,
      columns: [
        ...NAMES.map((name, place) => column(name, ({ x }) => x[place] ?? null)),
        column("label", ({ label }) => label),
        column("w", ({ weight }) => weight),
      ],
    };
  }
}

const jobOf = (rows: readonly Row[], changes: Partial<TrainingJob> = {}): TrainingJob => ({
  inputs: NAMES.map((name) => ({ name, kind: "number" })),
  label: "label",
  task: BINARY,
  weight: "w",
  train: tablesOf(rows),
  parameters: { algorithm: "ftrl", rate: 0.3, beta: 1, l1: 0, l2: 0 },
  rounds: 1,
  seed: 0,
  threads: 1,
  ...changes,
});

const cell = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -16, max: 16 }).map((value) => value / 8) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const rowsOf = (label: fc.Arbitrary<number>) =>
  fc.array(
    fc.record({ x: fc.tuple(cell, cell, cell), label, weight: fc.integer({ min: 1, max: 4 }).map((each) => each / 2) }),
    { minLength: 1, maxLength: 60 },
  );

interface Learnt {
  readonly weights: readonly number[];
  readonly answers: readonly number[];
}

/** Algorithm 1 of McMahan et al. 2013, with a constant feature without penalties as the intercept. */
function ftrl(rows: readonly Row[], { rate, beta, l1, l2, isBinary }: Record<string, number>): Learnt {
  const z = new Map<number, number>();
  const n = new Map<number, number>();
  const weight = (i: number): number => {
    const own = i === 3 ? { l1: 0, l2: 0 } : { l1: l1 ?? 0, l2: l2 ?? 0 };
    const zi = z.get(i) ?? 0;
    if (Math.abs(zi) <= own.l1) return 0;
    return -(zi - Math.sign(zi) * own.l1) / (((beta ?? 0) + Math.sqrt(n.get(i) ?? 0)) / (rate ?? 1) + own.l2);
  };
  const answers = rows.map(({ x, label, weight: importance }) => {
    const features = [...x, 1].flatMap((value, i) => (value === null || value === 0 ? [] : [[i, value] as const]));
    const used = new Map(features.map(([i]) => [i, weight(i)]));
    const sum = features.reduce((all, [i, value]) => all + value * (used.get(i) ?? 0), 0);
    const answer = isBinary ? 1 / (1 + Math.exp(-sum)) : sum;
    for (const [i, value] of features) {
      const g = (answer - label) * importance * value;
      const was = n.get(i) ?? 0;
      const sigma = (Math.sqrt(was + g * g) - Math.sqrt(was)) / (rate ?? 1);
      z.set(i, (z.get(i) ?? 0) + g - sigma * (used.get(i) ?? 0));
      n.set(i, was + g * g);
    }
    return answer;
  });
  return { weights: [0, 1, 2, 3].map(weight), answers };
}

/** Diagonal AdaGrad, with a constant feature as the intercept. */
function adagrad(rows: readonly Row[], { rate, isBinary }: Record<string, number>): Learnt {
  const weights = [0, 0, 0, 0];
  const squares = [0, 0, 0, 0];
  const answers = rows.map(({ x, label, weight: importance }) => {
    const values = [...x, 1].map((value) => value ?? 0);
    const sum = values.reduce((all, value, i) => all + value * (weights[i] ?? 0), 0);
    const answer = isBinary ? 1 / (1 + Math.exp(-sum)) : sum;
    for (const [i, value] of values.entries()) {
      const g = (answer - label) * importance * value;
      squares[i] = (squares[i] ?? 0) + g * g;
      weights[i] = (weights[i] ?? 0) - ((rate ?? 1) / Math.sqrt((squares[i] ?? 0) + 1e-8)) * g;
    }
    return answer;
  });
  return { weights, answers };
}

describe.each([
  ["log loss", BINARY, fc.constantFrom(0, 1)],
  ["squared loss", SQUARED, fc.integer({ min: -3, max: 3 })],
] as const)("with %s", (_, task, label) => {
  test.each([
    ["ftrl", { rate: 0.3, beta: 1, l1: 0, l2: 0 }],
    ["ftrl", { rate: 0.2, beta: 0.5, l1: 0.4, l2: 0.7 }],
    ["adagrad", { rate: 0.2 }],
  ] as const)("%s %j learns what the algorithm written down plainly learns", async (algorithm, options) => {
    await fc.assert(
      fc.asyncProperty(rowsOf(label), fc.integer({ min: 1, max: 20 }), async (rows, batch) => {
        const plain = { ...options, isBinary: Number(task === BINARY) };
        const expected = algorithm === "ftrl" ? ftrl(rows, plain) : adagrad(rows, plain);
        const job = jobOf(rows, { task, parameters: { algorithm, ...options }, train: tablesOf(rows, batch) });
        const { artifact, steps } = await onlineTrainer().fit(job);
        const model = linearFrom(artifact);
        const found = [...model.inputs.map(({ coefficient }) => coefficient), model.intercept];
        for (const [place, weight] of found.entries()) expect(weight).toBeCloseTo(expected.weights[place] ?? 0, 12);
        const { metrics = {} } = steps.at(-1) ?? {};
        expect(metrics["progressive-rows"]).toBe(rows.length);
        const squares = rows.map((row, place) => (row.label - (expected.answers[place] ?? 0)) ** 2);
        const losses = rows.map((row, place) => -Math.log(Math.abs(1 - row.label - (expected.answers[place] ?? 0))));
        const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / rows.length;
        if (task === BINARY) expect(metrics["progressive-logloss"]).toBeCloseTo(mean(losses), 9);
        else expect(metrics["progressive-rmse"]).toBeCloseTo(Math.sqrt(mean(squares)), 9);
      }),
      { numRuns: 60 },
    );
  });

  test("two halves, one after the other, learn what the whole does, to the bit", async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf(label), fc.nat(60), async (rows, cut) => {
        const at = Math.min(Math.max(cut, 1), rows.length - 1);
        fc.pre(at >= 1 && at < rows.length);
        const trainer = onlineTrainer();
        const whole = await trainer.fit(jobOf(rows, { task }));
        const first = await trainer.fit(jobOf(rows.slice(0, at), { task }));
        const base = { artifact: first.artifact, rounds: first.bestRound };
        const both = await trainer.fitOn(base, jobOf(rows.slice(at), { task }));
        expect(Buffer.compare(Buffer.from(both.artifact), Buffer.from(whole.artifact))).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});

const few: readonly Row[] = Array.from({ length: 450 }, (_, place) => ({
  x: [Math.sin(place), Math.cos(3 * place), place % 11 === 0 ? null : 1],
  label: Number(Math.sin(place) > 0.2),
  weight: 1,
}));

test("tells how it would have done, beside the mean and the label before, after 100 rows and each time they have doubled", async () => {
  const heard: number[] = [];
  const { steps } = await onlineTrainer().fit(jobOf(few), { onStep: ({ round }) => heard.push(round) });
  expect(steps.map(({ metrics }) => metrics["progressive-rows"])).toEqual([100, 200, 400, 450]);
  expect(heard).toEqual([1, 2, 3, 4]);
  const last = steps.at(-1)?.metrics ?? {};
  expect(last["progressive-logloss"]).toBeLessThan(last["mean-logloss"] ?? 0);
  const repeated = few.filter(({ label }, place) => place > 0 && label === few[place - 1]?.label).length;
  expect(last["last-accuracy"]).toBe(repeated / few.length);
});

test("is served as any linear model is, a missing value adding nothing", async () => {
  const { artifact, format } = await onlineTrainer().fit(jobOf(few));
  const predictor = await linearRuntime().load(artifact, { rounds: 1 });
  expect([format, predictor.inputNames]).toEqual(["slipway-linear", NAMES]);
  const { intercept, inputs } = linearFrom(artifact);
  const [a, b, c] = inputs.map(({ coefficient }) => coefficient) as [number, number, number];
  const asked = new Float32Array([-1, 0.5, Number.NaN, 1, Number.NaN, 2]);
  const sums = [intercept - a + 0.5 * b, intercept + a + 2 * c];
  const expected = Float32Array.from(sums, (sum) => 1 / (1 + Math.exp(-sum)));
  expect(await predictor.predict(asked, 2)).toEqual(expected);
  expect(expected[0]).toBeLessThan(expected[1] ?? 0);
});

test("a strong l1 leaves the weights of what tells little at nothing, and no l1 leaves none", async () => {
  const weighed = async (l1: number): Promise<readonly string[]> => {
    const parameters = { algorithm: "ftrl", rate: 0.3, beta: 1, l1, l2: 0 } as const;
    const { artifact, importance } = await onlineTrainer().fit(jobOf(few, { parameters }));
    const { inputs } = linearFrom(artifact);
    const used = inputs.filter(({ coefficient }) => coefficient !== 0).map(({ name }) => name);
    expect(importance.map(({ input }) => input).toSorted()).toEqual(used);
    return used;
  };
  expect(await weighed(60)).toEqual(["a"]);
  expect(await weighed(0)).toEqual(NAMES);
});

it.each([
  [
    "a NaN label",
    { train: tablesOf([{ x: [1, 1, 1], label: Number.NaN, weight: 1 }]) },
    "INPUT_INVALID",
    "NaN in row 1",
  ],
  ["a label that is no class", { train: tablesOf([{ x: [1, 1, 1], label: 2, weight: 1 }]) }, "INPUT_INVALID", "0 or 1"],
  ["no rows", { train: tablesOf([]) }, "TRAINING_SET_EMPTY", "no rows"],
  ["a rate of 0", { parameters: { algorithm: "ftrl", rate: 0 } }, "INPUT_INVALID", "rate is 0"],
  ["another algorithm", { parameters: { algorithm: "sgd", rate: 1 } }, "INPUT_INVALID", 'give "ftrl" or "adagrad"'],
  ["a parameter of others", { parameters: { algorithm: "ftrl", eta: 1 } }, "INPUT_INVALID", 'no parameter "eta"'],
  ["another task", { task: { kind: "multiclass", mostClasses: 3 } }, "INPUT_INVALID", "binary() and to regression()"],
  [
    "numbers that it cannot hold together",
    {
      task: SQUARED,
      parameters: { algorithm: "adagrad", rate: 1e300 },
      train: tablesOf(few.map((row) => ({ ...row, x: [1e30, 1e30, 1e30] }))),
    },
    "TRAINER_FAILED",
    "Lower its rate",
  ],
] as const)("refuses %s", async (_, changes, code, words) => {
  const thrown = onlineTrainer().fit(jobOf(few, changes as Partial<TrainingJob>));
  await expect(thrown).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
});

test("goes on only from an online learner of the same algorithm, task and inputs", async () => {
  const trainer = onlineTrainer();
  const { artifact } = await trainer.fit(jobOf(few));
  const batch = await linearTrainer().fit(jobOf(few, { parameters: {}, rounds: 100 }));
  const base = { artifact, rounds: 1 };
  const damaged = Buffer.from(Buffer.from(artifact).toString().replace('"squares":[', '"squares":[-1,'));
  const refused = [
    [{ ...base, artifact: batch.artifact }, {}, "INPUT_INVALID", "not learnt online"],
    [{ ...base, refresh: true }, {}, "INPUT_INVALID", "no leaves"],
    [base, { parameters: { algorithm: "adagrad", rate: 1 } }, "INPUT_INVALID", "learnt with ftrl"],
    [base, { task: SQUARED }, "INPUT_INVALID", "link"],
    [base, { inputs: [{ name: "a", kind: "number" }] }, "INPUT_INVALID", "has the inputs a, b, c"],
    [{ ...base, artifact: damaged }, {}, "ARTIFACT_CORRUPT", "not whole"],
  ] as const;
  for (const [from, changes, code, words] of refused)
    await expect(trainer.fitOn(from, jobOf(few, changes as Partial<TrainingJob>))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
});
