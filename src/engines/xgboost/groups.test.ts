// Rows that are ranked in groups, and times that have only been watched for a while.

import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { type SlipwayError, type Table, tableFrom } from "../../core/core.ts";
import type { TrainingJob } from "../../ports/trainer.ts";
import { xgboostRuntime, xgboostTrainer } from "./xgboost.ts";

const options = {
  env: process.env,
  cacheDir: fileURLToPath(new URL("../../../node_modules/.cache/slipway", import.meta.url)),
};
const SLOW = { timeout: 120_000 };
const trainer = xgboostTrainer(options);

interface Row {
  readonly x: number;
  readonly label: number;
  readonly group?: string | null;
  readonly upper?: number | null;
}

async function* batches(rows: readonly Row[], size = 50): AsyncGenerator<Table> {
  const schema = [
    { name: "x", type: "float64", optional: false },
    { name: "label", type: "float64", optional: false },
    { name: "group", type: "string", optional: true },
    { name: "upper", type: "float64", optional: true },
  ] as const;
  for (let start = 0; start < rows.length; start += size)
    yield tableFrom(schema, rows.slice(start, start + size) as never);
}

const job = (rows: readonly Row[], changes: Partial<TrainingJob>, size?: number): TrainingJob => ({
  inputs: [{ name: "x", kind: "number" }],
  label: "label",
  train: batches(rows, size),
  parameters: { max_depth: 2, eta: 0.3 },
  rounds: 20,
  seed: 1,
  threads: 1,
  ...changes,
});

const refusal = (wrong: TrainingJob): Promise<SlipwayError> =>
  trainer.fit(wrong).then(
    () => Promise.reject(new Error("it was not refused")),
    (error: SlipwayError) => error,
  );

async function scoresAt(artifact: Uint8Array, points: readonly number[]): Promise<readonly number[]> {
  const predictor = await xgboostRuntime(options).load(artifact);
  try {
    return [...(await predictor.predict(Float32Array.from(points), points.length))];
  } finally {
    predictor.close();
  }
}

/** Forty groups of seven; the better row has the greater x, from a level of the group's own. */
const ranked: readonly Row[] = Array.from({ length: 280 }, (_, place) => ({
  x: (place * 37) % 7,
  label: Math.floor(((place * 37) % 7) / 2),
  group: `g${Math.floor(place / 7)}`,
}));
const ranks = (objective: "ndcg" | "map" | "pairwise") =>
  ({ task: { kind: "ranking", objective }, group: "group" }) as const;

it.each(["ndcg", "pairwise"] as const)("orders the rows of a group by %s", SLOW, async (objective) => {
  const { artifact } = await trainer.fit(job(ranked, ranks(objective)));
  const scores = await scoresAt(artifact, [0, 2, 4, 6]);
  expect([...scores].sort((a, b) => a - b)).toEqual(scores);
  expect(scores[3]).toBeGreaterThan(scores[0] ?? 0);
});

it("orders what is wanted before what is not by map", SLOW, async () => {
  const wanted = ranked.map((row) => ({ ...row, label: Number(row.x >= 4) }));
  const { artifact, steps } = await trainer.fit(job(wanted, ranks("map")));
  expect(Buffer.from(artifact).includes("rank:map")).toBe(true);
  expect(steps.at(-1)?.metrics["train-map"]).toBe(1);
  const scores = await scoresAt(artifact, [0, 1, 2, 3, 4, 5, 6]);
  expect(Math.min(...scores.slice(4))).toBeGreaterThan(Math.max(...scores.slice(0, 4)));
});

it("keeps a group whole that reaches over batches", SLOW, async () => {
  const whole = await trainer.fit(job(ranked, ranks("ndcg"), 280));
  const cut = await trainer.fit(job(ranked, ranks("ndcg"), 9));
  expect(Buffer.compare(Buffer.from(whole.artifact), Buffer.from(cut.artifact))).toBe(0);
});

it("refuses groups that are not sorted, rows without one, and labels that are no grades", SLOW, async () => {
  const mixed = [...ranked.slice(0, 14), ranked[0] as Row];
  expect((await refusal(job(mixed, ranks("ndcg")))).message).toContain('"g0" of "group" begins again in row 15');
  const none = [...ranked.slice(0, 3), { ...(ranked[3] as Row), group: null }];
  expect((await refusal(job(none, ranks("ndcg")))).message).toContain('"group" is null in row 4');
  expect((await refusal(job(ranked, ranks("map")))).message).toContain("whole numbers from 0 to 1");
  const half = [{ ...(ranked[0] as Row), label: 0.5 }];
  expect((await refusal(job(half, ranks("ndcg")))).message).toContain("is 0.5 in row 1");
});

const survives = { task: { kind: "survival", distribution: "normal", scale: 1 }, upperBound: "upper" } as const;

it("foretells longer times where rows last longer, and knows that a row still goes on", SLOW, async () => {
  const rows = Array.from({ length: 400 }, (_, place): Row => {
    const x = place % 2;
    const label = x === 0 ? 5 : 20;
    return { x, label, upper: label };
  });
  const seen = await scoresAt((await trainer.fit(job(rows, { ...survives, rounds: 60 }))).artifact, [0, 1]);
  expect(seen[0]).toBeCloseTo(5, 0);
  expect((seen[1] ?? 0) / 20).toBeCloseTo(1, 1);
  const watched = rows.map((row) => ({ ...row, upper: row.x === 1 ? null : (row.upper ?? null) }));
  const open = await scoresAt((await trainer.fit(job(watched, { ...survives, rounds: 60 }))).artifact, [0, 1]);
  expect(open[1]).toBeGreaterThan(seen[1] ?? 0);
});

it("refuses a time that ends before it has lasted so long, or that is none", SLOW, async () => {
  expect((await refusal(job([{ x: 1, label: 5, upper: 4 }], survives))).message).toContain('"upper" is 4 in row 1');
  expect((await refusal(job([{ x: 1, label: 0, upper: 4 }], survives))).message).toContain("takes times above 0");
});
