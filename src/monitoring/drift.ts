// Whether a window's rows look like the rows a model was trained on, input by input. The population stability index (PSI)
// says how far two distributions are apart, but it is never 0: with few rows chance alone makes it large. So an input has
// drifted only if its PSI is above the bound a team chose and above what chance reaches at this window's own size.
// Missing values have a cell of their own, since a broken feed shows there first.

import type { Column, Table } from "../core/core.ts";
import type { Scores } from "../define/define.ts";
import { binOf, categoriesIn, type InputProfile, type ModelProfile, numbersIn } from "./profile.ts";
import { normalQuantile } from "./statistics/tails.ts";

/** A window's values of one input, counted in the cells of that input's profile. */
export interface CellCounts {
  readonly rowCount: number;
  /** Null, NaN and infinite rows. */
  readonly missing: number;
  /** One per bin of a number; per listed value and, last, the rest of a category. */
  readonly cells: readonly number[];
  /** Of the finite values; null for a category and without values. */
  readonly mean: number | null;
}

/** How sure to be of a drift. */
export interface DriftOptions {
  /** The least PSI that counts as drift. */
  readonly driftAbove: number;
  /** The chance of calling one unchanged input drifted, even with driftAbove 0; default 0.001. */
  readonly alpha?: number;
}

/** How one input has moved. */
export interface InputDrift {
  readonly name: string;
  /** Population stability index, in nats; 0 is no difference. */
  readonly psi: number;
  /** What the PSI must exceed here: the larger of driftAbove and chance. */
  readonly threshold: number;
  readonly drifted: boolean;
  /** The mean's move in standard deviations of the profile, positive upwards; null for a category or where there is none. */
  readonly shift: number | null;
  /** Share of rows without a finite value: in the profile, and in the window. */
  readonly missingThen: number;
  readonly missingNow: number;
}

/** How a window has moved. */
export interface DriftReport {
  readonly rowCount: number;
  readonly inputs: readonly InputDrift[];
  /** Share of inputs that have drifted; 0 without inputs. */
  readonly driftedShare: number;
  readonly verdict: "ok" | "drifted";
}

/** Counts a column's values in a profile's cells; no column means that every row is missing. */
export function countCells(profile: InputProfile, column: Column | undefined, rowCount: number): CellCounts {
  if (profile.kind === "number") return countNumbers(profile, column ? numbersIn(column, rowCount) : [], rowCount);
  const places = new Map(profile.counts.map(({ value }, place) => [value, place]));
  const cells = new Array<number>(places.size + 1).fill(0);
  let valid = 0;
  for (const value of column ? categoriesIn(column, rowCount) : []) {
    const place = places.get(value) ?? places.size;
    cells[place] = cells[place]! + 1;
    valid += 1;
  }
  return { rowCount, missing: rowCount - valid, cells, mean: null };
}

/** Counts numbers of shape (values) in a profile's bins; rows beyond them, to `rowCount`, are missing. */
export function countNumbers(
  profile: InputProfile & { readonly kind: "number" },
  values: Scores | readonly number[],
  rowCount: number = values.length,
): CellCounts {
  const cells = new Array<number>(profile.counts.length).fill(0);
  let finite = 0;
  let sum = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    const bin = binOf(profile.edges, value);
    cells[bin] = cells[bin]! + 1;
    finite += 1;
    sum += value;
  }
  return { rowCount, missing: rowCount - finite, cells, mean: finite === 0 ? null : sum / finite };
}

/**
 * How far an input has moved from its profile, and whether that is drift.
 *
 * PSI = Σ (cᵢ − rᵢ) · ln(cᵢ / rᵢ) over the shares of the cells (the divergence J of Kullback and Leibler 1951, "On
 * information and sufficiency"), after adding half a row to every cell on both sides, which keeps it finite. Without drift
 * it is about χ² of one less than the number of cells, times 1/n + 1/m (Yurdakul 2018, "Statistical Properties of
 * Population Stability Index"); chance is that distribution's 1 − alpha quantile. Cells expected to hold fewer than 5 rows
 * on either side are pooled, as the χ² needs, unless the cell's own count is beyond chance. Simulated at alpha 0.01 with
 * driftAbove 0: 0 % to 2 % of unchanged numbers from 50 to 5,000 rows; up to 5 % of categories of 50 values and more whose
 * profile has no more rows than the window; at alpha 0.001, 0.12 % to 0.17 % of normal inputs.
 */
export function driftOf(name: string, profile: InputProfile, current: CellCounts, options: DriftOptions): InputDrift {
  const alpha = options.alpha ?? 0.001;
  const { rowCount: then } = profile;
  const { rowCount: now } = current;
  const missing = profile.kind === "number" ? profile.nulls + profile.nans : profile.nulls;
  const pairs = [...cellPairs(profile, current.cells), [missing, current.missing] as const];
  const pooled = poolSparse(pairs, then, now, alpha);
  const comparable = then > 0 && now > 0;
  const psi = comparable ? stabilityIndex(pooled) : 0;
  const chance = comparable ? chiSquareQuantile(1 - alpha, pooled.length - 1) * (1 / then + 1 / now) : 0;
  const threshold = Math.max(options.driftAbove, chance);
  const { mean = null, sd = null } = profile.kind === "number" ? profile : {};
  return {
    name,
    psi,
    threshold,
    drifted: psi > threshold,
    shift: mean === null || current.mean === null || !sd ? null : (current.mean - mean) / sd,
    missingThen: then === 0 ? 0 : missing / then,
    missingNow: now === 0 ? 0 : current.missing / now,
  };
}

/** How every input of a profile has moved in a window, and whether enough of them have: at least `driftShare`. */
export function driftReport(
  profile: ModelProfile,
  table: Table,
  options: DriftOptions & { readonly driftShare: number },
): DriftReport {
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const inputs = Object.entries(profile.inputs).map(([name, input]) =>
    driftOf(name, input, countCells(input, columns.get(name), table.rowCount), options),
  );
  const drifted = inputs.filter((input) => input.drifted).length;
  const driftedShare = inputs.length === 0 ? 0 : drifted / inputs.length;
  const verdict = drifted > 0 && driftedShare >= options.driftShare ? "drifted" : "ok";
  return { rowCount: table.rowCount, inputs, driftedShare, verdict };
}

/** Rows of one cell: in the profile, and in the window. */
type CellPair = readonly [then: number, now: number];

// A value is listed because it was frequent in the profile's rows, and the barely frequent ones were partly lucky: counted
// apart they would seem to fall in every later window. Those below so many rows therefore count as the rest.
const LEAST_LISTED = 20;

function cellPairs(profile: InputProfile, current: readonly number[]): readonly CellPair[] {
  if (profile.kind === "number") return profile.counts.map((count, bin) => [count, current[bin] ?? 0]);
  const listed = profile.counts.map(({ count }, place): CellPair => [count, current[place] ?? 0]);
  const rest: CellPair = [profile.rest, current[listed.length] ?? 0];
  const frequent = listed.filter(([before]) => before >= LEAST_LISTED);
  return [...frequent, listed.slice(frequent.length).reduce(sum, rest)];
}

const LEAST_EXPECTED = 5;

// Neighbouring sparse cells are pooled until they are not sparse; what is left over at the end joins the last cell kept.
function poolSparse(pairs: readonly CellPair[], then: number, now: number, alpha: number): readonly CellPair[] {
  const lesser = Math.min(then, now) / (then + now);
  const isSparse = ([before, after]: CellPair): boolean => (before + after) * lesser < LEAST_EXPECTED;
  const beyondChance: CellPair[] = [];
  const kept: CellPair[] = [];
  let waiting: CellPair = [0, 0];
  for (const pair of pairs) {
    if (isSparse(pair) && surprise(pair, now / (then + now)) > Math.log((20 * pairs.length) / alpha))
      beyondChance.push(pair);
    else if (isSparse(pair)) {
      waiting = sum(waiting, pair);
      if (isSparse(waiting)) continue;
      kept.push(waiting);
      waiting = [0, 0];
    } else kept.push(pair);
  }
  const last = kept.pop() ?? [0, 0];
  return [...kept, sum(last, waiting), ...beyondChance].filter(([before, after]) => before + after > 0);
}

const sum = (one: CellPair, other: CellPair): CellPair => [one[0] + other[0], one[1] + other[1]];

// −ln of a bound on the chance that a cell's rows fall so unevenly (Hoeffding 1963, theorem 1): exact enough for few rows.
function surprise([before, after]: CellPair, share: number): number {
  const total = before + after;
  const term = (rows: number, expected: number): number => (rows === 0 ? 0 : rows * Math.log(rows / expected));
  return term(after, total * share) + term(before, total * (1 - share));
}

function stabilityIndex(cells: readonly CellPair[]): number {
  const then = cells.reduce((rows, cell) => rows + cell[0] + 0.5, 0);
  const now = cells.reduce((rows, cell) => rows + cell[1] + 0.5, 0);
  return cells.reduce((index, cell) => {
    const before = (cell[0] + 0.5) / then;
    const after = (cell[1] + 0.5) / now;
    return index + (after - before) * Math.log(after / before);
  }, 0);
}

/**
 * The value a χ² variable stays below with a probability, for whole or fractional degrees of freedom; 0 for none.
 *
 * The cube-root approximation of Wilson and Hilferty 1931, "The distribution of chi-square" (Abramowitz and Stegun 26.4.17):
 * at 0.999 it is up to 3 % too high for one degree of freedom, and 2 % at most from four up.
 */
export function chiSquareQuantile(probability: number, freedom: number): number {
  if (freedom <= 0) return 0;
  const ninth = 2 / (9 * freedom);
  return freedom * (1 - ninth + normalQuantile(probability) * Math.sqrt(ninth)) ** 3;
}
