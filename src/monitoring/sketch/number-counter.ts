// Counts numbers in cells, batch by batch: whole counts, so that no order of rows or batches shows in them.

import { type Column, isValid } from "../../core/core.ts";
import type { NumberSketch } from "./column-sketch.ts";
import { cellCount, cellFinder, cellOf, type NumberCells } from "./number-cells.ts";

/** Counts a column's batches. */
export interface NumberCounter {
  /** Adds a batch of float64; `windows` says which window each row is of (default the first), -1 for none. */
  add(column: Column<"float64">, windows?: Int32Array): void;
  /** The sketch of each window. */
  finish(): readonly NumberSketch[];
}

/** The cell of a row that has no value. */
export const NO_CELL = 0xffff;

/** A counter in some cells for so many windows; each row's cell is also written to `codes`, where that is given. */
export function numberCounter(cells: NumberCells, windowCount = 1, codes?: Uint16Array): NumberCounter {
  const size = cellCount(cells);
  const finder = cellFinder(cells);
  const counts = new Uint32Array(size * windowCount);
  const rows = new Float64Array(windowCount);
  const missing = new Float64Array(windowCount);
  const finite = new Float64Array(windowCount);
  const sums = new Float64Array(windowCount);
  const lost = new Float64Array(windowCount);
  let at = 0;
  return {
    add(column, windows) {
      const { values } = column;
      const hasNulls = column.validity !== undefined;
      for (let row = 0; row < values.length; row += 1) {
        const window = windows === undefined ? 0 : windows[row]!;
        if (window < 0) continue;
        rows[window]! += 1;
        const value = values[row]!;
        if (Number.isNaN(value) || (hasNulls && !isValid(column, row))) {
          missing[window]! += 1;
          if (codes !== undefined) codes[at + row] = NO_CELL;
          continue;
        }
        const cell = cellOf(finder, value);
        counts[window * size + cell]! += 1;
        if (codes !== undefined) codes[at + row] = cell;
        if (value - value !== 0) continue;
        finite[window]! += 1;
        // The sum's rounding errors are kept (Neumaier 1974), so that the order of the rows hardly shows, and not at all when rounded.
        const sum = sums[window]!;
        const next = sum + value;
        lost[window]! += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
        sums[window] = next;
      }
      at += values.length;
    },
    finish: () =>
      Array.from(rows, (count, window) => ({
        rows: count,
        missing: missing[window]!,
        counts: counts.subarray(window * size, (window + 1) * size),
        mean: finite[window] === 0 ? null : (sums[window]! + lost[window]!) / finite[window]!,
      })),
  };
}
