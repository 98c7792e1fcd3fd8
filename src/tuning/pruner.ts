// Pruners: whether a trial that reports on its way is worth going on with. Each is a pure function of what it and the others reported so far;
// values are to be minimised (trial.ts turns signs).

import { SlipwayError } from "../core/core.ts";
import type { Trial } from "./trial.ts";

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
 * @param others - the other trials of the study
 */
export function shouldStop(
  { kind, minSteps, maxSteps }: PrunerOptions,
  trial: Trial,
  others: readonly Trial[],
): boolean {
  switch (kind) {
    case "none":
      return false;
    // Asynchronous halving needs no more of a study than its reports, and loses least when curves cross late.
    case "auto":
    case "asha":
      return belowRung(trial, others, rungs(minSteps, maxSteps, ASHA_FACTOR), ASHA_FACTOR);
    case "hyperband":
      return belowInBracket(trial, others, minSteps, maxSteps);
    case "median":
      return belowMedian(trial, others, minSteps);
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
function belowRung(trial: Trial, others: readonly Trial[], steps: readonly number[], factor: number): boolean {
  const reached = lastStep(trial);
  const rung = steps.findLast((step) => step <= reached);
  // A trial is judged once at each rung: by the first report at or past it.
  if (rung === undefined || reached !== firstFrom(trial, rung)) return false;
  const own = valueFrom(trial, rung);
  const peers = others.map((other) => valueFrom(other, rung)).filter((value) => value !== undefined);
  const better = peers.filter((value) => own === undefined || Number.isNaN(own) || value < own).length;
  if (own === undefined || Number.isNaN(own)) return true;
  return better >= Math.max(1, Math.floor((peers.length + 1) / factor));
}

/** Hyperband (Li et al. 2018, arXiv 1603.06560), asynchronously: trials are dealt to brackets by id, each halving from a rung of its own on. */
function belowInBracket(trial: Trial, others: readonly Trial[], least: number, most: number): boolean {
  const all = rungs(least, most, HYPERBAND_FACTOR);
  const bracket = bracketOf(trial.id, all.length + 1);
  const peers = others.filter(({ id }) => bracketOf(id, all.length + 1) === bracket);
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
function belowMedian(trial: Trial, others: readonly Trial[], least: number): boolean {
  const step = lastStep(trial);
  if (step < least) return false;
  const bests = others
    .filter((other) => other.state !== "failed" && lastStep(other) >= step)
    .map((other) => bestUntil(other, step))
    .filter((value) => !Number.isNaN(value))
    .sort((left, right) => left - right);
  if (bests.length < MEDIAN_STARTUP) return false;
  const middle = (bests[Math.floor((bests.length - 1) / 2)]! + bests[Math.ceil((bests.length - 1) / 2)]!) / 2;
  const own = bestUntil(trial, step);
  return Number.isNaN(own) || own > middle;
}

function outOfPatience(trial: Trial, least: number, most: number): boolean {
  const step = lastStep(trial);
  const best = bestUntil(trial, step);
  const at = [...trial.steps].find(([, value]) => value === best)?.[0] ?? 0;
  return step >= least && step - at >= Math.max(1, Math.ceil(PATIENCE * most));
}

function lastStep({ steps }: Trial): number {
  let last = Number.NEGATIVE_INFINITY;
  for (const step of steps.keys()) last = Math.max(last, step);
  return last;
}

function firstFrom({ steps }: Trial, rung: number): number | undefined {
  return [...steps.keys()].filter((step) => step >= rung).sort((left, right) => left - right)[0];
}

function valueFrom(trial: Trial, rung: number): number | undefined {
  const step = firstFrom(trial, rung);
  return step === undefined ? undefined : trial.steps.get(step);
}

function bestUntil({ steps }: Trial, last: number): number {
  let best = Number.NaN;
  for (const [step, value] of steps) if (step <= last && !(value >= best) && !Number.isNaN(value)) best = value;
  return best;
}
