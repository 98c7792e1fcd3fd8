import { expect, it } from "vitest";
import type { Predictor } from "../ports/ports.ts";
import { gathering } from "./gathering.ts";

/** Scores a row by its first cell, and keeps the sizes of the calls. */
function summing(calls: number[]): Predictor {
  return {
    inputCount: 2,
    predict: async (matrix, rows) => {
      calls.push(rows);
      if (matrix.includes(-1)) throw new Error("no");
      return Float32Array.from({ length: rows }, (_, row) => matrix[row * 2] ?? Number.NaN);
    },
    close: () => undefined,
  };
}

const row = (cell: number): Float32Array => Float32Array.of(cell, 0);

it("scores what is asked in one turn of the event loop in one call, and gives each caller its own rows", async () => {
  const calls: number[] = [];
  const score = gathering(summing(calls), 2);
  const [first, second, third] = await Promise.all([score([row(1), row(2)]), score([row(3)]), score([])]);
  expect([first, second, third]).toEqual([[1, 2], [3], []]);
  expect(calls).toEqual([3]);
});

it("does not hold a large batch back", async () => {
  const calls: number[] = [];
  const score = gathering(summing(calls), 2);
  const many = Array.from({ length: 300 }, (_, index) => row(index));
  await expect(score(many)).resolves.toEqual(many.map((_, index) => index));
  expect(calls).toEqual([300]);
});

it("fails every caller of a call that failed, and none after it", async () => {
  const score = gathering(summing([]), 2);
  const failed = Promise.allSettled([score([row(-1)]), score([row(1)])]);
  expect((await failed).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await expect(score([row(5)])).resolves.toEqual([5]);
});
