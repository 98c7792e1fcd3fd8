import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Predictor } from "../ports/ports.ts";
import { gathered } from "./gathering.ts";

/** Scores a row by its first cell and its place among the outputs, refuses -1, and keeps the sizes of the calls. */
function predictor(calls: number[], outputs = 1, before: () => Promise<void> = async () => undefined): Predictor {
  return {
    inputCount: 2,
    predict: async (matrix, rows) => {
      calls.push(rows);
      await before();
      if (matrix.includes(-1)) throw new Error("no");
      return Float32Array.from(
        { length: rows * outputs },
        (_, place) => (matrix[Math.floor(place / outputs) * 2] ?? Number.NaN) + (place % outputs) / 10,
      );
    },
    close: () => undefined,
  };
}

const rows = (...cells: number[]): Float32Array => Float32Array.from(cells.flatMap((cell) => [cell, 0]));

it("scores what is asked in one turn of the event loop in one call, and gives each caller its own rows", async () => {
  const calls: number[] = [];
  const { predict } = gathered(predictor(calls));
  const answers = await Promise.all([predict(rows(1, 2), 2), predict(rows(3), 1), predict(rows(), 0)]);
  expect(answers.map((scores) => [...scores])).toEqual([[1, 2], [3], []]);
  expect(calls).toEqual([0, 3]);
});

it("gives several outputs a row", async () => {
  const { predict } = gathered(predictor([], 3));
  const [first, second] = await Promise.all([predict(rows(1), 1), predict(rows(2, 3), 2)]);
  expect([...first]).toEqual([...Float32Array.of(1, 1.1, 1.2)]);
  expect([...second]).toEqual([...Float32Array.of(2, 2.1, 2.2, 3, 3.1, 3.2)]);
});

it("gathers what comes while a call is under way, and nobody waits when none is", async () => {
  const calls: number[] = [];
  const ends: (() => void)[] = [];
  const before = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
  const { predict } = gathered(predictor(calls, 1, before));
  const first = predict(rows(1), 1);
  await nextTurn();
  expect(calls).toEqual([1]);
  const later = [2, 3, 4].map((cell) => predict(rows(cell), 1));
  await nextTurn();
  await nextTurn();
  expect(calls).toEqual([1]);
  ends.shift()?.();
  await first;
  while (calls.length < 2) await nextTurn();
  ends.shift()?.();
  expect((await Promise.all(later)).map(([score]) => score)).toEqual([2, 3, 4]);
  expect(calls).toEqual([1, 3]);
});

it("does not hold a large batch back, and makes no call larger than its most rows", async () => {
  const calls: number[] = [];
  const { predict } = gathered(predictor(calls));
  const many = Array.from({ length: 300 }, (_, index) => index);
  expect([...(await predict(rows(...many), 300))]).toEqual(many);
  const each = await Promise.all(many.map((cell) => predict(rows(cell), 1)));
  expect(each.map(([score]) => score)).toEqual(many);
  expect(calls).toEqual([300, 256, 44]);
});

it("makes calls smaller where rows are slow", async () => {
  const calls: number[] = [];
  const slow = async (): Promise<void> => {
    // A native call blocks.
    const until = performance.now() + 2 * (calls.at(-1) ?? 0);
    while (performance.now() < until);
  };
  const { predict } = gathered(predictor(calls, 1, slow));
  await Promise.all(Array.from({ length: 60 }, (_, cell) => predict(rows(cell), 1)));
  expect(calls[0]).toBe(60);
  calls.length = 0;
  await Promise.all(Array.from({ length: 20 }, (_, cell) => predict(rows(cell), 1)));
  expect(Math.max(...calls)).toBeLessThanOrEqual(2);
});

it("fails whoever asked for what fails, and nobody else", async () => {
  const { predict } = gathered(predictor([]));
  const answers = await Promise.allSettled([predict(rows(-1), 1), predict(rows(1), 1), predict(Float32Array.of(1), 1)]);
  expect(answers.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected"]);
  expect([...(await predict(rows(5), 1))]).toEqual([5]);
});
