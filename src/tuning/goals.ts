// Several goals at once. A sampler learns from one value, so each suggestion weighs the goals in its own way and asks the sampler for the best by that: the
// suggestions together follow the front, and every sampler serves. Values are to be minimised here, one per goal.

import type { Random } from "../core/core.ts";
import type { Trial } from "./trial.ts";

/** How much the sum of the goals counts beside the worst of them, so that no goal is given up for nothing. */
const SUM = 0.05;

/** A trial of several goals. */
export interface ManyTrial extends Trial {
  /** One per goal; undefined where there is no value. */
  readonly values?: readonly number[];
}

/**
 * Trials with one value each: the augmented Tchebycheff function of goals that are stretched to [0, 1], by weights that are drawn anew (ParEGO: Knowles 2006,
 * "ParEGO: a hybrid algorithm with on-line landscape approximation for expensive multiobjective optimization problems", §III).
 */
export function scalarised(trials: readonly ManyTrial[], count: number, random: Random): readonly Trial[] {
  const known = trials.filter(isKnown);
  const goals = Array.from({ length: count }, (_, goal) => known.map(({ values }) => values[goal]!));
  const [lows, highs] = [goals.map((each) => Math.min(...each)), goals.map((each) => Math.max(...each))];
  // Evenly over the simplex.
  const drawn = Array.from({ length: count }, () => -Math.log(1 - random.next()));
  const total = drawn.reduce((sum, each) => sum + each, 0);
  const weights = drawn.map((each) => each / total);
  return trials.map((trial) => {
    if (trial.values === undefined) return trial;
    const parts = trial.values.map((value, goal) => {
      const span = highs[goal]! - lows[goal]!;
      return span > 0 ? (weights[goal]! * (value - lows[goal]!)) / span : 0;
    });
    return { ...trial, value: Math.max(...parts) + SUM * parts.reduce((sum, part) => sum + part, 0) };
  });
}

/** The complete and feasible trials that no other is better than in one goal without being worse in another; of equal ones all. */
export function frontOf<T extends ManyTrial>(trials: readonly T[]): readonly T[] {
  const known = trials.filter(isKnown);
  return known.filter((trial) => !known.some((other) => dominates(other.values, trial.values)));
}

/** Whether values are no worse in any goal and better in one. */
export function dominates(left: readonly number[], right: readonly number[]): boolean {
  return left.every((value, goal) => value <= right[goal]!) && left.some((value, goal) => value < right[goal]!);
}

function isKnown<T extends ManyTrial>(trial: T): trial is T & { readonly values: readonly number[] } {
  return trial.state === "complete" && trial.violation === 0 && trial.values !== undefined;
}
