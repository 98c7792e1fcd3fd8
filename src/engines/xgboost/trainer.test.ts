// The port's contract first, then what is XGBoost's own: how its process may die, what it refuses, how early stopping judges.
// The processes the trainer starts are caught as they start, so that a test can kill one.

import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { columnFrom, SlipwayError, type Table } from "../../core/core.ts";
import {
  contractBatches,
  contractInputs,
  contractMatrix,
  contractRows,
  trainerContract,
} from "../../ports/trainer.contract.ts";
import type { TrainingJob } from "../../ports/trainer.ts";
import { xgboostRuntime, xgboostTrainer } from "./xgboost.ts";

const started = vi.hoisted((): ChildProcess[] => []);
vi.mock("node:child_process", async (original) => {
  const real = await original<typeof import("node:child_process")>();
  const spawn = (...args: Parameters<typeof real.spawn>): ChildProcess => {
    const child = real.spawn(...args);
    started.push(child);
    return child;
  };
  return { ...real, spawn };
});

const options = {
  env: process.env,
  cacheDir: fileURLToPath(new URL("../../../node_modules/.cache/slipway", import.meta.url)),
};
const trainer = xgboostTrainer(options);
const SLOW = 120_000;
const parameters = { objective: "binary:logistic", eval_metric: "logloss", max_depth: 3, eta: 0.5, subsample: 0.8 };

trainerContract("xgboost", () => ({ trainer, parameters }));

const job = (changes: Partial<TrainingJob> = {}): TrainingJob => ({
  inputs: contractInputs,
  label: "label",
  train: contractBatches(contractRows(200, 1), 100),
  parameters,
  rounds: 3,
  seed: 1,
  threads: 1,
  ...changes,
});

async function failure(promise: Promise<unknown>): Promise<SlipwayError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof SlipwayError) return error;
  throw new Error(`no SlipwayError but ${String(error)}`);
}

it("says that the training process was killed, and after how many rounds", { timeout: SLOW }, async () => {
  const error = await failure(
    trainer.fit(job({ rounds: 1_000_000 }), {
      onStep: ({ round }) => {
        if (round === 5) started.at(-1)?.kill("SIGKILL");
      },
    }),
  );
  expect(error.code).toBe("TRAINER_FAILED");
  expect(error.message).toContain("SIGKILL");
  expect(error.details["rounds"]).toBeGreaterThanOrEqual(5);
});

it("reports what a process that cannot start printed", { timeout: SLOW }, async () => {
  const broken = xgboostTrainer({ ...options, env: { ...process.env, NODE_OPTIONS: "--require=./no-such-file.cjs" } });
  const error = await failure(broken.fit(job()));
  expect(error.code).toBe("TRAINER_FAILED");
  expect(error.message).toContain("no-such-file");
});

it("passes on what XGBoost refuses, as the caller's mistake", { timeout: SLOW }, async () => {
  const wrong: readonly (readonly [TrainingJob["parameters"], string])[] = [
    [{ ...parameters, max_depth: "deep" }, "max_depth"],
    [{ ...parameters, subsample: 7 }, "subsample"],
    [{ ...parameters, objective: "binary:nothing" }, "binary:nothing"],
  ];
  for (const [given, word] of wrong) {
    const error = await failure(trainer.fit(job({ parameters: given })));
    expect(error.code).toBe("INPUT_INVALID");
    expect(error.message).toContain(word);
    expect(error.message).not.toContain("\n");
  }
});

async function* oneTable(columns: Table["columns"], rowCount: number): AsyncGenerator<Table> {
  yield { rowCount, columns };
}

it("refuses a label or an input that is not finite", { timeout: SLOW }, async () => {
  const inputs = [{ name: "x", kind: "number" }] as const;
  const table = (x: number, y: number): AsyncIterable<Table> =>
    oneTable([columnFrom("x", "float64", [1, x, 3]), columnFrom("y", "float64", [0, y, 1])], 3);
  const label = await failure(trainer.fit(job({ inputs, label: "y", train: table(2, Number.NaN) })));
  expect(label.code).toBe("INPUT_INVALID");
  expect(label.message).toContain("row 2");
  const input = await failure(trainer.fit(job({ inputs, label: "y", train: table(1e300, 1) })));
  expect(input.message).toMatch(/"x" is infinite.*row 2/);
  const outside = await failure(trainer.fit(job({ inputs, label: "y", train: table(2, 5) })));
  expect(outside.code).toBe("INPUT_INVALID");
});

it("scores a validation category the training rows never had", { timeout: SLOW }, async () => {
  const train = contractRows(200, 3).map((row) => (row.color === "grey" ? { ...row, color: "red" } : row));
  const validate = contractBatches(contractRows(100, 4), 100);
  const model = await trainer.fit(job({ train: contractBatches(train, 64), validate, parameters }));
  const predictor = await xgboostRuntime(options).load(model.artifact, { rounds: model.bestRound });
  const scores = await predictor.predict(new Float32Array([0.5, 3, 0.5, 0.5, Number.NaN, 0.5, 0.5, 1, 0.9]), 3);
  predictor.close();
  expect([...scores].every((score) => score > 0 && score < 1)).toBe(true);
  expect(scores[2]).toBeGreaterThan(scores[0] ?? 1);
});

it("judges early stopping by the last of several metrics, also one that grows", { timeout: SLOW }, async () => {
  const several = { ...parameters, eval_metric: "logloss,auc" };
  const validate = contractBatches(contractRows(100, 4), 100);
  const model = await trainer.fit(job({ validate, parameters: several, rounds: 200, earlyStoppingRounds: 5 }));
  const scores = model.steps.map(({ metrics }) => metrics["validate-auc"] ?? 0);
  expect(scores.indexOf(Math.max(...scores)) + 1).toBe(model.bestRound);
  expect(model.steps.length).toBe(model.bestRound + 5);
});

it(
  "goes on only from a whole model of the same inputs and task, and refreshes only what XGBoost refreshes rightly",
  async () => {
    const { artifact } = await trainer.fit(job());
    const base = { artifact, rounds: 3 };
    const refused: readonly (readonly [Parameters<typeof trainer.fitOn>[0], Partial<TrainingJob>, string])[] = [
      [
        base,
        { inputs: contractInputs.slice(1) },
        "has the inputs noise, color, signal, and the rows have color, signal",
      ],
      [base, { parameters: { ...parameters, objective: "reg:squarederror" } }, "objective binary:logistic"],
      [{ ...base, rounds: 4 }, {}, "has 3 rounds, and 4 are to be kept"],
      [{ ...base, rounds: 0 }, {}, "at least one round"],
      [{ ...base, refresh: true }, { monotone: { signal: "rising" } }, "monotone"],
      [{ ...base, refresh: true }, { parameters: { ...parameters, booster: "dart" } }, "DART"],
    ];
    for (const [from, changes, words] of refused) {
      const error = await failure(trainer.fitOn(from, job(changes)));
      expect(error.code).toBe("INPUT_INVALID");
      expect(error.message).toContain(words);
    }
    const damaged = await failure(trainer.fitOn({ ...base, artifact: artifact.subarray(0, 500) }, job()));
    expect(damaged.code).toBe("ARTIFACT_CORRUPT");
    const more = await trainer.fitOn(base, job());
    expect([more.bestRound, more.steps.map(({ round }) => round)]).toEqual([6, [4, 5, 6]]);
  },
  SLOW,
);

it("begins each score with its base margin, splits on no tree by it, and takes no row without one", {
  timeout: SLOW,
}, async () => {
  const rows = contractRows(300, 5).map((row, place) => ({ ...row, noise: (place % 5) - 2 }));
  const model = await trainer.fit(job({ train: contractBatches(rows, 64), baseMargin: "noise" }));
  expect(model.importance.map(({ input }) => input)).not.toContain("noise");
  const predictor = await xgboostRuntime(options).load(model.artifact);
  const logit = (score = 0): number => Math.log(score / (1 - score));
  const [low, high] = await predictor.predict(new Float32Array([-1, 0, 0.5, 2, 0, 0.5]), 2);
  expect(logit(high) - logit(low)).toBeCloseTo(3, 5);
  // The same rows in other numbers at a time, one after the other on the same predictor.
  const cells = contractMatrix(rows);
  const whole = await predictor.predict(cells, rows.length);
  for (const [from, to] of [
    [0, 1],
    [1, 8],
    [8, 300],
    [5, 6],
    [100, 102],
  ] as const)
    expect(await predictor.predict(cells.slice(3 * from, 3 * to), to - from)).toEqual(whole.slice(from, to));
  const missing = await failure(predictor.predict(new Float32Array([-1, 0, 0.5, Number.NaN, 0, 0.5]), 2));
  expect(missing).toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringContaining('"noise" is missing in row 2'),
  });
  predictor.close();
  const holes = rows.map((row, place) => (place === 100 ? { ...row, noise: null } : row));
  const refused = await failure(trainer.fit(job({ train: contractBatches(holes, 64), baseMargin: "noise" })));
  expect(refused).toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringContaining("null in row 101 of the train"),
  });
  const category = await failure(trainer.fit(job({ baseMargin: "color" })));
  expect(category.message).toContain("not among the inputs that are numbers");
  expect(() => xgboostRuntime(options).formulaOf(model.artifact)).toThrow('begin with its input "noise"');
  const other = await failure(trainer.fitOn({ artifact: model.artifact, rounds: 3 }, job()));
  expect(other.message).toContain('the base margin "noise", and this job has none');
});
