// Bayesian optimisation: a Gaussian process over every finished trial, and the point whose expected improvement over the best mean is highest.
// Pending trials are believed to come out as foretold, which moves suggestions away from them.

import { fill, type Point } from "../encoding.ts";
import { randomPoint } from "../plain-samplers.ts";
import { prunedValue } from "../pruned-value.ts";
import { shiftedSobol } from "../sobol.ts";
import { type Question, ranked, type Trial } from "../trial.ts";
import { featuresOf, rowOf } from "./features.ts";
import { fitProcess, type Process } from "./process.ts";
import { mostPromising } from "./search.ts";
import { halfRank } from "./warp.ts";

/** Shorter lengths than one would think: a surprise costs less than a branch never looked at. */
const CENTRE = -1;
/** So many trials a process is made of: half of them the best, half the newest. */
const MOST = 150;

/** How many evenly spread trials come before the first fit. */
export function startupOf({ encoding }: Question): number {
  return Math.min(10, 3 + Math.ceil(encoding.dimensions.length / 2));
}

/** A Gaussian process with expected improvement. */
export function gpSampler(question: Question): Point {
  return gpWithin(question, () => true);
}

/** The same, in one branch: only points that are accepted. */
export function gpWithin(question: Question, accepts: (point: Point) => boolean): Point {
  const { encoding, trials, id, random } = question;
  const finished = ranked(trials);
  const feasible = finished.filter(({ state, violation }) => state === "complete" && violation === 0);
  if (id < startupOf(question) || feasible.length < 3) return evenPoint(question);
  const kept = keptOf(finished);
  const values = halfRank(valuesOf(kept, feasible));
  const features = featuresOf(
    encoding,
    kept.map(({ point }) => point),
  );
  const process = fitProcess(features, values, kept.length > 100 ? 10 : 20, CENTRE);
  // A branch is improved on by its own measure; one that nobody looked at, by the measure of all.
  const inside = features.rows.filter((_, index) => accepts(kept[index]!.point));
  const incumbent = Math.min(...(inside.length > 0 ? inside : features.rows).map((row) => process.predict(row).mean));
  const point = mostPromising({
    encoding,
    process: believing(question, process, kept, values),
    incumbent,
    best: kept.map((trial) => trial.point),
    taken: trials.map((trial) => trial.point),
    random,
    accepts,
  });
  return point ?? randomPoint(encoding, random);
}

/** The start: the middle, then Sobol's sequence, so that trials before the first fit leave no gap. */
function evenPoint({ encoding, id, seed }: Question): Point {
  const unit = shiftedSobol(seed, id, encoding.dimensions.length);
  return fill(encoding, (index) => {
    const { ordered, levels } = encoding.dimensions[index]!;
    if (!ordered) return Math.min(levels - 1, Math.floor(unit[index]! * levels));
    return id === 0 ? 0.5 : unit[index]!;
  });
}

/** From best to worst, no more than a process takes. */
function keptOf(finished: readonly Trial[]): readonly Trial[] {
  if (finished.length <= MOST) return finished;
  const newest = new Set([...finished].sort((left, right) => right.id - left.id).slice(0, MOST / 2));
  let room = MOST - newest.size;
  return finished.filter((trial) => newest.has(trial) || room-- > 0);
}

/** A value for every trial: one that failed or broke a constraint is as bad as the worst; one that was pruned is by its rank when it was, or no better than the middle. */
function valuesOf(kept: readonly Trial[], feasible: readonly Trial[]): Float64Array {
  const worst = feasible.at(-1)!.value;
  const middle = feasible[Math.floor(feasible.length / 2)]!.value;
  return Float64Array.from(kept, (trial) => {
    const { state, value, violation } = trial;
    const byRank = state === "pruned" ? prunedValue(trial, feasible) : undefined;
    if (byRank !== undefined) return byRank;
    if (state === "pruned" && !Number.isNaN(value)) return Math.min(worst, Math.max(middle, value));
    return state === "complete" && violation === 0 ? value : worst;
  });
}

function believing(
  { encoding, trials }: Question,
  process: Process,
  kept: readonly Trial[],
  values: Float64Array,
): Process {
  const pending = trials.filter(({ state }) => state === "running").map(({ point }) => point);
  if (pending.length === 0) return process;
  const believed = pending.map((point) => process.predict(rowOf(encoding, point)).mean);
  const features = featuresOf(encoding, [...kept.map(({ point }) => point), ...pending]);
  return process.with(features, Float64Array.from([...values, ...believed]));
}
