// Rows that are asked for at the same moment are scored in one call: a call into a native library costs more than a row. Nobody waits for
// company: what has gathered by the end of the event loop's turn goes together, and each caller gets exactly its own rows.

import type { Predictor } from "../ports/ports.ts";
import { type Answer, answersIn } from "../scoring/scoring.ts";

/** So many rows go at once, even before the turn ends. */
const MOST_ROWS = 256;

interface Waiting {
  readonly rows: readonly Float32Array[];
  readonly resolve: (scores: readonly Answer[]) => void;
  readonly reject: (cause: unknown) => void;
}

/** Scores rows of shape (inputs) through a predictor, gathering the calls of one turn of the event loop. */
export function gathering(
  predictor: Predictor,
  width: number,
): (rows: readonly Float32Array[]) => Promise<readonly Answer[]> {
  let waiting: Waiting[] = [];
  let count = 0;
  const flush = async (): Promise<void> => {
    const batch = waiting;
    const total = count;
    waiting = [];
    count = 0;
    if (total === 0) return;
    const matrix = new Float32Array(total * width);
    let at = 0;
    for (const { rows } of batch)
      for (const row of rows) {
        matrix.set(row, at * width);
        at += 1;
      }
    try {
      const scores = await predictor.predict(matrix, total);
      const outputs = scores.length / total;
      let from = 0;
      for (const { rows, resolve } of batch) {
        resolve(answersIn(scores.subarray(from * outputs, (from + rows.length) * outputs), rows.length));
        from += rows.length;
      }
    } catch (cause) {
      for (const { reject } of batch) reject(cause);
    }
  };
  return (rows) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(() => void flush());
      waiting.push({ rows, resolve, reject });
      count += rows.length;
      if (count >= MOST_ROWS) void flush();
    });
}
