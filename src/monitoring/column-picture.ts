// A column before and now, coarse enough to be drawn: ranges of equal width for numbers, the most frequent values for categories.

import type { ColumnKind } from "./sketch/column-sketch.ts";
import { upperEnd } from "./sketch/number-cells.ts";
import { type ColumnReference, isNumbers, type NumberReference, type Window } from "./sketch/table-sketch.ts";

/** Shares of rows that have a value; `from` and `to` for ranges of numbers (moments in microseconds). */
export interface PictureBar {
  readonly label: string;
  readonly from?: number;
  readonly to?: number;
  readonly before: number;
  readonly now: number;
}

/** A column to be drawn. */
export interface ColumnPicture {
  readonly kind: ColumnKind;
  readonly bars: readonly PictureBar[];
}

const RANGES = 40;
const VALUES = 12;
const EDGE = 0.005;

/** The picture of a column in a window; undefined where either side has nothing to draw. */
export function columnPicture(column: ColumnReference, window: Window): ColumnPicture | undefined {
  const now = window.columns.get(column.name);
  if (now === undefined || now.kind === "other" || now.sketch.counts === undefined) return undefined;
  if (isNumbers(column))
    return now.sketch.counts instanceof Map ? undefined : ranges(column, now.sketch.counts as ArrayLike<number>);
  const { counts } = column.whole;
  const current = now.sketch.counts as ReadonlyMap<string, number>;
  if (counts === undefined || !(now.sketch.counts instanceof Map)) return undefined;
  const others = "beyond" in now.sketch ? (now.sketch.beyond?.rows ?? 0) : 0;
  const [m, n] = [sum(counts.values()), sum(current.values()) + others];
  const shares = [...new Set([...counts.keys(), ...current.keys()])]
    .map((label) => ({ label, before: (counts.get(label) ?? 0) / m || 0, now: (current.get(label) ?? 0) / n || 0 }))
    .sort((a, b) => Math.max(b.before, b.now) - Math.max(a.before, a.now) || (a.label < b.label ? -1 : 1));
  const shown = shares.slice(0, VALUES);
  const rest = shares.slice(VALUES);
  if (rest.length > 0 || others > 0)
    shown.push({
      label: others > 0 ? "others" : `${rest.length} others`,
      before: sum(rest.map((each) => each.before)),
      now: sum(rest.map((each) => each.now)) + others / n,
    });
  return shown.length === 0 ? undefined : { kind: column.kind, bars: shown };
}

/** Cells spread over ranges of equal width between the reference's outer quantiles; what lies beyond joins the last ranges. */
function ranges({ cells, whole, kind }: NumberReference, window: ArrayLike<number>): ColumnPicture | undefined {
  const before = Array.from(whole.counts);
  const [m, n] = [sum(before), sum(Array.from(window))];
  if (m === 0 || n === 0) return undefined;
  const ends = before.map((_, cell) => Math.min(upperEnd(cells, cell), upperEnd(cells, before.length - 2)));
  const quantile = (share: number): number => {
    let below = 0;
    const cell = before.findIndex((count) => {
      below += count;
      return below >= share * m;
    });
    return ends[Math.max(0, cell)]!;
  };
  const [low, high] = [
    Math.max(cells.origin, quantile(EDGE) === quantile(1) ? cells.origin : quantile(EDGE)),
    quantile(1 - EDGE),
  ];
  const width = (high - low) / RANGES;
  if (!(width > 0))
    return { kind, bars: [{ label: String(low), from: low, to: low, before: 1, now: shareAt(window, ends, low, n) }] };
  const place = (value: number): number => Math.min(RANGES - 1, Math.max(0, Math.ceil((value - low) / width) - 1));
  const bars = Array.from({ length: RANGES }, (_, at) => ({
    label: "",
    from: low + at * width,
    to: low + (at + 1) * width,
    before: 0,
    now: 0,
  }));
  for (let cell = 0; cell < before.length; cell += 1) {
    // A cell's rows lie between the end before it and its own: they are spread evenly over the ranges that it touches.
    const upper = ends[cell]!;
    const lower = Math.max(low, cell === 0 ? low : ends[cell - 1]!);
    const [first, last] = [place(lower + width * 1e-9), place(upper)];
    for (let at = first; at <= Math.max(first, last); at += 1) {
      const end = at === last ? upper : low + (at + 1) * width;
      const start = at === first ? lower : low + at * width;
      const part = last <= first ? 1 : (end - start) / (upper - lower);
      bars[at]!.before += (before[cell]! * part) / m;
      bars[at]!.now += (window[cell]! * part) / n;
    }
  }
  return { kind, bars };
}

function shareAt(counts: ArrayLike<number>, ends: readonly number[], value: number, rows: number): number {
  let hits = 0;
  for (let cell = 0; cell < counts.length; cell += 1) if (ends[cell] === value) hits += counts[cell]!;
  return hits / rows;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
