// What a job may ask for beyond its parameters, held against scores: constraints that hold wherever one looks, weights that count as copies of
// rows do, and each task against the number that it is to find.

import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { type SlipwayError, type Table, tableFrom } from "../../core/core.ts";
import type { TrainedModel, TrainingJob } from "../../ports/trainer.ts";
import { xgboostRuntime, xgboostTrainer } from "./xgboost.ts";

const options = {
  env: process.env,
  cacheDir: fileURLToPath(new URL("../../../node_modules/.cache/slipway", import.meta.url)),
};
const SLOW = { timeout: 120_000 };
const trainer = xgboostTrainer(options);

interface Row {
  readonly x: number;
  readonly y: number;
  readonly label: number | string;
  readonly weight?: number | null;
}

async function* batches(rows: readonly Row[], label: "float64" | "string" = "float64"): AsyncGenerator<Table> {
  const schema = [
    { name: "x", type: "float64", optional: false },
    { name: "y", type: "float64", optional: false },
    { name: "label", type: label, optional: false },
    { name: "weight", type: "float64", optional: true },
  ] as const;
  for (let start = 0; start < rows.length; start += 64) yield tableFrom(schema, rows.slice(start, start + 64) as never);
}

/** Rows on a grid with noise that repeats, so that nothing is random. */
const grid: readonly Row[] = Array.from({ length: 600 }, (_, place) => {
  const [x, y] = [place % 25, Math.floor(place / 25)];
  return { x, y, label: 2 * x - y + ((place * 7919) % 23) - 11 };
});

const job = (changes: Partial<TrainingJob> = {}): TrainingJob => ({
  inputs: [
    { name: "x", kind: "number" },
    { name: "y", kind: "number" },
  ],
  label: "label",
  train: batches(grid),
  task: { kind: "regression", loss: "squared" },
  parameters: { max_depth: 3, eta: 0.3 },
  rounds: 20,
  seed: 1,
  threads: 1,
  ...changes,
});

async function scoresAt(
  model: TrainedModel,
  points: readonly (readonly [number, number])[],
): Promise<readonly number[]> {
  const predictor = await xgboostRuntime(options).load(model.artifact);
  try {
    return [...(await predictor.predict(Float32Array.from(points.flat()), points.length))];
  } finally {
    predictor.close();
  }
}

const refusal = (changes: Partial<TrainingJob>): Promise<SlipwayError> =>
  trainer.fit(job(changes)).then(
    () => Promise.reject(new Error("it was not refused")),
    (error: SlipwayError) => error,
  );

it("keeps monotone constraints everywhere, and falls without them", SLOW, async () => {
  const line = Array.from({ length: 60 }, (_, place) => [place / 2.4, 7.3] as const);
  const falls = (scores: readonly number[]): boolean =>
    scores.some((score, place) => score < (scores[place - 1] ?? score) - 1e-6);
  const waves = (): AsyncIterable<Table> =>
    batches(grid.map((row) => ({ ...row, label: 2 * row.x + 15 * Math.sin(row.x) })));
  expect(falls(await scoresAt(await trainer.fit(job({ train: waves() })), line))).toBe(true);
  const rising = await trainer.fit(job({ train: waves(), monotone: { x: "rising" } }));
  expect(falls(await scoresAt(rising, line))).toBe(false);
  const falling = await scoresAt(await trainer.fit(job({ train: waves(), monotone: { x: "falling" } })), line);
  expect(falls([...falling].reverse())).toBe(false);
  expect((await refusal({ monotone: { xs: "rising" } })).message).toContain(
    '"xs", which is no input. Did you mean "x"?',
  );
});

it("keeps inputs apart that may not interact: the score is a sum of what each says", SLOW, async () => {
  const points = [
    [3, 4],
    [3, 20],
    [21, 4],
    [21, 20],
  ] as const;
  const surplus = ([a = 0, b = 0, c = 0, d = 0]: readonly number[]): number => Math.abs(a - b - c + d);
  const crossed = grid.map((row) => ({ ...row, label: row.x * row.y }));
  const free = await trainer.fit(job({ train: batches(crossed) }));
  const apart = await trainer.fit(job({ train: batches(crossed), interactions: [["x"], ["y"]] }));
  expect(surplus(await scoresAt(free, points))).toBeGreaterThan(50);
  expect(surplus(await scoresAt(apart, points))).toBeLessThan(1e-3);
});

it("counts a row with weight 3 as three such rows", SLOW, async () => {
  const heavy = grid.map((row, place) => ({ ...row, weight: place % 5 === 0 ? 3 : 1 }));
  const copied = heavy.flatMap((row) => Array.from({ length: row.weight }, () => row));
  const points = grid.map(({ x, y }) => [x, y] as const);
  const weighted = await scoresAt(await trainer.fit(job({ train: batches(heavy), weight: "weight" })), points);
  const repeated = await scoresAt(await trainer.fit(job({ train: batches(copied) })), points);
  for (const [place, score] of weighted.entries()) expect(score).toBeCloseTo(repeated[place] ?? Number.NaN, 3);
});

it.each([0, -1, Number.NaN, Infinity, null])("refuses the weight %s with its row", SLOW, async (weight) => {
  const rows = grid.map((row, place) => ({ ...row, weight: place === 70 ? weight : 1 }));
  const error = await refusal({ train: batches(rows), weight: "weight" });
  expect(error).toMatchObject({ code: "INPUT_INVALID", message: expect.stringContaining(`is ${weight} in row 71`) });
});

/** The answers at x = 0 and x = 1 to rows of which only x tells anything: `amounts` one after another, and 500 more where x is 1. */
async function answersTo(amounts: readonly number[], task: NonNullable<TrainingJob["task"]>) {
  const rows = Array.from({ length: 1000 }, (_, place) => {
    const x = Number(place >= 500);
    return { x, y: 0, label: (amounts[place % amounts.length] ?? 0) + 500 * x };
  });
  const model = await trainer.fit(
    job({ train: batches(rows), task, rounds: 300, parameters: { eta: 0.3, lambda: 0, max_depth: 1 } }),
  );
  const [without = Number.NaN, withX = Number.NaN] = await scoresAt(model, [
    [0, 0],
    [1, 0],
  ]);
  return [without, withX] as const;
}

it.each([
  [{ kind: "regression", loss: "squared" }, 2],
  [{ kind: "regression", loss: "gamma" }, 1],
  [{ kind: "regression", loss: "tweedie", power: 1.5 }, 1],
  [{ kind: "regression", loss: "count" }, 1],
] as const)("foretells the mean by %j", SLOW, async (task, digits) => {
  expect((await answersTo([1, 2, 3, 4, 100], task))[0]).toBeCloseTo(22, digits);
});

/** Squares from 0 to 98.01, in no order: their mean is 32.835, their median 24.505, and each quantile is far from every other. */
const squares = Array.from({ length: 100 }, (_, place) => ((place * 37) % 100) ** 2 / 100);

it.each([
  [0.1, 0, 2],
  [0.5, 23.5, 25.5],
  [0.7, 47.3, 49.3],
  [0.9, 79.1, 81.1],
])("foretells the quantile %d of skewed amounts", SLOW, async (at, least, most) => {
  for (const [x, answer] of (await answersTo(squares, { kind: "regression", loss: "quantile", at })).entries()) {
    expect(answer - 500 * x).toBeGreaterThanOrEqual(least);
    expect(answer - 500 * x).toBeLessThanOrEqual(most);
  }
});

it("goes from the mean to the median by absolute loss", SLOW, async () => {
  const [mean] = await answersTo(squares, { kind: "regression", loss: "squared" });
  expect(mean).toBeCloseTo(32.835, 2);
  // The library leaves the root of a tree without splits as it is, so that it stops on the way, at 28.1 of 24.5.
  const [median] = await answersTo(squares, { kind: "regression", loss: "absolute" });
  expect(median).toBeGreaterThan(20);
  expect(median).toBeLessThan(mean - 3);
});

it.each([
  [{ kind: "regression", loss: "gamma" }, 0],
  [{ kind: "regression", loss: "count" }, -1],
  [{ kind: "regression", loss: "tweedie", power: 1.2 }, -1],
  [{ kind: "binary" }, 2],
] as const)("refuses a label that is nothing to the task %j", SLOW, async (task, label) => {
  const rows = grid.map((row, place) => ({ ...row, label: place === 3 ? label : 1 }));
  expect((await refusal({ task, train: batches(rows) })).message).toContain(`is ${label} in row 4`);
});

it("answers every class's probability, and balances classes by their weights", SLOW, async () => {
  // One row in ten of each point is rare: as they are, the rare class has a tenth; balanced, a half.
  const rows = Array.from({ length: 400 }, (_, place) => ({ x: 1, y: 1, label: place % 10 === 0 ? "rare" : "common" }));
  const several = { classes: ["common", "never", "rare"], task: { kind: "multiclass", mostClasses: 9 } } as const;
  const parameters = { eta: 0.3, lambda: 0 };
  const plain = await trainer.fit(job({ train: batches(rows, "string"), ...several, parameters, rounds: 60 }));
  const balanced = await trainer.fit(
    job({ train: batches(rows, "string"), ...several, parameters, rounds: 60, classWeights: [5 / 9, 1, 5] }),
  );
  const [common = 0, , rare = 0] = await scoresAt(plain, [[1, 1]]);
  expect([common, rare]).toEqual([expect.closeTo(0.9, 1), expect.closeTo(0.1, 1)]);
  const [half = 0, , other = 0] = await scoresAt(balanced, [[1, 1]]);
  expect(half).toBeCloseTo(other, 2);
  const unknown = await refusal({ ...several, classes: ["common", "never"], train: batches(rows, "string") });
  expect(unknown.message).toContain("is null in row 1");
});

it("drops trees as DART does, and scores what it has saved", SLOW, async () => {
  const model = await trainer.fit(
    job({ parameters: { booster: "dart", rate_drop: 0.5, one_drop: true, max_depth: 3 } }),
  );
  const plain = await trainer.fit(job({ parameters: { max_depth: 3 } }));
  const points = grid.map(({ x, y }) => [x, y] as const);
  const scores = await scoresAt(model, points);
  expect(scores).not.toEqual(await scoresAt(plain, points));
  // Nothing is dropped when it scores: another load says the same, and errs as much as the last round did where it was fitted.
  expect(await scoresAt(model, points)).toEqual(scores);
  const squared = grid.reduce((sum, { label }, place) => sum + (Number(label) - (scores[place] ?? Number.NaN)) ** 2, 0);
  expect(Math.sqrt(squared / grid.length)).toBeCloseTo(model.steps.at(-1)?.metrics["train-rmse"] ?? Number.NaN, 4);
});

it("stops on the metric that is named", SLOW, async () => {
  const model = await trainer.fit(
    job({ validate: batches(grid.slice(0, 200)), stopOn: "mae", earlyStoppingRounds: 3, rounds: 40 }),
  );
  expect(Object.keys(model.steps[0]?.metrics ?? {})).toEqual([
    "train-rmse",
    "train-mae",
    "validate-rmse",
    "validate-mae",
  ]);
});

it("refuses a GPU that is not there, before a round is fitted", SLOW, async () => {
  const error = await refusal({ parameters: { device: "cuda" } }).catch((problem: Error) => problem);
  // On a machine with a GPU and a library for it the job is done.
  if (error.message === "it was not refused") return;
  expect(error).toMatchObject({ code: "ENGINE_NOT_INSTALLED", message: expect.stringContaining("Leave device out") });
});
