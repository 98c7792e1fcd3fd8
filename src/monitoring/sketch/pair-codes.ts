import { pairCorrelation } from "../statistics/correlation.ts";
import { NO_CELL } from "./number-counter.ts";
import type { PairReference } from "./table-sketch.ts";

// So many pairs of values are looked at on each side, of all columns together: a few hundredths of a second.
const MOST_PAIR_ROWS = 5e6;
const MOST_PAIRED = 40;

/** How many columns of so many rows are looked at in pairs: the first of the numbers, within a budget of work. */
export function pairedColumns(numbers: number, rows: number): number {
  let paired = Math.min(numbers, MOST_PAIRED);
  while (paired > 1 && ((paired * (paired - 1)) / 2) * rows > MOST_PAIR_ROWS) paired -= 1;
  return paired > 1 ? paired : 0;
}

/** A column's cells by row, with the reference's counts in them. */
export interface CodedColumn {
  readonly name: string;
  readonly codes: Uint16Array;
  /** The reference's. */
  readonly counts: ArrayLike<number>;
}

/** How every two of some columns go together: as ranks in the reference, about 0 with about unit variance. */
export function pairsOf(columns: readonly CodedColumn[]): readonly PairReference[] {
  const scored = columns.map(({ name, codes, counts }) => ({ name, scores: rankScores(codes, counts) }));
  return scored.flatMap((a, place) =>
    scored.slice(place + 1).map((b) => ({ a: a.name, b: b.name, correlation: pairCorrelation(a.scores, b.scores) })),
  );
}

function rankScores(codes: Uint16Array, counts: ArrayLike<number>): Float32Array {
  let total = 0;
  for (let cell = 0; cell < counts.length; cell += 1) total += counts[cell]!;
  const ranks = new Float32Array(counts.length);
  let below = 0;
  for (let cell = 0; cell < counts.length; cell += 1) {
    const middle = (below + counts[cell]! / 2) / Math.max(1, total);
    ranks[cell] = (middle - 0.5) * Math.sqrt(12);
    below += counts[cell]!;
  }
  const scores = new Float32Array(codes.length);
  for (let row = 0; row < codes.length; row += 1) {
    const cell = codes[row]!;
    scores[row] = cell === NO_CELL ? Number.NaN : ranks[cell]!;
  }
  return scores;
}
