// Every question that is asked of one column of a window, against its reference, or against its reference's history where there is one.

import { type Hits, nowNew, onceNew, rangeRows, rareRanges } from "./rare-values.ts";
import type { CategorySketch, NumberSketch } from "./sketch/column-sketch.ts";
import type { CategoryReference, NumberReference, UncountedSketch } from "./sketch/table-sketch.ts";
import type { CategoryCounts } from "./statistics/category-tests.ts";
import { categoryFindings } from "./statistics/category-tests.ts";
import type { Finding } from "./statistics/finding.ts";
import { historyFinding, historyModel } from "./statistics/history.ts";
import { massPolynomials } from "./statistics/polynomials.ts";
import { smoothFindings } from "./statistics/smooth-test.ts";
import { cohensH, shareFinding } from "./statistics/two-shares.ts";

/** What a column is held against beside its reference. */
export interface Standards {
  /** Effects up to this do not count. */
  readonly floor: number;
  /** The phases of the history's windows and of this one; without them rows are taken as alike but for chance. */
  readonly week?: { readonly phases: readonly number[]; readonly phase: number | undefined };
}

/** The findings about a column of numbers. */
export function numberFindings(
  reference: NumberReference,
  window: NumberSketch,
  standards: Standards,
): readonly Finding[] {
  const { whole, past } = reference;
  const nulls = nullFindings(whole, past, window, standards);
  const found =
    past === undefined || standards.week === undefined
      ? smoothFindings(whole.counts, window.counts, standards.floor)
      : scoresAgainst(whole, past, window, standards.week, standards.floor);
  const [from, to] = [whole.mean, window.mean];
  return [
    ...found.map((finding) =>
      finding.statistic === "location" && from !== null && to !== null ? { ...finding, from, to } : finding,
    ),
    ...nulls,
  ];
}

/** The findings about a column of categories. */
export function valueFindings(
  reference: CategoryReference,
  window: CategorySketch | UncountedSketch,
  standards: Standards,
): readonly Finding[] {
  const { whole, past } = reference;
  const nulls = nullFindings(whole, past, window, standards);
  if (whole.counts === undefined || window.counts === undefined) return nulls;
  if (past === undefined || standards.week === undefined)
    return [...categoryFindings(whole.counts, window.counts, standards.floor, window.beyond), ...nulls];
  return [
    ...sharesAgainst(whole, past, { ...window, counts: window.counts }, standards.week, standards.floor),
    ...newAgainst(whole, past, { ...window, counts: window.counts }, standards.week, standards.floor),
    ...nulls,
  ];
}

type Week = NonNullable<Standards["week"]>;

/** Scores of cells by the reference's masses, and their mean in some counts. */
export function scoreMean(scores: readonly number[], counts: ArrayLike<number>): { value: number; rows: number } {
  let [sum, rows] = [0, 0];
  for (let cell = 0; cell < counts.length; cell += 1) {
    sum += scores[cell]! * counts[cell]!;
    rows += counts[cell]!;
  }
  return { value: rows === 0 ? 0 : sum / rows, rows };
}

function scoresAgainst(
  whole: NumberSketch,
  past: readonly NumberSketch[],
  window: NumberSketch,
  { phases, phase }: Week,
  floor: number,
): readonly Finding[] {
  const plain = smoothFindings(whole.counts, window.counts, floor);
  const scores = massPolynomials(Array.from(whole.counts));
  return plain.flatMap((finding, degree) => {
    const score = scores[degree];
    if (score === undefined) return [finding];
    const means = past.map(({ counts }) => scoreMean(score, counts));
    const model = historyModel(
      { values: means.map(({ value }) => value), rows: means.map(({ rows }) => rows), phases },
      phase,
    );
    const figure = scoreMean(score, window.counts);
    return model === undefined ? [finding] : [historyFinding(finding.statistic, model, figure, floor)];
  });
}

function nullFindings(
  whole: Missing,
  past: readonly Missing[] | undefined,
  window: Missing,
  { floor, week }: Standards,
): readonly Finding[] {
  const plain = shareFinding(
    "nulls",
    { hits: whole.missing, rows: whole.rows },
    { hits: window.missing, rows: window.rows },
    floor,
  );
  if (plain === undefined || past === undefined || week === undefined || whole.missing === 0)
    return plain ? [plain] : [];
  const dated = shareAgainst(
    "nulls",
    whole.missing / whole.rows,
    past.map(({ missing, rows }) => ({ hits: missing, rows })),
    { hits: window.missing, rows: window.rows },
    week,
    floor,
  );
  // Few nulls have no normal mean, and nulls that come on some days have no exact test: what both find is found.
  return [dated !== undefined && dated.pValue > plain.pValue ? dated : plain];
}

interface Missing {
  readonly rows: number;
  readonly missing: number;
}

/** A share against its history, in standard deviations of one row. */
export function shareAgainst(
  statistic: Finding["statistic"],
  share: number,
  past: readonly Hits[],
  now: Hits,
  { phases, phase }: Week,
  floor: number,
): Finding | undefined {
  const unit = Math.sqrt(share * (1 - share));
  if (unit === 0 || now.rows === 0) return undefined;
  const scaled = ({ hits, rows }: Hits): number => (rows === 0 ? 0 : (hits / rows - share) / unit);
  const model = historyModel({ values: past.map(scaled), rows: past.map(({ rows }) => rows), phases }, phase);
  if (model === undefined) return undefined;
  const from = Math.min(1, Math.max(0, share + model.centre * unit));
  const to = now.hits / now.rows;
  const found = historyFinding(statistic, model, { value: scaled(now), rows: now.rows }, floor);
  return { ...found, value: cohensH(from, to), from, to };
}

const MOST_VALUES = 20;
const LEAST_EXPECTED = 5;

/** Values that come often enough in every window to be held against its history: the reference's most frequent. */
export function frequentValues(counts: CategoryCounts, expectedRows: number): readonly string[] {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts]
    .filter(([, count]) => (count / total) * expectedRows >= LEAST_EXPECTED)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, MOST_VALUES)
    .map(([value]) => value);
}

type Asked = { readonly of: undefined; readonly hits: (sketch: CategorySketch | UncountedSketch) => Hits };

/** The rest, cut by name. */
function rangesOf(whole: CategorySketch, values: readonly string[], windows: number): readonly Asked[] {
  const usual = new Set(values);
  const expected = (whole.rows - whole.missing) / Math.max(1, windows);
  const ends = rareRanges(whole.counts, usual, expected, LEAST_EXPECTED);
  if (ends.length === 0) return [];
  const read = new Map<CategorySketch | UncountedSketch, readonly number[]>();
  const rowsOf = (sketch: CategorySketch | UncountedSketch): readonly number[] => {
    const rows = read.get(sketch) ?? rangeRows(sketch, usual, ends);
    read.set(sketch, rows);
    return rows;
  };
  return Array.from({ length: ends.length + 1 }, (_, at) => ({
    of: undefined,
    hits: (sketch) => ({ hits: rowsOf(sketch)[at]!, rows: sketch.rows - sketch.missing }),
  }));
}

/** Whether more rows than usual have a value that was never seen; fewer is no finding. */
function newAgainst(
  whole: CategorySketch,
  past: readonly (CategorySketch | UncountedSketch)[],
  window: CategorySketch,
  week: Week,
  floor: number,
): readonly Finding[] {
  const before = past.map((each) => onceNew(whole.counts, each));
  const now = nowNew(whole.counts, window);
  const hits = before.reduce((sum, each) => sum + each.hits, 0);
  const rows = before.reduce((sum, each) => sum + each.rows, 0);
  const plain = shareFinding("newValues", { hits, rows }, now, floor);
  if (plain === undefined) return [];
  const dated = shareAgainst("newValues", hits / rows, before, now, week, floor);
  const found = dated !== undefined && dated.pValue > plain.pValue ? dated : plain;
  return [found.value > 0 ? found : { ...found, pValue: 1 }];
}

/** The frequent value, or the rest or a part of it, whose share is oddest for its history; its p-value times how many were looked at. */
function sharesAgainst(
  whole: CategorySketch,
  past: readonly (CategorySketch | UncountedSketch)[],
  window: CategorySketch,
  week: Week,
  floor: number,
): readonly Finding[] {
  const filled = whole.rows - whole.missing;
  const usual = frequentValues(whole.counts, (whole.rows - whole.missing) / Math.max(1, past.length));
  const restOf = (sketch: CategorySketch | UncountedSketch): Hits => {
    const rows = sketch.rows - sketch.missing;
    return { hits: rows - usual.reduce((sum, value) => sum + (sketch.counts?.get(value) ?? 0), 0), rows };
  };
  const asked = [
    ...usual.map((of) => ({
      of,
      hits: (sketch: CategorySketch | UncountedSketch): Hits => ({
        hits: sketch.counts?.get(of) ?? 0,
        rows: sketch.rows - sketch.missing,
      }),
    })),
    { of: undefined, hits: restOf },
    ...rangesOf(whole, usual, past.length),
  ];
  const found = asked.flatMap(({ of, hits }) => {
    const before = hits(whole);
    const after = hits(window);
    const plain = shareFinding("share", before, after, floor);
    const dated = shareAgainst("share", before.hits / Math.max(1, filled), past.map(hits), after, week, floor);
    const one =
      dated === undefined || (before.hits < LEAST_EXPECTED * past.length && plain && plain.pValue > dated.pValue)
        ? plain
        : dated;
    return one === undefined ? [] : [of === undefined ? one : { ...one, of }];
  });
  const strongest = found.reduce<Finding | undefined>(
    (best, one) => (best && best.pValue <= one.pValue ? best : one),
    undefined,
  );
  if (strongest === undefined) return [];
  const looked = found.length;
  return [
    {
      ...strongest,
      pValue: Math.min(1, strongest.pValue * looked),
      needed: (pValue) => strongest.needed(pValue / looked),
    },
  ];
}
