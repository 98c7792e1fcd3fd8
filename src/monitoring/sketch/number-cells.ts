// The cells that numbers are counted in: cut once, from the reference, so that every window's counts can be held against its own and
// counts of parts just add up. A cell is a range of values, cut at values themselves: one far outlier takes no fineness from the others.

/** Ranges of numbers: one below the origin, one up to each upper end, one above the last. */
export interface NumberCells {
  /** The least finite value that the cells were cut from. */
  readonly origin: number;
  /** Ascending, finite. */
  readonly uppers: readonly number[];
}

const MOST_CELLS = 255;

/** How many cells there are. */
export const cellCount = ({ uppers }: NumberCells): number => uppers.length + 2;

const LEAST_SINGLE = 2 ** -126;
const MOST_SINGLE = 2 ** 24;

/**
 * A value as a float32 holds it, so that a feed which turns to float32 has not drifted; large and tiny ones, of which that would leave too
 * little, as they are. The order of values stays.
 */
function held(value: number): number {
  const size = Math.abs(value);
  return size < MOST_SINGLE && size >= LEAST_SINGLE ? Math.fround(value) : value;
}

/** The greatest value that a cell holds: its upper end. */
export function upperEnd({ origin, uppers }: NumberCells, cell: number): number {
  return cell === 0 ? origin : (uppers[cell - 1] ?? Number.POSITIVE_INFINITY);
}

/** Cuts cells for values of shape (rows), NaN skipped: every heavy tie alone, the others in about equal counts, 255 in all. */
export function cutCells(values: Float64Array): NumberCells {
  const kept = new Float64Array(values.length);
  let count = 0;
  for (const value of values) if (value - value === 0) kept[count++] = held(value);
  const sorted = kept.subarray(0, count).sort();
  return { origin: sorted[0] ?? 0, uppers: uppersOf(sorted) };
}

function uppersOf(sorted: Float64Array): number[] {
  const share = sorted.length / MOST_CELLS;
  const uppers: number[] = [];
  const close = (end: number): void => {
    if (end > (uppers.at(-1) ?? Number.NEGATIVE_INFINITY)) uppers.push(end);
  };
  let waiting = 0;
  for (let start = 0, end = 0; start < sorted.length; start = end) {
    const value = sorted[start]!;
    while (end < sorted.length && sorted[end] === value) end += 1;
    if (end - start >= Math.max(2, share)) {
      // What lies between the last cell and a tie stays apart from the tie, though nothing of the reference lies there.
      if (start > 0) close(nextBelow(value));
      close(value);
      waiting = 0;
    } else {
      waiting += end - start;
      if (waiting < share) continue;
      close(value);
      waiting = 0;
    }
  }
  if (sorted.length > 0) close(sorted[sorted.length - 1]!);
  return uppers;
}

const float = new Float64Array(1);
const bits = new BigInt64Array(float.buffer);

/** The greatest float64 below a finite value. */
function nextBelow(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  float[0] = value;
  bits[0]! += value > 0 ? -1n : 1n;
  return Math.max(-Number.MAX_VALUE, float[0]);
}

/** What a number's cell is found by: the upper ends, filled up with infinities to one less than a power of two. */
export interface CellFinder {
  readonly origin: number;
  readonly ends: Float64Array;
}

/** The finder of some cells. */
export function cellFinder({ origin, uppers }: NumberCells): CellFinder {
  let size = 1;
  while (size - 1 < uppers.length) size *= 2;
  const ends = new Float64Array(size - 1).fill(Number.POSITIVE_INFINITY);
  ends.set(uppers);
  return { origin, ends };
}

/** The cell of a finite or infinite number. */
export function cellOf({ origin, ends }: CellFinder, value: number): number {
  const own = held(value);
  if (own < origin) return 0;
  let at = 0;
  // How many ends lie below the value: halving, without leaving early.
  for (let step = (ends.length + 1) >> 1; step > 0; step >>= 1) if (ends[at + step - 1]! < own) at += step;
  return at + 1;
}
