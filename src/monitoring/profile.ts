// What a model's inputs looked like when it was trained, small enough to travel with it as JSON: the fixed thing that every
// later window is compared with. A number is cut at its own quantiles, and a value so frequent that it would fill a bin has
// one to itself (zeros and caps are common, and their share is what drifts). A category is counted by value.
// A profile is the same whatever the order of the batches: values are kept exactly and sorted before anything is summed.

import {
  type Column,
  isCategory,
  isValid,
  type ModelInput,
  numberAt,
  type RawInput,
  type Table,
  valueAt,
} from "../core/core.ts";
import { type Labels, likeliest, type Scores, type TaskSpec } from "../define/define.ts";

/** A numeric input's values. Bin i holds edges[i−1] < value ≤ edges[i]; the first and the last are open outwards. */
export interface NumberProfile {
  readonly kind: "number";
  readonly rowCount: number;
  /** Rows without a value. */
  readonly nulls: number;
  /** Rows whose value is NaN or infinite; they are in no bin. */
  readonly nans: number;
  /** Ascending upper ends of all bins but the last, in the input's unit. */
  readonly edges: readonly number[];
  /** Values per bin: one more than `edges`. At most 20 frequent values have their own bin; at most 20 others are not 0. */
  readonly counts: readonly number[];
  /** Of the finite values, as are the others below; null where there are none. */
  readonly mean: number | null;
  /** Standard deviation, with rows − 1; 0 for a single value. */
  readonly sd: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

/** A categorical input's values. */
export interface CategoryProfile {
  readonly kind: "category";
  readonly rowCount: number;
  readonly nulls: number;
  /** The 50 most frequent values, most frequent first, equal counts by name. */
  readonly counts: readonly { readonly value: string; readonly count: number }[];
  /** Rows with any other value. */
  readonly rest: number;
}

/** One input's values in a set of rows. */
export type InputProfile = NumberProfile | CategoryProfile;

/** The rows a model was fitted or tested on, as later windows are compared with them. */
export interface ModelProfile {
  readonly rowCount: number;
  /** By input name. */
  readonly inputs: Readonly<Record<string, InputProfile>>;
  readonly score: NumberProfile;
  /** Share of positive labels among the scored rows; null without any, and where the task is not binary. */
  readonly labelRate: number | null;
}

/** Takes batches, then gives the profile of them all. */
export interface ProfileBuilder {
  /** Adds rows; an input that the table lacks is null in all of them. */
  add(table: Table): void;
  /** The profile of the rows so far with the answers and labels of held-out rows; `task` is binary unless it is given. */
  finish(heldOut: { readonly scores: Scores; readonly labels: Labels }, task?: TaskSpec): ModelProfile;
}

const MOST_BINS = 20;
const MOST_CATEGORIES = 50;

/** A builder of one profile over `inputs`; keeps eight bytes per row and numeric input until it has finished. */
export function profileBuilder(inputs: readonly (ModelInput | RawInput)[]): ProfileBuilder {
  let rowCount = 0;
  const counters = inputs.map(({ name, kind }) => ({
    name,
    ...(kind === "number" ? numberCounter() : categoryCounter()),
  }));
  return {
    add(table) {
      rowCount += table.rowCount;
      for (const { name, add } of counters)
        add(
          table.columns.find((column) => column.name === name),
          table.rowCount,
        );
    },
    finish({ scores, labels }, { kind } = { kind: "binary" }) {
      const profiles = counters.map(({ name, finish }) => [name, finish()] as const);
      let positives = 0;
      for (const label of labels) positives += label === 0 ? 0 : 1;
      const labelRate = labels.length === 0 || kind !== "binary" ? null : positives / labels.length;
      const answers = kind === "multiclass" ? largest(scores, labels.length) : scores;
      return { rowCount, inputs: Object.fromEntries(profiles), score: numberProfile(answers), labelRate };
    },
  };
}

/** Of rows of probabilities the largest of each: what is logged as the score. */
function largest(scores: Scores, rows: number): Float64Array {
  const classes = scores.length / rows;
  return Float64Array.from({ length: rows }, (_, row) => scores[row * classes + likeliest(scores, row, classes)]!);
}

interface Counter {
  readonly add: (column: Column | undefined, rowCount: number) => void;
  readonly finish: () => InputProfile;
}

function numberCounter(): Counter {
  const batches: Float64Array[] = [];
  let nulls = 0;
  return {
    add(column, rowCount) {
      const values = column ? numbersIn(column, rowCount) : new Float64Array();
      nulls += rowCount - values.length;
      batches.push(values);
    },
    finish() {
      const all = new Float64Array(batches.reduce((sum, batch) => sum + batch.length, 0));
      let end = 0;
      for (const batch of batches) {
        all.set(batch, end);
        end += batch.length;
      }
      return numberProfile(all, nulls);
    },
  };
}

function categoryCounter(): Counter {
  const counts = new Map<string, number>();
  let rows = 0;
  let valid = 0;
  return {
    add(column, rowCount) {
      rows += rowCount;
      for (const value of column ? categoriesIn(column, rowCount) : []) {
        counts.set(value, (counts.get(value) ?? 0) + 1);
        valid += 1;
      }
    },
    finish() {
      const sorted = [...counts].map(([value, count]) => ({ value, count }));
      sorted.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
      const rest = sorted.slice(MOST_CATEGORIES).reduce((sum, { count }) => sum + count, 0);
      return { kind: "category", rowCount: rows, nulls: rows - valid, counts: sorted.slice(0, MOST_CATEGORIES), rest };
    },
  };
}

/** The non-null values of a column as float64, NaN and infinities included; text counts as null, as a numeric cell does. */
export function numbersIn(column: Column, rowCount: number): Float64Array {
  const isText = isCategory(column.type);
  const values = new Float64Array(isText ? 0 : rowCount);
  let valid = 0;
  for (let row = 0; !isText && row < rowCount; row += 1) {
    const number = numberAt(column, row);
    if (number !== undefined) values[valid++] = number;
  }
  return values.subarray(0, valid);
}

/** The non-null values of a column as category names, in row order. */
export function* categoriesIn(column: Column, rowCount: number): Generator<string> {
  for (let row = 0; row < rowCount; row += 1) if (isValid(column, row)) yield String(valueAt(column, row));
}

/** The profile of numbers of shape (values) and of so many nulls besides them. */
export function numberProfile(values: Scores, nulls = 0): NumberProfile {
  const finite = Float64Array.from(values).filter(Number.isFinite).sort();
  const { edges, counts } = binsOf(finite);
  const count = finite.length;
  const mean = finite.reduce((sum, value) => sum + value, 0) / count;
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const orNull = (value: number): number | null => (count === 0 ? null : value);
  return {
    kind: "number",
    rowCount: values.length + nulls,
    nulls,
    nans: values.length - count,
    edges,
    counts,
    mean: orNull(mean),
    sd: orNull(Math.sqrt(squares / Math.max(1, count - 1))),
    min: orNull(finite[0]!),
    max: orNull(finite[count - 1]!),
  };
}

interface Bin {
  /** The greatest value the bin may hold. */
  readonly upper: number;
  readonly count: number;
  /** Whether it is a frequent value's own. */
  readonly own: boolean;
}

// Bins of ascending values: each frequent value alone, the values between two of them cut into about equal counts.
function binsOf(ascending: Float64Array): { edges: readonly number[]; counts: readonly number[] } {
  const share = ascending.length / MOST_BINS;
  const bins: Bin[] = [];
  let waiting = 0;
  // Ends the run of bins between frequent values; a bin there, though empty, keeps neighbours out of a frequent value's own.
  const close = (upper: number): void => {
    const before = bins.at(-1);
    if (before?.own === false && waiting < share / 2)
      bins[bins.length - 1] = { upper, count: before.count + waiting, own: false };
    else bins.push({ upper, count: waiting, own: false });
    waiting = 0;
  };
  for (let start = 0, end = 0; start < ascending.length; start = end) {
    const value = ascending[start]!;
    while (end < ascending.length && ascending[end] === value) end += 1;
    const count = end - start;
    if (count >= Math.max(2, share)) {
      close(justBelow(value));
      bins.push({ upper: value, count, own: true });
    } else {
      waiting += count;
      if (waiting >= share) {
        bins.push({ upper: value, count: waiting, own: false });
        waiting = 0;
      }
    }
  }
  close(Number.POSITIVE_INFINITY);
  return { edges: bins.slice(0, -1).map((bin) => bin.upper), counts: bins.map((bin) => bin.count) };
}

/** The greatest float64 below a finite value: its bits are those of the value, one less in size or one more if negative. */
function justBelow(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  const bits = new BigInt64Array(1);
  const number = new Float64Array(bits.buffer);
  number[0] = value;
  bits[0] = bits[0]! + (value > 0 ? -1n : 1n);
  return number[0]!;
}

/** The number of the bin that a value falls in, 0 to `edges.length`, by binary search. */
export function binOf(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
