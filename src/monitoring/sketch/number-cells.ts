// The cells that numbers are counted in: cut once, from the reference, so that every window's counts can be held against its own and
// counts of parts just add up. A cell is a range of keys; a key is the upper half of the float64 of what a value lies above the origin,
// so that keys are whole numbers, ordered as their values, as fine as a millionth of it.

/** Ranges of numbers: one below the origin, one up to each upper key, one above the last. */
export interface NumberCells {
  /** The least finite value that the cells were cut from. */
  readonly origin: number;
  /** Ascending. */
  readonly uppers: readonly number[];
}

const MOST_CELLS = 255;
const KEY_BITS = 15;

/** How many cells there are. */
export const cellCount = ({ uppers }: NumberCells): number => uppers.length + 2;

const float = new Float64Array(1);
const halves = new Uint32Array(float.buffer);

/** The key of a value so far above the origin; 0 or more, infinity included. */
function keyOf(above: number): number {
  float[0] = above;
  return halves[1]!;
}

/** The greatest value that a cell holds: its upper end. */
export function upperEnd({ origin, uppers }: NumberCells, cell: number): number {
  if (cell === 0) return origin;
  const key = uppers[cell - 1];
  if (key === undefined) return Number.POSITIVE_INFINITY;
  halves[0] = 0xffff_ffff;
  halves[1] = key;
  const end = origin + float[0]!;
  halves[0] = 0;
  return Number.isFinite(end) ? end : Number.MAX_VALUE;
}

/** Cuts cells for values of shape (rows), NaN skipped: every heavy tie alone, the others in about equal counts, 255 in all. */
export function cutCells(values: Float64Array): NumberCells {
  let origin = Number.POSITIVE_INFINITY;
  for (const value of values) if (value < origin && value > Number.NEGATIVE_INFINITY) origin = value;
  if (origin === Number.POSITIVE_INFINITY) return { origin: 0, uppers: [] };
  const keys = new Uint32Array(values.length);
  let count = 0;
  for (const value of values) {
    const above = value - origin;
    if (above >= 0) keys[count++] = keyOf(above);
  }
  return { origin, uppers: uppersOf(sorted(keys.subarray(0, count))) };
}

function uppersOf(keys: Uint32Array): number[] {
  const share = keys.length / MOST_CELLS;
  const uppers: number[] = [];
  const close = (key: number): void => {
    if (key > (uppers.at(-1) ?? -1)) uppers.push(key);
  };
  let waiting = 0;
  for (let start = 0, end = 0; start < keys.length; start = end) {
    const key = keys[start]!;
    while (end < keys.length && keys[end] === key) end += 1;
    if (end - start >= Math.max(2, share)) {
      // What lies between the last cell and a tie stays apart from the tie, though nothing of the reference lies there.
      close(key - 1);
      close(key);
      waiting = 0;
    } else {
      waiting += end - start;
      if (waiting < share) continue;
      close(key);
      waiting = 0;
    }
  }
  if (keys.length > 0) close(keys[keys.length - 1]!);
  return uppers;
}

/** Ascending; least significant digits first, in three passes of eleven bits (keys of values above an origin have 31). */
function sorted(keys: Uint32Array): Uint32Array {
  let from: Uint32Array = keys;
  let to: Uint32Array = new Uint32Array(keys.length);
  for (let shift = 0; shift < 33; shift += 11) {
    const starts = new Uint32Array(2049);
    for (const key of from) starts[((key >>> shift) & 2047) + 1]! += 1;
    for (let digit = 1; digit < 2049; digit += 1) starts[digit]! += starts[digit - 1]!;
    for (const key of from) {
      const digit = (key >>> shift) & 2047;
      to[starts[digit]!++] = key;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** What a number's cell is found by: the first bits of its key lead to the few cells that share them. */
export interface CellFinder {
  readonly origin: number;
  readonly ends: Uint32Array;
  /** By prefix, from `base` on: the first cell that ends at or after it. */
  readonly firstOf: Uint16Array;
  readonly base: number;
}

// Values less than so many octaves below the greatest are found by going along the cells, of which there are few so far down.
const OCTAVES = 32;

/** The finder of some cells. */
export function cellFinder({ origin, uppers }: NumberCells): CellFinder {
  const ends = Uint32Array.from(uppers);
  const last = (ends[ends.length - 1] ?? 0) >>> KEY_BITS;
  const base = Math.max(0, last - OCTAVES * 2 ** (20 - KEY_BITS));
  const firstOf = new Uint16Array(last - base + 1);
  for (let place = 0, cell = 0; place < firstOf.length; place += 1) {
    while (cell < ends.length && ends[cell]! < (base + place) * 2 ** KEY_BITS) cell += 1;
    firstOf[place] = cell;
  }
  return { origin, ends, firstOf, base };
}

/** The cell of a finite or infinite number. */
export function cellOf({ origin, ends, firstOf, base }: CellFinder, value: number): number {
  const above = value - origin;
  if (above < 0) return 0;
  float[0] = above;
  const key = halves[1]!;
  const place = (key >>> KEY_BITS) - base;
  let cell = place < 0 ? 0 : place < firstOf.length ? firstOf[place]! : ends.length;
  while (cell < ends.length && ends[cell]! < key) cell += 1;
  return cell + 1;
}
