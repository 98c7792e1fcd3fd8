// The default: a Gaussian process while it gets on, and others' ideas when it does not. A process alone wins on smooth spaces and stays for good in a
// branch, a dent or a plain that it believes to be all there is; the estimator of densities believes less and finds less. docs/tuning.md has the
// figures, by kind of space.

import type { Encoding, Point } from "./encoding.ts";
import { gpSampler, gpWithin } from "./gp/gp.ts";
import { sobolSampler } from "./plain-samplers.ts";
import { tpeSampler } from "./tpe.ts";
import { bestOf, type Question, type Trial } from "./trial.ts";

/** Trials that are always the process's: its even start and first steps. */
const FIRST = 10;
/** A part of the way from the median to the best. */
const HAIR = 0.01;
/** After as many trials without a better one every fourth is another's. */
const SLOW = 2;
/** After more than so many, every second. */
const STUCK = 5;
/** A process of its few hundred trials knows no more of thousands: from here on every second trial is another's anyway. */
const MANY = 300;

/** A Gaussian process, mixed with a Parzen estimator and with looks into other branches when it gets stuck. */
export function autoSampler(question: Question): Point {
  const { id, encoding, trials } = question;
  const best = bestOf(trials);
  if (id < FIRST || best === undefined) return gpSampler(question);
  const good = feasibleValues(trials);
  // Half of them are as good as the best: this is a plain, of which a process knows nothing and looks at its corners first.
  if (good[Math.floor(good.length / 2)]! <= best.value) return sobolSampler(question);
  const idle = id - reachedBy(trials, best);
  const isOthers = idle > STUCK || id >= MANY ? id % 2 === 1 : idle >= SLOW && id % 4 === 3;
  if (!isOthers) return gpSampler(question);
  // The next such turn comes after 2 or 4 trials; both kinds come by.
  const looksAside = encoding.conditional && (idle > STUCK ? id % 4 === 1 : id % 8 === 3);
  return looksAside ? otherBranch(question, best) : tpeSampler(question);
}

/** The id of the first trial that was as good as the best but for a hair: what only polishes does not count as getting on. */
function reachedBy(trials: readonly Trial[], best: Trial): number {
  const values = feasibleValues(trials);
  const near = best.value + HAIR * (values[Math.floor(values.length / 2)]! - best.value);
  return trials.find((trial) => isFeasible(trial) && trial.value <= near)!.id;
}

function isFeasible({ state, violation }: Trial): boolean {
  return state === "complete" && violation === 0;
}

function feasibleValues(trials: readonly Trial[]): readonly number[] {
  return trials
    .filter(isFeasible)
    .map(({ value }) => value)
    .sort((left, right) => left - right);
}

/** The process's best idea in a branch that the best trial is not in. */
function otherBranch(question: Question, best: Trial): Point {
  const { encoding, random, trials } = question;
  const parents = parentsOf(encoding).filter((parent) => !Number.isNaN(best.point[parent]!));
  const parent = parents[random.below(parents.length)]!;
  const { ordered, levels, valueAt } = encoding.dimensions[parent]!;
  const own = best.point[parent]!;
  if (ordered)
    return gpWithin(question, (point) => !Number.isNaN(point[parent]!) && valueAt(point[parent]!) !== valueAt(own));
  const bestWith = (choice: number): number =>
    bestOf(trials.filter(({ point }) => point[parent] === choice))?.value ?? Number.NEGATIVE_INFINITY;
  const others = Array.from({ length: levels }, (_, choice) => choice)
    .filter((choice) => choice !== own)
    .map((choice) => ({ choice, value: bestWith(choice) }))
    .sort((left, right) => compare(left.value, right.value));
  // The runner-up comes most often, every other one now and then.
  const { choice } = others[Math.floor(others.length * random.next() ** 2)]!;
  return gpWithin(question, (point) => point[parent] === choice);
}

function compare(left: number, right: number): number {
  return left < right ? -1 : Number(left > right);
}

function parentsOf({ dimensions }: Encoding): readonly number[] {
  return [...new Set(dimensions.flatMap(({ conditions }) => conditions.map(([parent]) => parent)))];
}
