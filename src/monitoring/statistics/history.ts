// How much a figure differs from window to window when nothing has changed: by the day of the week, by chance, and by more than chance.
// A test that knows only chance calls every window of many rows odd, because real days differ.

import type { Finding, Statistic } from "./finding.ts";
import { chiSquareExceeded, chiSquareTail, studentDistance, studentTail } from "./tails.ts";

/** A figure of unit variance per row in the windows of a history. */
export interface Past {
  readonly values: readonly number[];
  readonly rows: readonly number[];
  /** Which part of the week each window is. */
  readonly phases: readonly number[];
}

/** What a history says about a window of one phase. */
export interface HistoryModel {
  /** What the figure is in such a window. */
  readonly centre: number;
  readonly freedom: number;
  /** Variance between windows beyond chance. */
  readonly between: number;
  /** The factor that one window's likeness to the next puts on the variance of a mean: (1 + ρ)/(1 − ρ). */
  readonly inflation: number;
  /** The centre's own standard error. */
  readonly centreError: number;
  /** Whether windows clearly differ by more than chance, at 5 %. */
  readonly isUneven: boolean;
}

const LEAST_PER_PHASE = 3;

/**
 * The model of a history: a mean for each phase of the week, overdispersion about it, and the likeness of one window to the next. This is
 * the chart of Laney 2002 ("Improved control charts for attributes") with phases. None with too few windows to tell.
 */
export function historyModel({ values, rows, phases }: Past, phase: number | undefined): HistoryModel | undefined {
  const used = values.map((_, place) => place).filter((place) => rows[place]! > 0);
  const count = used.length;
  const size = new Map<number, number>();
  for (const place of used) size.set(phases[place]!, (size.get(phases[place]!) ?? 0) + 1);
  const own = phase === undefined ? 0 : (size.get(phase) ?? 0);
  // Phases that were seen too seldom have no mean of their own; then the week has no pattern.
  const hasPattern = own >= LEAST_PER_PHASE && count >= LEAST_PER_PHASE * size.size;
  const phaseOf = (place: number): number => (hasPattern ? phases[place]! : 0);
  const means = new Map<number, { sum: number; rows: number; windows: number }>();
  for (const place of used) {
    const mean = means.get(phaseOf(place)) ?? { sum: 0, rows: 0, windows: 0 };
    mean.sum += values[place]! * rows[place]!;
    mean.rows += rows[place]!;
    mean.windows += 1;
    means.set(phaseOf(place), mean);
  }
  const freedom = count - means.size;
  if (freedom < 5) return undefined;
  const residuals = used.map((place) => {
    const { sum, rows: of } = means.get(phaseOf(place))!;
    return values[place]! - sum / of;
  });
  const squares = residuals.reduce((sum, r, at) => sum + r * r * rows[used[at]!]!, 0);
  const dispersion = squares / freedom;
  const chance = used.reduce((sum, place) => sum + 1 / rows[place]!, 0) / count;
  const between = Math.max(0, dispersion - 1) * chance;
  let [lagged, whole] = [0, 0];
  for (const [at, r] of residuals.entries()) {
    whole += r * r;
    if (at > 0 && used[at]! === used[at - 1]! + 1) lagged += r * residuals[at - 1]!;
  }
  // The estimate is too low by about (1 + 4ρ)/count (Marriott and Pope 1954), and means of phases take some more.
  const raw = whole > 0 ? lagged / whole : 0;
  const likeness = Math.min(0.9, Math.max(0, raw + (1 + 4 * raw) / freedom));
  const inflation = (1 + likeness) / (1 - likeness);
  const mean = means.get(hasPattern ? phase! : 0)!;
  return {
    centre: mean.sum / mean.rows,
    freedom,
    between,
    inflation,
    centreError: Math.sqrt((chance + between * inflation) / mean.windows),
    isUneven: chiSquareTail(squares, freedom) < 0.05,
  };
}

/** A window's figure against its history: a Student test of what chance, the windows' own differences and the centre's error allow. */
export function historyFinding(
  statistic: Statistic,
  model: HistoryModel,
  figure: { readonly value: number; readonly rows: number },
  floor: number,
): Finding {
  const value = figure.value - model.centre;
  const error = Math.sqrt(1 / figure.rows + model.between + model.centreError ** 2);
  return {
    statistic,
    value,
    pValue: Math.min(1, 2 * studentTail(Math.max(0, Math.abs(value) - floor) / error, model.freedom)),
    needed: (pValue) => floor + studentDistance(pValue, model.freedom) * error,
  };
}

/** The standard error of one window's figure where windows are added up one after the other, widened for what the history may have missed. */
export function runningError(model: HistoryModel, rows: number): number {
  const widened = model.isUneven ? model.freedom / chiSquareExceeded(0.95, model.freedom) : 1;
  return Math.sqrt(1 / rows + model.between * model.inflation * widened);
}
