// What every Trainer must do, as tests an engine runs on itself: give `trainerContract` a trainer and parameters for a quick
// binary classifier. The data is small and made here: the label follows `signal` and `color`, never `noise`.

import { describe, expect, it } from "vitest";
import { cellEncoders, type ModelInput, type Table, tableFrom, type Value } from "../core/core.ts";
import { refusal } from "./refusal.ts";
import {
  isContinuingTrainer,
  type TrainedModel,
  type Trainer,
  type TrainingJob,
  type TrainingStep,
} from "./trainer.ts";

/** A trainer and what to train with. */
export interface TrainerCase {
  readonly trainer: Trainer;
  /** For binary classification; their last metric must get better as it falls. */
  readonly parameters: TrainingJob["parameters"];
}

/** Rows of the contract's data. */
export type TrainerRow = Readonly<Record<"signal" | "color" | "noise" | "label", Value>>;

/** The inputs of the contract's data, in matrix order. */
export const contractInputs: readonly ModelInput[] = [
  { name: "noise", kind: "number" },
  { name: "color", kind: "category", categories: ["red", "green", "blue", "grey"] },
  { name: "signal", kind: "number" },
];

/**
 * `count` rows that are the same for the same seed, some cells missing and some labels wrong.
 *
 * @example const rows = contractRows(300, 1);
 */
export function contractRows(count: number, seed: number): readonly TrainerRow[] {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const colors = ["red", "green", "blue", "grey"];
  return Array.from({ length: count }, () => {
    const signal = next();
    const color = colors[Math.floor(next() * colors.length)] ?? null;
    const noise = next();
    const label = signal + (color === "green" ? 0.5 : 0) > 0.7 !== next() < 0.05;
    return { signal: next() < 0.05 ? null : signal, color: next() < 0.05 ? null : color, noise, label };
  });
}

/**
 * Rows as batches of at most `size`.
 *
 * @example const train = contractBatches(contractRows(300, 1), 100);
 */
export async function* contractBatches(rows: readonly TrainerRow[], size: number): AsyncGenerator<Table> {
  const schema = [
    { name: "label", type: "bool", optional: true },
    { name: "signal", type: "float64", optional: true },
    { name: "color", type: "string", optional: true },
    { name: "noise", type: "float64", optional: true },
    { name: "unused", type: "timestamp", optional: true },
  ] as const;
  for (let start = 0; start < rows.length; start += size) yield tableFrom(schema, rows.slice(start, start + size));
}

const SLOW = 120_000;
const trainRows = contractRows(400, 1);
const validateRows = contractRows(200, 2);

/**
 * Rows as the matrix that a runtime takes, encoded value by value: (rows, 3) float32, row-major, NaN = missing.
 *
 * @example const scores = await predictor.predict(contractMatrix(rows), rows.length);
 */
export function contractMatrix(rows: readonly Readonly<Record<string, Value>>[]): Float32Array {
  const encoders = cellEncoders(contractInputs);
  return Float32Array.from(
    rows.flatMap((row) => contractInputs.map(({ name }, place) => encoders[place]?.(row[name]) ?? Number.NaN)),
  );
}

/**
 * Holds a trainer to the port's contract, on data of the contract's own.
 *
 * @example
 * trainerContract("xgboost", () => ({
 *   trainer: xgboostTrainer(options),
 *   parameters: { objective: "binary:logistic", max_depth: 3 },
 * }));
 */
export function trainerContract(name: string, makeCase: () => TrainerCase): void {
  describe(`Trainer contract: ${name}`, { timeout: SLOW }, () => {
    const { trainer, parameters } = makeCase();
    const job = (changes: Partial<TrainingJob> = {}): TrainingJob => ({
      inputs: contractInputs,
      label: "label",
      train: contractBatches(trainRows, 150),
      validate: contractBatches(validateRows, 150),
      parameters,
      rounds: 5,
      seed: 7,
      threads: 1,
      ...changes,
    });
    const bytes = (model: TrainedModel): string => Buffer.from(model.artifact).toString("base64");

    it("fits, reports every round, and says what mattered", async () => {
      const steps: TrainingStep[] = [];
      const model = await trainer.fit(job(), { onStep: (step) => steps.push(step) });
      expect(steps).toEqual(model.steps);
      expect(steps.map(({ round }) => round)).toEqual([1, 2, 3, 4, 5]);
      expect(model.bestRound).toBe(5);
      const last = (step: TrainingStep | undefined): number =>
        Object.entries(step?.metrics ?? {}).findLast(([metric]) => metric.startsWith("validate-"))?.[1] ?? Number.NaN;
      expect(last(steps[4])).toBeLessThan(last(steps[0]));
      expect(model.importance[0]?.input).toBe("signal");
      expect(model.importance[1]?.input).toBe("color");
      expect(model.artifact.length).toBeGreaterThan(0);
      expect(model.engine.version).not.toBe("");
    });

    it("gives the same bytes for the same job, whatever the batches", async () => {
      const first = await trainer.fit(job());
      expect(bytes(await trainer.fit(job()))).toBe(bytes(first));
      const cutOtherwise = await trainer.fit(job({ train: contractBatches(trainRows, 33) }));
      expect(bytes(cutOtherwise)).toBe(bytes(first));
    });

    it("goes on from a model with as many rounds more, the same each time, where it can go on at all", async ({
      skip,
    }) => {
      if (!isContinuingTrainer(trainer)) return skip();
      const { artifact, bestRound: rounds } = await trainer.fit(job());
      const more = (): Promise<TrainedModel> =>
        trainer.fitOn({ artifact, rounds }, job({ train: contractBatches(validateRows, 150) }));
      const first = await more();
      expect(first.bestRound).toBe(10);
      expect(first.steps.map(({ round }) => round)).toEqual([6, 7, 8, 9, 10]);
      expect(bytes(first)).not.toBe(Buffer.from(artifact).toString("base64"));
      expect(bytes(await more())).toBe(bytes(first));
      const others = trainer.fitOn({ artifact, rounds }, job({ inputs: contractInputs.slice(0, 2) }));
      expect(await refusal(others)).toMatchObject({ code: "INPUT_INVALID" });
    });

    it("fits without validation rows", async () => {
      const { validate: _, ...rest } = job();
      const model = await trainer.fit(rest);
      expect(Object.keys(model.steps[0]?.metrics ?? {}).some((metric) => metric.startsWith("validate-"))).toBe(false);
      expect(model.bestRound).toBe(5);
    });

    it("stops early and names the best round", async () => {
      const model = await trainer.fit(job({ rounds: 300, earlyStoppingRounds: 4 }));
      expect(model.steps.length).toBeLessThan(300);
      expect(model.steps.length).toBe(model.bestRound + 4);
      const scores = model.steps.map(
        ({ metrics }) => Object.entries(metrics).findLast(([metric]) => metric.startsWith("validate-"))?.[1] ?? 0,
      );
      expect(scores.indexOf(Math.min(...scores)) + 1).toBe(model.bestRound);
    });

    it("refuses rows it cannot learn from", async () => {
      const withLabel = (label: Value): AsyncIterable<Table> =>
        contractBatches([...trainRows, { ...(trainRows[0] as TrainerRow), label }], 100);
      const missing = await refusal(trainer.fit(job({ train: withLabel(null) })));
      expect(missing.code).toBe("INPUT_INVALID");
      expect(missing.message).toContain("label");
      const empty = await refusal(trainer.fit(job({ train: contractBatches([], 100) })));
      expect(empty.code).toBe("TRAINING_SET_EMPTY");
    });

    it("refuses a job that makes no sense", async () => {
      const { validate: _, ...noValidation } = job({ earlyStoppingRounds: 3 });
      const inputs: readonly ModelInput[] = [{ name: "nowhere", kind: "number" }];
      const jobs = [
        job({ parameters: { ...parameters, max_depht: 3 } }),
        job({ rounds: 0 }),
        job({ label: "nowhere" }),
        job({ inputs }),
        job({ inputs: [] }),
        noValidation,
      ];
      for (const wrong of jobs) expect((await refusal(trainer.fit(wrong))).code).toBe("INPUT_INVALID");
      const unknown = await refusal(trainer.fit(job({ parameters: { max_depht: 3 } })));
      expect(unknown.message).toContain("max_depht");
    });

    it("stops when it is cancelled, before and while it trains", async () => {
      const before = AbortSignal.abort();
      expect((await refusal(trainer.fit(job(), { signal: before }))).code).toBe("CANCELLED");
      const control = new AbortController();
      let rounds = 0;
      const endless = trainer.fit(job({ rounds: 1_000_000 }), {
        signal: control.signal,
        onStep: () => {
          rounds += 1;
          if (rounds === 3) control.abort();
        },
      });
      expect((await refusal(endless)).code).toBe("CANCELLED");
      expect(rounds).toBe(3);
    });

    it("stops when it is cancelled while the source is silent", async () => {
      const control = new AbortController();
      async function* silent(): AsyncGenerator<Table> {
        yield* contractBatches(trainRows, 100);
        control.abort();
        await new Promise(() => {});
      }
      const error = await refusal(trainer.fit(job({ train: silent() }), { signal: control.signal }));
      expect(error.code).toBe("CANCELLED");
    });

    it("passes on what the source or the watcher throws", async () => {
      async function* failing(): AsyncGenerator<Table> {
        yield* contractBatches(trainRows, 100);
        throw new RangeError("the source broke");
      }
      await expect(trainer.fit(job({ train: failing() }))).rejects.toThrow("the source broke");
      const onStep = (): never => {
        throw new RangeError("the watcher broke");
      };
      await expect(trainer.fit(job({ rounds: 1_000_000 }), { onStep })).rejects.toThrow("the watcher broke");
    });
  });
}
