// Small requests are scored together: a call into a native library or another process costs more than a row. Nobody waits for company: what has
// come by the end of the event loop's turn goes together, or what has come by the time the call before it ends. A call has as many rows as can be
// scored in a few milliseconds, by how long the last ones took. Each caller gets exactly its own rows, and is refused for its own alone.

import { requireMatrix } from "../core/core.ts";
import type { Predictor } from "../ports/ports.ts";

/** The most rows of one call. */
const MOST_ROWS = 256;
/** How long a call should take at most, in milliseconds. */
const TARGET_MS = 5;

interface Waiting {
  readonly matrix: Float32Array;
  readonly rows: number;
  readonly resolve: (scores: Float32Array) => void;
  readonly reject: (cause: unknown) => void;
}

/** A predictor whose calls are gathered; requests of many rows go alone. */
export function gathered(predictor: Predictor): Predictor {
  const width = predictor.inputCount;
  let waiting: Waiting[] = [];
  let isUnderWay = false;
  let isDue = false;
  let most = MOST_ROWS;

  /** The first that wait, as many as go together: one at least. */
  const take = (): readonly Waiting[] => {
    let rows = 0;
    let count = 0;
    for (const each of waiting) {
      rows += each.rows;
      if (count > 0 && rows > most) break;
      count += 1;
    }
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return taken;
  };
  const flush = async (): Promise<void> => {
    isDue = false;
    if (isUnderWay || waiting.length === 0) return;
    isUnderWay = true;
    await scoreTogether(take());
    isUnderWay = false;
    if (waiting.length > 0) flushSoon();
  };
  const flushSoon = (): void => {
    if (isDue || isUnderWay) return;
    isDue = true;
    // Other work has its turn between two calls.
    setImmediate(() => void flush());
  };
  const scoreTogether = async (batch: readonly Waiting[]): Promise<void> => {
    const [only] = batch;
    if (batch.length === 1 && only) return alone(only);
    const total = batch.reduce((rows, each) => rows + each.rows, 0);
    const matrix = new Float32Array(total * width);
    let row = 0;
    for (const each of batch) {
      matrix.set(each.matrix, row * width);
      row += each.rows;
    }
    try {
      const begun = performance.now();
      const scores = await predictor.predict(matrix, total);
      const fitting = (TARGET_MS / (performance.now() - begun)) * total;
      most = Math.max(1, Math.min(MOST_ROWS, 2 * most, Math.floor(fitting)));
      const outputs = scores.length / total;
      let from = 0;
      for (const { rows, resolve } of batch) {
        resolve(scores.slice(from * outputs, (from + rows) * outputs));
        from += rows;
      }
    } catch {
      // It may be the fault of one row: everybody hears of their own.
      for (const each of batch) await alone(each);
    }
  };
  const alone = ({ matrix, rows, resolve, reject }: Waiting): Promise<void> =>
    predictor.predict(matrix, rows).then(resolve, reject);

  return {
    ...predictor,
    predict(matrix, rows) {
      if (rows === 0 || rows >= MOST_ROWS) return predictor.predict(matrix, rows);
      return new Promise((resolve, reject) => {
        requireMatrix(matrix, rows, width);
        waiting.push({ matrix, rows, resolve, reject });
        flushSoon();
      });
    },
  };
}
