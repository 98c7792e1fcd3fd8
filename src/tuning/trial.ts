// What samplers and pruners know of the trials of a study. Values are always to be minimised here: a study that maximises turns the sign when a
// value comes in, so the same suggestions come out.

import type { Random } from "../core/core.ts";
import type { Encoding, Point } from "./encoding.ts";

/** How far a trial is. */
export type TrialState = "running" | "complete" | "pruned" | "failed";

/** One trial as a sampler sees it. */
export interface Trial {
  readonly id: number;
  readonly point: Point;
  readonly state: TrialState;
  /** What came out, lower is better; of a pruned trial the last value it reported; NaN where there is none. */
  readonly value: number;
  /** By how much the constraints are broken: the sum of those above 0. */
  readonly violation: number;
  /** What it reported on its way. */
  readonly curve: Curve;
}

/** What a trial reported, by rising step. It grows at its end only, so that a report costs the same however many came before. */
export interface Curve {
  readonly steps: readonly number[];
  /** Lower is better. */
  readonly values: readonly number[];
  /** The best value up to and with each step. */
  readonly bests: readonly number[];
}

/** What a sampler is asked: where to look next. */
export interface Question {
  readonly encoding: Encoding;
  /** Every trial of the study so far, in the order of their ids. */
  readonly trials: readonly Trial[];
  /** The id of the trial that is to be suggested. */
  readonly id: number;
  readonly seed: number;
  readonly random: Random;
  /** How many trials are planned, where that is known. */
  readonly budget: number | undefined;
}

/** A sampler: a pure function from what is known to the next point. */
export type Sampler = (question: Question) => Point;

/** Trials from best to worst: complete and feasible by value, then pruned, then infeasible by violation, then failed. */
export function ranked(trials: readonly Trial[]): readonly Trial[] {
  const kind = ({ state, violation }: Trial): number => {
    if (state === "failed") return 3;
    if (violation > 0) return 2;
    return state === "pruned" ? 1 : 0;
  };
  // A pruned trial that got further is worth more; one that never reported stands last of them.
  const within = (left: Trial, right: Trial): number => {
    if (kind(left) === 2) return left.violation - right.violation;
    const further = right.curve.steps.length - left.curve.steps.length;
    if (kind(left) === 1 && further !== 0) return further;
    return compare(left.value, right.value);
  };
  return trials
    .filter(({ state }) => state !== "running")
    .sort((left, right) => kind(left) - kind(right) || within(left, right) || left.id - right.id);
}

function compare(left: number, right: number): number {
  if (Number.isNaN(left)) return Number.isNaN(right) ? 0 : 1;
  return Number.isNaN(right) || left < right ? -1 : Number(left > right);
}

/** The best complete and feasible trial, the earliest of equals. */
export function bestOf(trials: readonly Trial[]): Trial | undefined {
  const [first] = ranked(trials.filter(({ state, violation }) => state === "complete" && violation === 0));
  return first;
}
