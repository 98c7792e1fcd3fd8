// Whether categories come as often as they did: all frequent ones together, each on its own, and those that were never seen.

import { beyondFloor, type Finding, neededBeyond } from "./finding.ts";
import { binomialBeyond, chiSquareExceeded, chiSquareTail, hypergeometricBeyond } from "./tails.ts";
import { cohensH, shareFinding } from "./two-shares.ts";

/** Rows by category. */
export type CategoryCounts = ReadonlyMap<string, number>;

/** A category's rows on both sides. */
interface Pair {
  readonly of: string;
  readonly before: number;
  readonly after: number;
}

const MOST_CELLS = 40;
const LEAST_EXPECTED = 5;

/** Rows of the window beside its counts, of values that the reference lacks, and how many of those came once. */
export interface BeyondCounts {
  readonly rows: number;
  readonly single: number;
}

/** The findings about a category's counts; none where either side has no rows. */
export function categoryFindings(
  reference: CategoryCounts,
  window: CategoryCounts,
  floor = 0,
  beyond: BeyondCounts = { rows: 0, single: 0 },
): readonly Finding[] {
  const pairs: Pair[] = [...reference].map(([of, before]) => ({ of, before, after: window.get(of) ?? 0 }));
  for (const [of, after] of window) if (!reference.has(of)) pairs.push({ of, before: 0, after });
  const m = pairs.reduce((sum, { before }) => sum + before, 0);
  const n = pairs.reduce((sum, { after }) => sum + after, beyond.rows);
  if (m === 0 || n === 0 || (pairs.length < 2 && beyond.rows === 0)) return [];
  // By rows of both sides together, so that no side's luck decides which are looked at.
  pairs.sort((a, b) => b.before + b.after - a.before - a.after || (a.of < b.of ? -1 : 1));
  const found =
    pairs.length === 2 && beyond.rows === 0
      ? [twoCategories(pairs, m, n, floor)]
      : [shares(pairs, m, n, floor), eachValue(pairs, m, n, floor), newValues(pairs, m, n, floor, beyond)];
  return found.filter((each) => each !== undefined);
}

/** With two categories, one share tells everything: that of the rarer one. */
function twoCategories(pairs: readonly Pair[], m: number, n: number, floor: number): Finding | undefined {
  const { of, before, after } = pairs[1]!;
  const found = shareFinding("share", { hits: before, rows: m }, { hits: after, rows: n }, floor);
  return found && { ...found, of };
}

/**
 * χ² over the most frequent values and the rest, those too rare for it pooled; the effect is Cohen's w.
 *
 * Many questions are read at small levels, where Pearson's figure alone is exceeded up to fifty times too often by cells of five expected
 * rows: a cell's chance of many rows falls as its likelihood ratio says, not as its square. So the lesser of Pearson's and of the likelihood
 * ratio G² counts: simulated with 6 to 40 cells of 5 expected rows, it keeps levels down to 1e-6.
 */
function shares(pairs: readonly Pair[], m: number, n: number, floor: number): Finding | undefined {
  const lesser = Math.min(n, m) / (n + m);
  const isKept = ({ before, after }: Pair, place: number): boolean =>
    place < MOST_CELLS && (before + after) * lesser >= LEAST_EXPECTED;
  const cells = pairs.filter(isKept).map(({ before, after }) => [before, after] as const);
  const rest = [
    m - cells.reduce((sum, [before]) => sum + before, 0),
    n - cells.reduce((sum, [, after]) => sum + after, 0),
  ] as const;
  if ((rest[0] + rest[1]) * lesser >= LEAST_EXPECTED) cells.push(rest);
  else {
    const [before, after] = cells.pop() ?? [0, 0];
    cells.push([before + rest[0], after + rest[1]]);
  }
  if (cells.length < 2) return undefined;
  const scale = (n * m) / (n + m);
  const ratio = Math.sqrt(m / n);
  let [pearson, likelihood] = [0, 0];
  for (const [before, after] of cells) {
    pearson += (after * ratio - before / ratio) ** 2 / (before + after);
    likelihood +=
      surprise(before, ((before + after) * m) / (n + m)) + surprise(after, ((before + after) * n) / (n + m));
  }
  const statistic = Math.max(0, Math.min(pearson, likelihood));
  const freedom = cells.length - 1;
  const shift = floor * floor * scale;
  return {
    statistic: "share",
    value: Math.sqrt(statistic / scale),
    pValue: chiSquareTail(statistic, freedom, shift),
    needed: (pValue) => Math.sqrt(chiSquareExceeded(pValue, freedom, shift) / scale),
  };
}

/** A cell's part of G²; kept exact where it holds nearly what is expected. */
const surprise = (found: number, expected: number): number =>
  found === 0 ? 0 : 2 * found * Math.log1p((found - expected) / expected);

const LEAST_POOLED = 3;
const FREQUENT = 0.05;

/**
 * The value whose share has moved most surely, its p-value times the number of values looked at (Bonferroni). Its rows in the window
 * are held to Bin(rows of both sides, n/(n+m)), whose tail lies above the exact hypergeometric one.
 */
function eachValue(pairs: readonly Pair[], m: number, n: number, floor: number): Finding | undefined {
  const share = n / (n + m);
  const error = Math.sqrt(1 / n + 1 / m);
  let looked = 0;
  let best: { readonly pair: Pair; readonly pValue: number } | undefined;
  for (const pair of pairs) {
    const { before, after } = pair;
    const both = before + after;
    if (both < LEAST_POOLED) break;
    looked += 1;
    const off = (after - both * share) / Math.sqrt(both * share * (1 - share));
    // Most values are where they belong, and their exact tail would decide nothing.
    if (best !== undefined && Math.abs(off) < 2) continue;
    const pooled = both / (n + m);
    const exact =
      pooled > FREQUENT
        ? both * Math.min(share, 1 - share) < 200
          ? hypergeometricBeyond(after, both, n, n + m)
          : beyondFloor(off, Math.sqrt(1 - pooled), 0)
        : binomialBeyond(after, both, share);
    const pValue = floor > 0 ? Math.max(exact, beyondFloor(cohensH(before / m, after / n), error, floor)) : exact;
    if (best === undefined || pValue < best.pValue) best = { pair, pValue };
  }
  if (best === undefined) return undefined;
  const { pair } = best;
  const needed = neededBeyond(error, floor);
  return {
    statistic: pair.before === 0 ? "newValue" : "value",
    value: cohensH(pair.before / m, pair.after / n),
    pValue: Math.min(1, best.pValue * looked),
    needed: (pValue) => needed(pValue / looked),
    from: pair.before / m,
    to: pair.after / n,
    of: pair.of,
  };
}

/**
 * Whether more values than usual are seen for the first time. Unseen values are normal where there are many; but of the values seen
 * once on both sides together, each is the window's with the chance n/(n+m).
 */
function newValues(
  pairs: readonly Pair[],
  m: number,
  n: number,
  floor: number,
  beyond: BeyondCounts,
): Finding | undefined {
  let [single, own, unseen] = [beyond.single, beyond.single, beyond.rows];
  for (const { before, after } of pairs) {
    if (before + after === 1) {
      single += 1;
      own += after;
    }
    if (before === 0) unseen += after;
  }
  if (single === 0) return undefined;
  const expected = (single * n) / (n + m);
  // One-sided: fewer new values than usual is no finding.
  const exact = own <= expected ? 1 : hypergeometricBeyond(own, single, n, n + m) / 2;
  const value = cohensH(expected / n, own / n);
  const error = Math.sqrt(1 / n + 1 / m);
  return {
    statistic: "newValues",
    value,
    pValue: floor > 0 ? Math.max(exact, beyondFloor(value, error, floor)) : exact,
    needed: (pValue) => neededBeyond(error, floor)(Math.min(1, 2 * pValue)),
    from: expected / n,
    to: unseen / n,
  };
}
