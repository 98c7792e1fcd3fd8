// Several processes that fit one model: what they make is as good as what one makes, is the same whichever of them is killed on the way, and is nothing at all where
// they cannot.

import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, it, vi } from "vitest";
import { type SlipwayError, type Table, tableFrom } from "../../core/core.ts";
import type { TrainedModel, TrainingJob } from "../../ports/trainer.ts";
import { xgboostTrainer } from "./xgboost.ts";

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
beforeEach(() => {
  started.length = 0;
});

const SLOW = { timeout: 120_000 };
const trainer = xgboostTrainer({
  env: process.env,
  cacheDir: fileURLToPath(new URL("../../../node_modules/.cache/slipway", import.meta.url)),
});

interface Row {
  readonly x: number;
  readonly y: number;
  readonly kind: string;
  readonly label: number;
  readonly group: string;
}

const kinds = ["air", "land", "sea"];

/** Rows whose label is likelier the greater x and where `kind` is "sea"; the noise repeats, so that nothing is random. */
const rowsOf = (count: number, from = 0): readonly Row[] =>
  Array.from({ length: count }, (_, at) => {
    const place = at + from;
    const [x, y, noise] = [(place * 7919) % 101, (place * 104_729) % 37, (place * 1_299_709) % 97];
    const kind = kinds[(place * 31) % 3] ?? "air";
    return {
      x,
      y,
      kind,
      label: Number(x + (kind === "sea" ? 40 : 0) + noise > 110),
      group: `g${Math.floor(place / 6)}`,
    };
  });

const schema = [
  ...["x", "y", "label"].map((name) => ({ name, type: "float64", optional: false }) as const),
  ...["kind", "group"].map((name) => ({ name, type: "string", optional: false }) as const),
];

async function* batches(rows: readonly Row[], size: number): AsyncGenerator<Table> {
  for (let start = 0; start < rows.length; start += size)
    yield tableFrom(schema, rows.slice(start, start + size) as never);
}

const again = (rows: readonly Row[], size = 256): AsyncIterable<Table> => ({
  [Symbol.asyncIterator]: () => batches(rows, size),
});

const train = rowsOf(6000);
const validate = rowsOf(2000, 6000);

const job = (changes: Partial<TrainingJob> = {}): TrainingJob => ({
  inputs: [
    { name: "x", kind: "number" },
    { name: "y", kind: "number" },
    { name: "kind", kind: "category", categories: kinds },
  ],
  label: "label",
  task: { kind: "binary" },
  train: again(train),
  validate: again(validate),
  parameters: { max_depth: 3, eta: 0.2, subsample: 0.8, colsample_bynode: 0.7 },
  rounds: 40,
  seed: 3,
  threads: 1,
  workers: 2,
  ...changes,
});

const bytes = ({ artifact }: TrainedModel): string => Buffer.from(artifact).toString("base64");
const loss = ({ steps }: TrainedModel): number => steps.at(-1)?.metrics["validate-logloss"] ?? Number.NaN;
const refusal = (wrong: TrainingJob): Promise<SlipwayError> =>
  trainer.fit(wrong).then(
    () => Promise.reject(new Error("it was not refused")),
    (error: SlipwayError) => error,
  );

it("fits one model with two processes, as good as one process does, the same whatever the batches", SLOW, async () => {
  const shared = await trainer.fit(job());
  expect(started.length).toBe(2);
  expect(shared.steps.map(({ round }) => round)).toEqual(Array.from({ length: 40 }, (_, round) => round + 1));
  const { workers: _, ...alone } = job();
  const single = await trainer.fit(alone);
  expect(Math.abs(loss(shared) - loss(single))).toBeLessThan(0.005);
  expect(loss(shared)).toBeLessThan(0.5);
  expect(shared.importance.map(({ input }) => input)).toEqual(single.importance.map(({ input }) => input));
  expect(bytes(await trainer.fit(job({ train: again(train, 999) })))).toBe(bytes(shared));
});

it.each([0, 1])("goes on from the last checkpoint when worker %i is killed, to the same model", SLOW, async (rank) => {
  const undisturbed = await trainer.fit(job({ earlyStoppingRounds: 30 }));
  started.length = 0;
  const rounds: number[] = [];
  const notes: string[] = [];
  const recovered = await trainer.fit(job({ earlyStoppingRounds: 30 }), {
    onNote: (text) => notes.push(text),
    onStep: ({ round }) => {
      rounds.push(round);
      if (round === 25) started[rank]?.kill("SIGKILL");
    },
  });
  expect(started.length).toBe(4);
  expect(notes.join("\n")).toContain(`Worker ${rank + 1} of 2 was ended by SIGKILL`);
  expect(notes.join("\n")).toMatch(/go on from round \d0\./);
  expect(rounds).toEqual(undisturbed.steps.map(({ round }) => round));
  expect(recovered.steps).toEqual(undisturbed.steps);
  expect(bytes(recovered)).toBe(bytes(undisturbed));
});

it("gives up, and says who was lost, where the rows are used up or workers keep being killed", SLOW, async () => {
  const onceOnly = trainer.fit(job({ train: batches(train, 256) }), {
    onStep: ({ round }) => {
      if (round === 3) started[1]?.kill("SIGKILL");
    },
  });
  await expect(onceOnly).rejects.toMatchObject({
    code: "TRAINER_FAILED",
    message: expect.stringContaining("Worker 2 of 2 was ended by SIGKILL") as string,
  });
  const killing = setInterval(() => started.at(-1)?.kill("SIGKILL"), 50);
  const error = await refusal(job({ rounds: 100_000 })).finally(() => clearInterval(killing));
  expect(error.code).toBe("TRAINER_FAILED");
  expect(error.message).toContain("the last of 4 attempts");
});

it("ends every worker when it is cancelled", SLOW, async () => {
  const cancel = new AbortController();
  const cancelled = trainer.fit(job({ rounds: 1_000_000 }), {
    signal: cancel.signal,
    onStep: ({ round }) => {
      if (round === 3) cancel.abort();
    },
  });
  await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
  expect(started.map(({ signalCode }) => signalCode)).toEqual(["SIGKILL", "SIGKILL"]);
});

it(
  "keeps ranked groups whole, and reports what the data is refused for and not what it does to the others",
  SLOW,
  async () => {
    const ranking = { group: "group", task: { kind: "ranking", objective: "ndcg" }, earlyStoppingRounds: 10 } as const;
    const ranked = await trainer.fit(job(ranking));
    expect(ranked.steps.at(-1)?.metrics["validate-ndcg"]).toBeGreaterThan(0.9);
    const few = await refusal(job({ train: again(rowsOf(5)), ...ranking }));
    expect(few).toMatchObject({ code: "INPUT_INVALID", message: expect.stringContaining("fewer workers") as string });
    expect(await refusal(job({ parameters: { max_depth: "deep" } }))).toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringContaining("max_depth") as string,
    });
    expect(await refusal(job({ workers: 0 }))).toMatchObject({ code: "INPUT_INVALID" });
    expect(await refusal(job({ parameters: { device: "cuda" } }))).toMatchObject({ code: "INPUT_INVALID" });
  },
);

it("adds trees to a model, and learns its leaves anew", SLOW, async () => {
  const { artifact, bestRound: rounds } = await trainer.fit(job({ rounds: 10 }));
  const more = await trainer.fitOn({ artifact, rounds }, job({ rounds: 10 }));
  expect(more.bestRound).toBe(20);
  expect(loss(more)).toBeLessThan(0.5);
  const refreshed = await trainer.fitOn({ artifact, rounds, refresh: true }, job());
  expect(refreshed.bestRound).toBe(10);
});
