// ADWIN: a window over a stream that grows while nothing changes, and drops its older part when the mean of it and of the newer part differ by more than
// chance would have it (Bifet and Gavaldà 2007, "Learning from time-changing data with adaptive windowing", the version ADWIN2). The window is kept as
// buckets of 1, 2, 4, … numbers, at most `maxBuckets` of each size, so that a window of n numbers costs log n memory, and each bucket's end is a
// place where it may be cut. As in river, the window begins anew after a change.

import { SlipwayError } from "../../core/core.ts";
import type { Detector } from "./detector.ts";

/** How ADWIN looks. */
export interface AdwinOptions {
  /** How sure a cut must be: the chance of a false one, at most, at each look; default 0.002. */
  readonly delta?: number;
  /** Numbers between two looks; default 32. */
  readonly clock?: number;
  /** Buckets of one size; default 5. */
  readonly maxBuckets?: number;
  /** The least numbers on either side of a cut; default 5. */
  readonly minWindow?: number;
  /** Numbers before the first look; default 10. */
  readonly gracePeriod?: number;
}

/** ADWIN with its window. */
export interface Adwin extends Detector {
  /** How many numbers the window holds. */
  readonly width: number;
  /** Their mean; 0 for none. */
  readonly mean: number;
  /** The sum of their squared distances from it. */
  readonly squares: number;
}

/** Sizes of buckets that there is room for: 2⁵⁰ numbers come after any stream's end. */
const ROWS = 50;

/** Starts ADWIN. Throws INPUT_INVALID for options that are out of range. */
export function adwin({
  delta = 0.002,
  clock = 32,
  maxBuckets = 5,
  minWindow = 5,
  gracePeriod = 10,
}: AdwinOptions = {}): Adwin {
  if (!(delta > 0 && delta < 1)) throw refused("delta", delta, "a number between 0 and 1");
  for (const [name, value] of Object.entries({ clock, maxBuckets, minWindow }))
    if (!Number.isSafeInteger(value) || value < 1) throw refused(name, value, "a whole number of at least 1");
  const room = maxBuckets + 1;
  const totals = new Float64Array(ROWS * room);
  const spreads = new Float64Array(ROWS * room);
  const counts = new Int32Array(ROWS);
  let [rows, width, total, squares, seen] = [1, 0, 0, 0, 0];
  let hasChanged = false;

  const begin = (): void => {
    counts.fill(0);
    [rows, width, total, squares, seen] = [1, 0, 0, 0, 0];
  };

  /** Forgets the oldest buckets of a row; rows are so short that copying by hand is faster than asking for it. */
  const shift = (at: number, gone: number): void => {
    for (let place = at; place < at + room - gone; place += 1) {
      totals[place] = totals[place + gone]!;
      spreads[place] = spreads[place + gone]!;
    }
  };

  const insert = (value: number): void => {
    totals[counts[0]!] = value;
    spreads[counts[0]!] = 0;
    counts[0]! += 1;
    width += 1;
    if (width > 1) squares += ((width - 1) * (value - total / (width - 1)) ** 2) / width;
    total += value;
    // The two oldest of a row that is full become one of the next.
    for (let row = 0; counts[row] === room; row += 1) {
      const at = row * room;
      const size = 2 ** row;
      const [one, other] = [totals[at]!, totals[at + 1]!];
      const next = (row + 1) * room + counts[row + 1]!;
      totals[next] = one + other;
      spreads[next] = spreads[at]! + spreads[at + 1]! + (size * (one / size - other / size) ** 2) / 2;
      counts[row + 1]! += 1;
      shift(at, 2);
      counts[row]! -= 2;
      rows = Math.max(rows, row + 2);
    }
  };

  /** Drops the oldest bucket. */
  const drop = (): number => {
    const row = rows - 1;
    const at = row * room;
    const size = 2 ** row;
    const mean = totals[at]! / size;
    width -= size;
    total -= totals[at]!;
    squares -= spreads[at]! + (size * width * (mean - total / width) ** 2) / (size + width);
    shift(at, 1);
    counts[row]! -= 1;
    while (rows > 1 && counts[rows - 1] === 0) rows -= 1;
    return size;
  };

  /** Whether some cut has means on its two sides that chance does not explain. */
  const isCut = (): boolean => {
    const sure = Math.log((2 * Math.log(width)) / delta);
    const variance = squares / width;
    let [older, olderTotal] = [0, 0];
    for (let row = rows - 1; row >= 0; row -= 1) {
      const size = 2 ** row;
      const last = counts[row]!;
      for (let bucket = 0; bucket < last; bucket += 1) {
        older += size;
        olderTotal += totals[row * room + bucket]!;
        const newer = width - older;
        if (older < minWindow || newer < minWindow) continue;
        const share = 1 / (older - minWindow + 1) + 1 / (newer - minWindow + 1);
        const beyond = Math.abs(olderTotal / older - (total - olderTotal) / newer) - (2 / 3) * sure * share;
        if (beyond > 0 && beyond * beyond > 2 * share * variance * sure) return true;
      }
    }
    return false;
  };

  return {
    update(value) {
      if (!Number.isFinite(value)) return false;
      if (hasChanged) begin();
      hasChanged = false;
      insert(value);
      seen += 1;
      if (seen % clock !== 0 || width <= gracePeriod) return false;
      while (isCut()) {
        hasChanged = true;
        drop();
      }
      return hasChanged;
    },
    get width() {
      return width;
    },
    get mean() {
      return width === 0 ? 0 : total / width;
    },
    get squares() {
      return squares;
    },
  };
}

function refused(name: string, value: number, wanted: string): SlipwayError {
  return new SlipwayError("INPUT_INVALID", `ADWIN's ${name} is ${value}; give ${wanted}.`);
}
