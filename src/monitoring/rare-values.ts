// Values that come too seldom to be held against a history one by one: those never seen before, and ranges of names of the others.

import type { CategorySketch } from "./sketch/column-sketch.ts";
import type { UncountedSketch } from "./sketch/table-sketch.ts";
import type { CategoryCounts } from "./statistics/category-tests.ts";

type Sketch = CategorySketch | UncountedSketch;

/** Marked rows of the rows that have a value. */
export interface Hits {
  readonly hits: number;
  readonly rows: number;
}

/** A history's window's rows of values that no other window has: what was new in it, as a new window's are that the history lacks. */
export function onceNew(whole: CategoryCounts, window: Sketch): Hits {
  let hits = 0;
  for (const [value, count] of window.counts ?? []) if (whole.get(value) === count) hits += count;
  return { hits, rows: window.rows - window.missing };
}

/** A window's rows of values that were never seen. */
export function nowNew(whole: CategoryCounts, window: CategorySketch): Hits {
  let hits = window.beyond?.rows ?? 0;
  for (const [value, count] of window.counts) if (!whole.has(value)) hits += count;
  return { hits, rows: window.rows - window.missing };
}

const MOST_RANGES = 8;

/** The last names of ranges of the values that are not among the usual, of about equally many rows; the range after them is open. */
export function rareRanges(
  counts: CategoryCounts,
  usual: ReadonlySet<string>,
  expectedRows: number,
  leastExpected: number,
): readonly string[] {
  const rare = [...counts].filter(([value]) => !usual.has(value)).sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = rare.reduce((sum, [, count]) => sum + count, 0);
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const ranges = Math.min(MOST_RANGES, Math.floor(((rows / all) * expectedRows) / leastExpected));
  const ends: string[] = [];
  let below = 0;
  for (const [value, count] of rare) {
    below += count;
    if (ends.length < ranges - 1 && below >= (rows * (ends.length + 1)) / ranges) ends.push(value);
  }
  return ends;
}

/** A window's rows by range of names. */
export function rangeRows(window: Sketch, usual: ReadonlySet<string>, ends: readonly string[]): readonly number[] {
  const rows = new Array<number>(ends.length + 1).fill(0);
  for (const [value, count] of window.counts ?? []) {
    if (usual.has(value)) continue;
    const at = ends.findIndex((end) => value <= end);
    rows[at < 0 ? ends.length : at]! += count;
  }
  return rows;
}
