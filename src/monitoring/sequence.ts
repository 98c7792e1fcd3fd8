// An ordered run of windows judged as one: which components there are is the reference's to say, and stays; their evidence is a plain
// value that is carried from window to window, or kept in a record between two looks.

import { frequentValues, type Standards, scoreMean, shareAgainst } from "./judge-column.ts";
import { type Hits, nowNew, onceNew } from "./rare-values.ts";
import type { CategorySketch } from "./sketch/column-sketch.ts";
import type { CategoryReference, ColumnReference, NumberReference, Reference, Window } from "./sketch/table-sketch.ts";
import {
  type Allowance,
  afterWindow,
  type Bets,
  evidenceOf,
  noBets,
  scoreBets,
  shareBets,
  type Winnings,
} from "./statistics/e-detector.ts";
import type { Statistic } from "./statistics/finding.ts";
import { type HistoryModel, historyModel, runningError } from "./statistics/history.ts";
import { massPolynomials } from "./statistics/polynomials.ts";
import { normalDistance } from "./statistics/tails.ts";
import { cohensH } from "./statistics/two-shares.ts";
import { type ColumnVerdict, type DriftOptions, type DriftVerdict, driftVerdict, rounded } from "./verdict.ts";

/** What a run has gathered so far. */
export interface SequenceState {
  /** By component: a column, what of it, and the category if it is one. */
  readonly winnings: Readonly<Record<string, Winnings>>;
  readonly windows: number;
  /** Columns of the alarm that stands until it is acknowledged; undefined while there is none. */
  readonly alarmed: readonly string[] | undefined;
}

/** A run before its first window, and after an acknowledgement. */
export const freshSequence: SequenceState = Object.freeze({ winnings: {}, windows: 0, alarmed: undefined });

/** A window's verdict as a part of its run: `evidence` is what the alarm is about, and stands at 1/falseAlarms or more with one. */
export interface SequenceVerdict extends DriftVerdict {
  readonly evidence: number;
}

/** One component's answer in one window. */
interface Step {
  readonly statistic: Statistic;
  readonly of?: string;
  readonly value: number;
  readonly bets: Bets;
  readonly from?: number;
  readonly to?: number;
}

// A reference is itself an estimate, and evidence added up for ever against its sampling error is a certain false alarm. Its error may
// spend ten windows' worth of the declared rate, once.
const REFERENCE_PART = 10;

/** Judges the next window of a run. A window without rows leaves the run as it was. */
export function nextVerdict(
  reference: Reference,
  window: Window,
  state: SequenceState,
  options: DriftOptions,
): { readonly verdict: SequenceVerdict; readonly state: SequenceState } {
  const single = driftVerdict(reference, window, options);
  if (window.rows === 0)
    return {
      verdict: {
        ...single,
        alarm: state.alarmed !== undefined,
        evidence: rounded(evidenceOf(Object.values(state.winnings))),
      },
      state,
    };
  const components = reference.columns.map((column) => ({ column, names: componentsOf(column) }));
  const count = components.reduce((sum, { names }) => sum + names.length, 0);
  const margin = normalDistance(Math.min(1, REFERENCE_PART * options.falseAlarms) / Math.max(1, count));
  const winnings: Record<string, Winnings> = {};
  const steps = new Map<string, { readonly step: Step; readonly evidence: number }[]>();
  for (const { column, names } of components)
    for (const name of names) {
      const key = [column.name, name.statistic, ...(name.of === undefined ? [] : [name.of])].join("\u0000");
      const step = stepOf(column, name, window, reference, options.minEffect, margin);
      const won = afterWindow(state.winnings[key] ?? [], step?.bets ?? noBets);
      winnings[key] = won;
      if (step) steps.set(column.name, [...(steps.get(column.name) ?? []), { step, evidence: evidenceOf([won]) }]);
    }
  const evidence = evidenceOf(Object.values(winnings));
  const structural = single.columns.filter(({ pValue, drifted }) => drifted && pValue === null).map(({ name }) => name);
  const isOver = evidence >= 1 / options.falseAlarms;
  const strong = isOver
    ? [...steps].filter(([, of]) => of.some((each) => each.evidence >= 1 / options.falseAlarms)).map(([name]) => name)
    : [];
  const isAlarm = state.alarmed !== undefined || isOver || structural.length > 0;
  const named = new Set([...(state.alarmed ?? []), ...strong, ...structural]);
  const alarmed = isAlarm ? reference.columns.map(({ name }) => name).filter((name) => named.has(name)) : undefined;
  const columns = single.columns.map((column) => shown(column, steps.get(column.name), named));
  const { pairs: _, ...rest } = single;
  return {
    verdict: { ...rest, alarm: isAlarm, columns, evidence: rounded(evidence) },
    state: { winnings, windows: state.windows + 1, alarmed },
  };
}

function shown(
  single: ColumnVerdict,
  steps: readonly { readonly step: Step; readonly evidence: number }[] | undefined,
  named: ReadonlySet<string>,
): ColumnVerdict {
  const strongest = steps?.reduce((best, one) => (one.evidence > best.evidence ? one : best));
  const drifted = named.has(single.name);
  // Without a run's finding of its own, the column is shown as the window alone shows it.
  if (strongest === undefined || single.pValue === null) return { ...single, drifted };
  const { statistic, value, from, to, of } = strongest.step;
  return {
    name: single.name,
    statistic,
    value: rounded(value),
    threshold: single.statistic === statistic ? single.threshold : null,
    pValue: single.pValue,
    drifted,
    ...(value === 0 ? {} : { direction: value > 0 ? ("up" as const) : ("down" as const) }),
    ...(from === undefined ? {} : { from: rounded(from) }),
    ...(to === undefined ? {} : { to: rounded(to) }),
    ...(of === undefined ? {} : { of }),
  };
}

interface ComponentName {
  readonly statistic: Statistic;
  readonly of?: string;
}

const NUMBER_STATISTICS = ["location", "spread", "shape"] as const;

/** A window of about so many rows is enough for a category to be a component of its own. */
const USUAL_ROWS = 100;

function componentsOf(column: ColumnReference): readonly ComponentName[] {
  const nulls: ComponentName = { statistic: "nulls" };
  if (column.kind === "number" || column.kind === "moment") {
    const scores = massPolynomials(Array.from((column as NumberReference).whole.counts));
    return [...scores.map((_, degree) => ({ statistic: NUMBER_STATISTICS[degree]! })), nulls];
  }
  const { whole } = column as CategoryReference;
  if (whole.counts === undefined || whole.counts.size === 0) return [nulls];
  const usual = frequentValues(whole.counts, USUAL_ROWS);
  const values = (whole.counts.size === 2 ? usual.slice(1) : usual).map(
    (of): ComponentName => ({ statistic: "share", of }),
  );
  return [...values, { statistic: "newValues" }, nulls];
}

function stepOf(
  column: ColumnReference,
  name: ComponentName,
  window: Window,
  reference: Reference,
  floor: number,
  margin: number,
): Step | undefined {
  const now = window.columns.get(column.name);
  if (now === undefined || now.kind === "other") return undefined;
  const week = reference.phases === undefined ? undefined : { phases: reference.phases, phase: window.phase };
  const degree = NUMBER_STATISTICS.indexOf(name.statistic as never);
  if (degree >= 0) {
    const own = column as NumberReference;
    if (!("counts" in now.sketch) || now.sketch.counts instanceof Map || now.sketch.counts === undefined)
      return undefined;
    return scoreStep(own, degree, now.sketch.counts as ArrayLike<number>, now.sketch as never, week, floor, margin);
  }
  const { whole, past } = column as CategoryReference;
  if (name.statistic === "nulls") {
    const hits = ({ missing, rows }: { missing: number; rows: number }) => ({ hits: missing, rows });
    return shareStep(name, hits(whole), past?.map(hits), hits(now.sketch), week, floor, margin);
  }
  const counts = now.sketch.counts as ReadonlyMap<string, number> | undefined;
  if (whole.counts === undefined || counts === undefined) return undefined;
  if (name.statistic === "newValues") {
    const unseen = nowNew(whole.counts, { ...(now.sketch as CategorySketch), counts });
    if (week !== undefined && past !== undefined) {
      const before = past.map((each) => onceNew(whole.counts!, each));
      const total = before.reduce((sum, { hits, rows }) => ({ hits: sum.hits + hits, rows: sum.rows + rows }));
      return shareStep(name, total, before, unseen, week, floor, margin);
    }
    let single = 0;
    for (const count of whole.counts.values()) if (count === 1) single += 1;
    // What a value's chance of never having been seen adds up to is about the share of values seen once (Good 1953).
    return shareStep(
      name,
      { hits: single, rows: whole.rows - whole.missing },
      undefined,
      unseen,
      undefined,
      floor,
      margin,
    );
  }
  const hits = (sketch: { counts: ReadonlyMap<string, number> | undefined; rows: number; missing: number }) => ({
    hits: sketch.counts?.get(name.of ?? "") ?? 0,
    rows: sketch.rows - sketch.missing,
  });
  return shareStep(name, hits(whole), past?.map(hits), hits({ ...now.sketch, counts }), week, floor, margin);
}

type Week = Standards["week"];

function scoreStep(
  { whole, past }: NumberReference,
  degree: number,
  counts: ArrayLike<number>,
  sketch: { readonly mean: number | null },
  week: Week,
  floor: number,
  margin: number,
): Step | undefined {
  const score = massPolynomials(Array.from(whole.counts))[degree];
  if (score === undefined) return undefined;
  const now = scoreMean(score, counts);
  if (now.rows === 0) return undefined;
  const means = week && past?.map((each) => scoreMean(score, each.counts));
  const model =
    means &&
    historyModel(
      { values: means.map(({ value }) => value), rows: means.map(({ rows }) => rows), phases: week.phases },
      week.phase,
    );
  const centre = model?.centre ?? 0;
  const value = now.value - centre;
  const named =
    degree === 0 && whole.mean !== null && sketch.mean !== null ? { from: whole.mean, to: sketch.mean } : {};
  return {
    statistic: NUMBER_STATISTICS[degree]!,
    value,
    bets: scoreBets(
      { masses: whole.counts, scores: score, rows: whole.rows - whole.missing },
      now,
      allowance(model, now.rows, floor, margin),
    ),
    ...named,
  };
}

function allowance(model: HistoryModel | undefined, rows: number, floor: number, margin: number): Allowance {
  if (model === undefined) return { centre: 0, slack: floor, between: 0, margin };
  const between = Math.max(0, runningError(model, rows) ** 2 - 1 / rows);
  return { centre: model.centre, slack: floor + margin * model.centreError, between, margin };
}

function shareStep(
  name: ComponentName,
  whole: Hits,
  past: readonly Hits[] | undefined,
  now: Hits,
  week: Week,
  floor: number,
  margin: number,
): Step | undefined {
  if (now.rows === 0 || whole.rows === 0) return undefined;
  const share = whole.hits / whole.rows;
  const to = now.hits / now.rows;
  const unit = Math.sqrt(share * (1 - share));
  if (week !== undefined && past !== undefined && unit > 0) {
    const dated = shareAgainst(name.statistic, share, past, now, week, floor);
    const scaled = ({ hits, rows }: Hits): number => (rows === 0 ? 0 : (hits / rows - share) / unit);
    const model = historyModel(
      { values: past.map(scaled), rows: past.map(({ rows }) => rows), phases: week.phases },
      week.phase,
    );
    if (dated && model) {
      const bets = scoreBets(
        { masses: [1 - share, share], scores: [-share / unit, (1 - share) / unit], rows: whole.rows },
        { value: scaled(now), rows: now.rows },
        allowance(model, now.rows, floor, margin),
      );
      return { ...name, value: dated.value, bets, from: dated.from ?? share, to };
    }
  }
  const [low, high] = limits(whole, margin);
  const moved = (limit: number, by: number): number =>
    Math.sin(Math.min(Math.PI / 2, Math.max(0, Math.asin(Math.sqrt(limit)) + by / 2))) ** 2;
  return {
    ...name,
    value: cohensH(share, to),
    bets: shareBets(now.hits, now.rows, moved(low, -floor), moved(high, floor)),
    from: share,
    to,
  };
}

/** Between which shares the reference's own may lie (Wilson 1927). */
function limits({ hits, rows }: Hits, z: number): readonly [number, number] {
  const share = hits / rows;
  const square = (z * z) / rows;
  const middle = (share + square / 2) / (1 + square);
  const reach = (z * Math.sqrt((share * (1 - share)) / rows + square / (4 * rows))) / (1 + square);
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)];
}
