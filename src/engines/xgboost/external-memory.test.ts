// Rows in files instead of in memory: the same model byte for byte, and nothing left of them however a training ends.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { OWNER_FILE, type Table, tableFrom } from "../../core/core.ts";
import { metric } from "../../define/define.ts";
import type { TrainedModel, TrainingJob } from "../../ports/trainer.ts";
import { blockFiller } from "./blocks.ts";
import { xgboostTrainer } from "./xgboost.ts";

const SLOW = { timeout: 120_000 };
const folder = mkdtempSync(join(tmpdir(), "slipway-spill-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const alive = "this process";
const options = {
  env: process.env,
  cacheDir: fileURLToPath(new URL("../../../node_modules/.cache/slipway", import.meta.url)),
  spill: { folder, mark: alive, isAlive: (mark: string) => mark === alive },
};
const trainer = xgboostTrainer(options);

const schema = [
  ...["x", "y", "label", "weight"].map((name) => ({ name, type: "float64", optional: true }) as const),
  ...["kind", "group"].map((name) => ({ name, type: "string", optional: false }) as const),
];

const rows = (count: number, from = 0): AsyncIterable<Table> => ({
  [Symbol.asyncIterator]: async function* () {
    for (let start = 0; start < count; start += 500)
      yield tableFrom(
        schema,
        Array.from({ length: Math.min(500, count - start) }, (_, at) => {
          const place = from + start + at;
          const [x, y, noise] = [(place * 7919) % 101, (place * 104_729) % 997, (place * 1_299_709) % 97];
          const kind = ["air", "land", "sea"][(place * 31) % 3] ?? "air";
          const label = Number(x + (kind === "sea" ? 40 : 0) + noise > 110);
          return { x: place % 11 === 0 ? null : x, y, kind, label, weight: 1 + (place % 3), group: `g${place >> 3}` };
        }) as never,
      );
  },
});

const job = (changes: Partial<TrainingJob> = {}): TrainingJob => ({
  inputs: [
    { name: "x", kind: "number" },
    { name: "y", kind: "number" },
    { name: "kind", kind: "category", categories: ["air", "land", "sea"] },
  ],
  label: "label",
  weight: "weight",
  task: { kind: "binary" },
  train: rows(9000),
  validate: rows(3000, 9000),
  parameters: { max_depth: 4, eta: 0.2, subsample: 0.8 },
  rounds: 15,
  earlyStoppingRounds: 10,
  seed: 3,
  threads: 1,
  externalMemory: true,
  ...changes,
});
const bytes = ({ artifact }: TrainedModel): string => Buffer.from(artifact).toString("base64");

it("makes the model that is made in memory, and leaves no file", SLOW, async () => {
  const during: string[][] = [];
  const outside = await trainer.fit(job(), {
    onStep: () => {
      during.push(readdirSync(folder, { recursive: true, encoding: "utf8" }));
    },
  });
  const { externalMemory: _, ...inside } = job();
  expect(bytes(outside)).toBe(bytes(await trainer.fit(inside)));
  expect(during[0]?.some((name) => /train-bins/.test(name))).toBe(true);
  expect(during[0]?.some((name) => /train-rows/.test(name))).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});

it("goes with groups, workers, a metric of one's own and a model to go on from", SLOW, async () => {
  const { weight: _, ...unweighted } = job();
  const ranking: TrainingJob = { ...unweighted, group: "group", task: { kind: "ranking", objective: "ndcg" } };
  const { externalMemory: __, ...inside } = ranking;
  expect(bytes(await trainer.fit(ranking))).toBe(bytes(await trainer.fit(inside)));
  const two = await trainer.fit(job({ workers: 2 }));
  const { externalMemory: ___, ...twoInside } = job({ workers: 2 });
  expect(bytes(two)).toBe(bytes(await trainer.fit(twoInside)));
  const mean = metric.custom("mean", { better: "lower" }, ({ scores }) => Math.max(...scores));
  expect((await trainer.fit(job({ stopBy: mean }))).steps[0]?.metrics["validate-mean"]).toBeGreaterThan(0);
  const on = await trainer.fitOn({ artifact: two.artifact, rounds: 5 }, job({ rounds: 3 }));
  expect(on.steps.length).toBe(3);
  await expect(trainer.fitOn({ artifact: two.artifact, rounds: 5, refresh: true }, job())).rejects.toMatchObject({
    code: "INPUT_INVALID",
  });
  expect(readdirSync(folder)).toEqual([]);
});

it("clears up when it is cancelled, and what a process that is gone has left", SLOW, async () => {
  for (const [name, owner] of [
    ["xgboost-gone", "a process that was killed"],
    ["xgboost-other", alive],
  ] as const) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, OWNER_FILE), owner);
  }
  const cancel = new AbortController();
  const cancelled = trainer.fit(job({ rounds: 1_000_000, earlyStoppingRounds: 0 }), {
    signal: cancel.signal,
    onStep: () => cancel.abort(),
  });
  await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
  expect(readdirSync(folder)).toEqual(["xgboost-other"]);
  const { spill: _, ...without } = options;
  await expect(xgboostTrainer(without).fit(job())).rejects.toMatchObject({ code: "INPUT_INVALID" });
});

it("gives back every row of many blocks, as often as it is asked", () => {
  const file = join(folder, "rows");
  const filler = blockFiller(2, 3, 1, file);
  const put = (rowCount: number, from: number): void => {
    const cells = Float32Array.from({ length: rowCount * 2 }, (_, at) => from * 2 + at);
    filler.matrix(rowCount).set(new Uint8Array(cells.buffer));
    filler
      .column(0, rowCount)
      .set(new Uint8Array(Float32Array.from({ length: rowCount }, (_, at) => from + at).buffer));
  };
  for (const [from, count] of [
    [0, 2],
    [2, 1],
    [3, 3],
    [6, 2],
  ] as const)
    put(count, from);
  const blocks = filler.finish();
  for (const _ of [1, 2]) {
    const all = Array.from({ length: blocks.count }, (_, place) => [...blocks.at(place).matrix]).flat();
    expect(all).toEqual(Array.from({ length: 16 }, (_, cell) => cell));
  }
  expect([...blocks.at(1).matrix]).toEqual([6, 7, 8, 9, 10, 11]);
  expect([...blocks.column(0)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  blocks.close();
  expect(readdirSync(folder).includes("rows")).toBe(false);
});
