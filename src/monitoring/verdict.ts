// A window's verdict: every column by its strongest finding, and one alarm, whose rate is the declared one however many columns there are.

import { numberFindings, type Standards, valueFindings } from "./judge-column.ts";
import {
  type ColumnReference,
  isNumbers,
  type PairReference,
  type Reference,
  type Window,
} from "./sketch/table-sketch.ts";
import { correlationFinding } from "./statistics/correlation.ts";
import type { Finding, Statistic } from "./statistics/finding.ts";
import { holm } from "./statistics/holm.ts";

/** How a window is judged. */
export interface DriftOptions {
  /** The chance of an alarm in a window when nothing has changed. */
  readonly falseAlarms: number;
  /** Effects up to this, in the reference's standard deviations, do not count. */
  readonly minEffect: number;
}

/** What is found of a column beside statistics: that it is not there, holds another kind of value, or nothing that can be judged. */
export type ColumnStatistic = Statistic | "missingColumn" | "changedType" | "none";

/** A judged column. */
export interface ColumnVerdict {
  readonly name: string;
  readonly statistic: ColumnStatistic;
  /** The strongest finding's effect; null where it has no size. */
  readonly value: number | null;
  /** The effect that this window's own size would have needed. */
  readonly threshold: number | null;
  /** Adjusted for the questions asked of this column. */
  readonly pValue: number | null;
  readonly drifted: boolean;
  readonly direction?: "up" | "down";
  readonly from?: number;
  readonly to?: number;
  /** The category that the finding is about. */
  readonly of?: string;
}

/** A judged pair of columns. */
export interface PairVerdict extends Omit<ColumnVerdict, "name" | "of"> {
  readonly a: string;
  readonly b: string;
}

/** A judged window. */
export interface DriftVerdict {
  readonly rows: number;
  readonly alarm: boolean;
  readonly columns: readonly ColumnVerdict[];
  readonly pairs?: readonly PairVerdict[];
  readonly ignored?: readonly string[];
  readonly note?: string;
}

// What a correlation may spend of the declared rate, as a pair is asked about beside its columns.
const PAIRS_PART = 0.1;

/** Judges a window. With no rows there is nothing to judge, and so no alarm. */
export function driftVerdict(reference: Reference, window: Window, options: DriftOptions): DriftVerdict {
  const ignored = [...reference.ignored, ...window.ignored];
  const beside = ignored.length === 0 ? {} : { ignored };
  if (window.rows === 0)
    return { rows: 0, alarm: false, columns: [], ...beside, note: "The window has no rows, so nothing was judged." };
  const asked = columnQuestions(reference, window, options);
  const pairs = pairQuestions(reference.pairs, window.pairs, options.minEffect);
  const forPairs = pairs.length === 0 ? 0 : options.falseAlarms * PAIRS_PART;
  const columnRate = options.falseAlarms - forPairs;
  const all = asked.flatMap(({ findings }) => findings);
  const rejected = new Set<Finding>();
  for (const [place, is] of holm(
    all.map(({ pValue }) => pValue),
    columnRate,
  ).entries())
    if (is) rejected.add(all[place]!);
  const level = columnRate / Math.max(1, all.length);
  const columns = asked.map((column) => columnVerdict(column, rejected, level));
  const odd = holm(
    pairs.map(({ finding }) => finding.pValue),
    forPairs,
  );
  const judgedPairs = pairs.map(
    ({ a, b, finding }, place): PairVerdict => ({
      a,
      b,
      ...shown(finding, finding.pValue, forPairs / pairs.length),
      drifted: odd[place]!,
    }),
  );
  const alarm = columns.some(({ drifted }) => drifted) || odd.includes(true);
  return { rows: window.rows, alarm, columns, ...(pairs.length === 0 ? {} : { pairs: judgedPairs }), ...beside };
}

interface ColumnQuestions {
  readonly name: string;
  readonly structure?: "missingColumn" | "changedType";
  readonly findings: readonly Finding[];
}

function columnQuestions(
  reference: Reference,
  window: Window,
  { minEffect }: DriftOptions,
): readonly ColumnQuestions[] {
  const standards: Standards = {
    floor: minEffect,
    ...(reference.phases === undefined ? {} : { week: { phases: reference.phases, phase: window.phase } }),
  };
  return reference.columns.map((column) => questionsOf(column, window, standards));
}

function questionsOf(column: ColumnReference, window: Window, standards: Standards): ColumnQuestions {
  const { name } = column;
  const now = window.columns.get(name);
  if (now === undefined) return { name, structure: "missingColumn", findings: [] };
  if (isNumbers(column) && (now.kind === "number" || now.kind === "moment"))
    return { name, findings: numberFindings(column, now.sketch, standards) };
  if (!isNumbers(column) && (now.kind === "boolean" || now.kind === "category"))
    return { name, findings: valueFindings(column, now.sketch, standards) };
  return { name, structure: "changedType", findings: [] };
}

function columnVerdict(
  { name, structure, findings }: ColumnQuestions,
  rejected: ReadonlySet<Finding>,
  level: number,
): ColumnVerdict {
  if (structure !== undefined)
    return { name, statistic: structure, value: null, threshold: null, pValue: null, drifted: true };
  const strongest = findings.reduce<Finding | undefined>(
    (best, one) => (best && best.pValue <= one.pValue ? best : one),
    undefined,
  );
  if (strongest === undefined)
    return { name, statistic: "none", value: null, threshold: null, pValue: null, drifted: false };
  return {
    name,
    ...shown(strongest, strongest.pValue * findings.length, level),
    drifted: rejected.has(strongest),
    ...(strongest.of === undefined ? {} : { of: strongest.of }),
  };
}

function shown(finding: Finding, pValue: number, level: number): Omit<ColumnVerdict, "name" | "drifted"> {
  const { statistic, value, from, to } = finding;
  // χ² adds up moves in every direction.
  const hasDirection = value !== 0 && !(statistic === "share" && finding.of === undefined && from === undefined);
  return {
    statistic,
    value: rounded(value),
    threshold: rounded(finding.needed(level)),
    pValue: rounded(Math.min(1, pValue)),
    ...(hasDirection ? { direction: value > 0 ? ("up" as const) : ("down" as const) } : {}),
    ...(from === undefined ? {} : { from: rounded(from) }),
    ...(to === undefined ? {} : { to: rounded(to) }),
  };
}

/** To nine places, so that the order in which rows were added up does not show. */
export const rounded = (value: number): number => Number(value.toPrecision(9));

interface PairQuestion {
  readonly a: string;
  readonly b: string;
  readonly finding: Finding;
}

function pairQuestions(
  then: readonly PairReference[],
  now: readonly PairReference[],
  floor: number,
): readonly PairQuestion[] {
  const found = new Map(now.map(({ a, b, correlation }) => [`${a}\u0000${b}`, correlation]));
  return then.flatMap(({ a, b, correlation }) => {
    const other = found.get(`${a}\u0000${b}`);
    const finding = other && correlationFinding(correlation, other, floor);
    return finding ? [{ a, b, finding }] : [];
  });
}
