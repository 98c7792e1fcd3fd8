// Pruners: whether a trial that reports on its way is worth going on with. Each is a pure function of what it and the others reported so far;
// values are to be minimised (trial.ts turns signs).

import { SlipwayError } from "../core/core.ts";
import type { Curve, Trial } from "./trial.ts";

/** How trials are stopped early, and between which steps. */
export interface PrunerOptions {
  readonly kind: "none" | "auto" | "asha" | "hyperband" | "median" | "patience";
  /** No trial is stopped before this step; the lowest rung. */
  readonly minSteps: number;
  /** What a trial that is never stopped reaches; the top rung. */
  readonly maxSteps: number;
}

/** The pruners by name. */
export const prunerKinds = ["none", "auto", "asha", "hyperband", "median", "patience"] as const;

const ASHA_FACTOR = 4;
const HYPERBAND_FACTOR = 3;
const MEDIAN_STARTUP = 5;
/** Steps without a better value that `patience` waits for, as a share of all steps. */
const PATIENCE = 0.25;

/**
 * Whether to stop a trial that has just reported.
 *
 * @param trial - the trial, its newest report included
 * @param trials - every trial of the study
 */
export function shouldStop(
  { kind, minSteps, maxSteps }: PrunerOptions,
  trial: Trial,
  trials: readonly Trial[],
): boolean {
  switch (kind) {
    case "none":
      return false;
    // Asynchronous halving needs no more of a study than its reports, and loses least when curves cross late.
    case "auto":
    case "asha":
      return belowRung(trial, trials, rungs(minSteps, maxSteps, ASHA_FACTOR), ASHA_FACTOR);
    case "hyperband":
      return belowInBracket(trial, trials, minSteps, maxSteps);
    case "median":
      return belowMedian(trial, trials, minSteps);
    case "patience":
      return outOfPatience(trial, minSteps, maxSteps);
  }
}

/**
 * Takes a JSON value as a pruner.
 *
 * @throws SlipwayError `INPUT_INVALID` naming the field.
 */
export function checkPruner(given: unknown): PrunerOptions {
  if (given === undefined) return { kind: "none", minSteps: 1, maxSteps: 27 };
  const { kind, minSteps = 1, maxSteps = 27 } = (given ?? {}) as Record<string, unknown>;
  const known = prunerKinds.find((each) => each === kind);
  if (known === undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `A pruner's kind is one of ${prunerKinds.join(", ")}, not ${JSON.stringify(kind)}.`,
    );
  if (!Number.isSafeInteger(minSteps) || (minSteps as number) < 1)
    throw new SlipwayError(
      "INPUT_INVALID",
      `pruner.minSteps is a whole number from 1 on, not ${JSON.stringify(minSteps)}.`,
    );
  if (!Number.isSafeInteger(maxSteps) || (maxSteps as number) < (minSteps as number))
    throw new SlipwayError(
      "INPUT_INVALID",
      `pruner.maxSteps is a whole number from minSteps (${minSteps}) on, not ${JSON.stringify(maxSteps)}.`,
    );
  return { kind: known, minSteps: minSteps as number, maxSteps: maxSteps as number };
}

/** The steps at which trials are compared: from the least on by a factor, the last one left out, for there nothing is saved. */
function rungs(least: number, most: number, factor: number): readonly number[] {
  const steps: number[] = [];
  for (let step = least; step < most; step *= factor) steps.push(step);
  return steps;
}

/** Asynchronous successive halving in its stopping form (Li et al. 2020, arXiv 1810.05934): a rung lets one in `factor` pass. */
function belowRung(trial: Trial, trials: readonly Trial[], steps: readonly number[], factor: number): boolean {
  const reached = lastStep(trial);
  const rung = steps.findLast((step) => step <= reached);
  // A trial is judged once at each rung: by the first report at or past it.
  if (rung === undefined || firstFrom(trial.curve, rung) !== trial.curve.steps.length - 1) return false;
  const own = valueFrom(trial, rung)!;
  const peers = trials
    .filter(({ id }) => id !== trial.id)
    .map((other) => valueFrom(other, rung))
    .filter((value) => value !== undefined);
  const better = peers.filter((value) => value < own).length;
  return better >= Math.max(1, Math.floor((peers.length + 1) / factor));
}

/** Hyperband (Li et al. 2018, arXiv 1603.06560), asynchronously: trials are dealt to brackets by id, each halving from a rung of its own on. */
function belowInBracket(trial: Trial, trials: readonly Trial[], least: number, most: number): boolean {
  const all = rungs(least, most, HYPERBAND_FACTOR);
  const bracket = bracketOf(trial.id, all.length + 1);
  const peers = trials.filter(({ id }) => bracketOf(id, all.length + 1) === bracket);
  return belowRung(trial, peers, all.slice(bracket), HYPERBAND_FACTOR);
}

/** The bracket of a trial: those that stop early get more trials, in proportion to what one of theirs costs. */
function bracketOf(id: number, count: number): number {
  const shares = Array.from(
    { length: count },
    (_, bracket) => HYPERBAND_FACTOR ** (count - 1 - bracket) / (count - bracket),
  );
  const total = shares.reduce((sum, share) => sum + share, 0);
  // The golden ratio deals ids evenly over [0, 1) at every length of a study.
  let place = ((id * 0.618033988749895) % 1) * total;
  return Math.max(
    0,
    shares.findIndex((share) => {
      place -= share;
      return place < 0;
    }),
  );
}

/** The median rule (Golovin et al. 2017, Google Vizier): the best so far is worse than the median of the others' best by that step. */
function belowMedian(trial: Trial, trials: readonly Trial[], least: number): boolean {
  const step = lastStep(trial);
  if (step < least) return false;
  const bests = trials
    .filter((other) => other.id !== trial.id && other.state !== "failed" && lastStep(other) >= step)
    .map((other) => bestUntil(other, step))
    .filter((value) => value !== undefined)
    .sort((left, right) => left - right);
  if (bests.length < MEDIAN_STARTUP) return false;
  const middle = (bests[Math.floor((bests.length - 1) / 2)]! + bests[Math.ceil((bests.length - 1) / 2)]!) / 2;
  return trial.curve.bests.at(-1)! > middle;
}

function outOfPatience({ curve: { steps, bests } }: Trial, least: number, most: number): boolean {
  const step = steps.at(-1)!;
  const at = steps[firstIndex(bests, (best) => best <= bests.at(-1)!)]!;
  return step >= least && step - at >= Math.max(1, Math.ceil(PATIENCE * most));
}

function lastStep({ curve }: Trial): number {
  return curve.steps.at(-1) ?? Number.NEGATIVE_INFINITY;
}

/** Which report was the first at or past a step; as many as there are where none was. */
function firstFrom({ steps }: Curve, step: number): number {
  return firstIndex(steps, (each) => each >= step);
}

function valueFrom({ curve }: Trial, rung: number): number | undefined {
  return curve.values[firstFrom(curve, rung)];
}

function bestUntil({ curve }: Trial, last: number): number | undefined {
  return curve.bests[firstIndex(curve.steps, (step) => step > last) - 1];
}

/** The first place from which on something holds, by halving. */
function firstIndex(list: readonly number[], holds: (value: number) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(list[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
