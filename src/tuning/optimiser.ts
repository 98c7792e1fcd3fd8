// A study in memory, asked and told: whoever owns the objective asks where to look and tells what came out. It keeps no clock and no thread, so
// the same questions and answers in the same order give the same suggestions everywhere.

import { randomOf, SlipwayError } from "../core/core.ts";
import { checkSpace } from "./check-space.ts";
import { configurationOf, type Encoding, encode, type Point, paramsOf, pointOf } from "./encoding.ts";
import { frontOf, type ManyTrial, scalarised } from "./goals.ts";
import { checkPruner, type PrunerOptions, shouldStop } from "./pruner.ts";
import { type SamplerName, samplers } from "./samplers.ts";
import type { Params, ParamsOf, Space } from "./space.ts";
import { bestOf, type Curve, type Trial, type TrialState } from "./trial.ts";
import { unseen } from "./unseen.ts";

/** Which way is better. */
export type Direction = "minimize" | "maximize";

/** What a study is about. */
export interface OptimiserOptions<S extends Space = Space> {
  readonly space: S;
  readonly direction?: Direction;
  /** Several goals: one direction each, in place of `direction`. */
  readonly directions?: readonly Direction[];
  /** A whole number from 0 on; the same seed gives the same suggestions. */
  readonly seed?: number;
  /** How many trials are planned: a hint. */
  readonly budget?: number;
  readonly sampler?: SamplerName;
  readonly pruner?: Partial<PrunerOptions>;
  /** How many constraints are told with each value; a trial is feasible when all are at most 0. */
  readonly constraints?: number;
  /** Trials that are known already, from an earlier study or from before: they take the first ids. */
  readonly told?: readonly KnownTrial[];
}

/** A trial that ended before the study began. It lies in the space, with every active parameter; what is inactive is not looked at. */
export interface KnownTrial {
  readonly params: Params;
  /** In the study's direction; without one, the trial failed, unless its state says that it was pruned. */
  readonly value?: number;
  /** With several goals, one value each. */
  readonly values?: readonly number[];
  readonly state?: "pruned";
  /** What it reported on its way, at rising steps. */
  readonly curve?: readonly { readonly step: number; readonly value: number }[];
}

/** What came out of a trial. */
export type Outcome =
  | { readonly value: number; readonly constraints?: readonly number[] }
  | { readonly values: readonly number[]; readonly constraints?: readonly number[] }
  | { readonly state: "failed" }
  | { readonly state: "pruned"; readonly value?: number };

/** A trial that was suggested. */
export interface Suggestion<P = Params> {
  readonly id: number;
  readonly params: P;
}

/** A study in memory. */
export interface Optimiser<P = Params> {
  /** Suggests where to look next, or takes a configuration to look at. Several trials may be pending. Throws `INPUT_INVALID` for a configuration that is none of the space's. */
  ask(configuration?: P): Suggestion<P>;
  /** Takes what came out. Throws `TRIAL_NOT_FOUND` for an id that is unknown or was told, `INPUT_INVALID` for a value that is not finite. */
  tell(id: number, outcome: Outcome): void;
  /** Takes a value on the way, at rising steps, and says whether to stop the trial. */
  report(id: number, step: number, value: number): boolean;
  /** The best complete and feasible trial, in the study's own direction. Throws `INPUT_INVALID` where there are several goals. */
  best(): (Suggestion<P> & { readonly value: number }) | undefined;
  /** With several goals the complete and feasible trials that none other is better than in every way; with one goal, the best. */
  front(): readonly (Suggestion<P> & { readonly values: readonly number[] })[];
}

/** A curve to its owner, who alone may add to it. */
type Growing = { readonly [K in keyof Curve]: number[] };

/**
 * A study that is asked and told.
 *
 * @throws SlipwayError `DEFINITION_INVALID` for a space that cannot be, `INPUT_INVALID` for another option.
 */
export function createOptimiser<const S extends Space>(options: OptimiserOptions<S>): Optimiser<ParamsOf<S>> {
  const { space, seed = 0, budget, sampler = "auto", constraints = 0 } = options;
  checkSpace(space);
  const pruner = checkPruner(options.pruner);
  const directions = checkedDirections(options);
  const isMany = directions.length > 1;
  if (isMany && pruner.kind !== "none")
    throw invalid(
      `A study of several goals has no pruner, for a report is about one of them; leave ${pruner.kind} out.`,
    );
  if (!isCount(seed)) throw invalid(`seed is a whole number from 0 on, not ${JSON.stringify(seed)}.`);
  if (budget !== undefined && !isCount(budget))
    throw invalid(`budget is a whole number from 0 on, not ${JSON.stringify(budget)}.`);
  if (!isCount(constraints))
    throw invalid(`constraints is how many there are, from 0 on, not ${JSON.stringify(constraints)}.`);
  if (typeof sampler !== "string" || !Object.hasOwn(samplers, sampler))
    throw invalid(`sampler is one of ${Object.keys(samplers).join(", ")}, not ${JSON.stringify(sampler)}.`);
  const encoding = encode(space);
  const signs = directions.map((each) => (each === "minimize" ? 1 : -1));
  const sign = signs[0]!;
  const told = options.told ?? [];
  const trials: ManyTrial[] = told.map((known, id) => knownAs(encoding, signs, known, id));
  const running = (id: number): ManyTrial => {
    const trial = trials[id];
    if (trial?.state === "running") return trial;
    throw new SlipwayError(
      "TRIAL_NOT_FOUND",
      trial === undefined
        ? `There is no trial ${id}; ${trials.length === 0 ? "none was asked for yet" : `the last is ${trials.length - 1}`}.`
        : `Trial ${id} was already told (${trial.state}); ask for another.`,
    );
  };
  // A known trial has the value that it had, which is within a hair of what its place gives.
  const given = new Map<number, Params>(told.map(({ params: known }, id) => [id, known]));
  const params = ({ id, point }: Trial): ParamsOf<S> => {
    const known = given.get(id);
    return (known ? configurationOf(space, known) : paramsOf(encoding, point)) as ParamsOf<S>;
  };
  const end = (trial: Trial, state: TrialState, value: number, violation = 0): void => {
    trials[trial.id] = { ...trial, state, value, violation };
  };
  const own = (values: readonly number[]): readonly number[] => values.map((value, goal) => signs[goal]! * value);
  return {
    ask(configuration) {
      const id = trials.length;
      const random = randomOf(seed, id);
      const seen = isMany ? scalarised(trials, signs.length, random) : trials;
      const question = { encoding, trials: seen, id, seed, random, budget };
      const point = configuration
        ? knownPoint(encoding, configuration as Params)
        : unseen(question, samplers[sampler](question));
      if (configuration) given.set(id, configuration as Params);
      const trial: Trial = {
        id,
        point,
        state: "running",
        value: Number.NaN,
        violation: 0,
        curve: { steps: [], values: [], bests: [] },
      };
      trials.push(trial);
      return { id, params: params(trial) };
    },
    tell(id, outcome) {
      const trial = running(id);
      if ("state" in outcome && outcome.state === "failed") return end(trial, "failed", Number.NaN);
      if ("state" in outcome) {
        const last = outcome.value === undefined ? trial.curve.values.at(-1) : sign * finite("value", outcome.value);
        return end(trial, "pruned", last ?? Number.NaN);
      }
      const violation = violationOf(constraints, outcome.constraints);
      if (isMany) {
        const values = manyValues(signs.length, "values" in outcome ? outcome.values : undefined);
        trials[id] = { ...trial, state: "complete", values: own(values), violation };
        return;
      }
      end(trial, "complete", sign * finite("value", oneValue(outcome)), violation);
    },
    report(id, step, value) {
      const trial = running(id);
      addReport(trial.curve as Growing, id, step, sign * finite("value", value));
      return shouldStop(pruner, trial, trials);
    },
    best() {
      if (isMany) throw invalid("A study of several goals has no one best trial; ask for its front.");
      const trial = bestOf(trials);
      return trial && { id: trial.id, value: sign * trial.value, params: params(trial) };
    },
    front() {
      const best = isMany ? undefined : bestOf(trials);
      const front = isMany ? frontOf(trials) : best ? [{ ...best, values: [best.value] }] : [];
      return front.map((trial) => ({ id: trial.id, values: own(trial.values ?? []), params: params(trial) }));
    },
  };
}

function knownAs(
  encoding: Encoding,
  signs: readonly number[],
  { params, value, values, state, curve = [] }: KnownTrial,
  id: number,
): ManyTrial {
  const sign = signs[0]!;
  const seen: Growing = { steps: [], values: [], bests: [] };
  for (const each of curve) addReport(seen, id, each.step, sign * finite("a told trial's report", each.value));
  const about = { id, point: knownPoint(encoding, params), violation: 0, curve: seen };
  if (signs.length > 1) {
    const own = values && manyValues(signs.length, values).map((each, goal) => signs[goal]! * each);
    return {
      ...about,
      value: Number.NaN,
      state: own ? "complete" : (state ?? "failed"),
      ...(own ? { values: own } : {}),
    };
  }
  const last = state === undefined ? undefined : seen.values.at(-1);
  return {
    ...about,
    state: state ?? (value === undefined ? "failed" : "complete"),
    value: value === undefined ? (last ?? Number.NaN) : sign * finite("a told trial's value", value),
  };
}

function checkedDirections({ direction = "minimize", directions }: OptimiserOptions): readonly Direction[] {
  const all = directions ?? [direction];
  if (!Array.isArray(all) || all.length === 0)
    throw invalid(`directions is a list of minimize and maximize, one per goal, not ${JSON.stringify(all)}.`);
  for (const each of all)
    if (each !== "minimize" && each !== "maximize")
      throw invalid(`direction is minimize or maximize, not ${JSON.stringify(each)}.`);
  return all;
}

function manyValues(count: number, given: readonly number[] | undefined): readonly number[] {
  if (!Array.isArray(given) || given.length !== count)
    throw invalid(`This study has ${count} goals: tell as many values, not ${JSON.stringify(given) ?? "none"}.`);
  return given.map((each) => finite("a value", each));
}

function oneValue(outcome: object): unknown {
  if ("values" in outcome) throw invalid("This study has one goal: tell its value, and no values.");
  return (outcome as { readonly value?: unknown }).value;
}

function addReport({ steps, values, bests }: Growing, id: number, step: number, reported: number): void {
  if (!Number.isSafeInteger(step)) throw invalid(`step is a whole number, not ${JSON.stringify(step)}.`);
  const last = steps.at(-1);
  if (last !== undefined && step <= last)
    throw invalid(`Steps of a trial rise: trial ${id} already reported step ${last}, so it cannot report ${step}.`);
  steps.push(step);
  values.push(reported);
  bests.push(Math.min(bests.at(-1) ?? reported, reported));
}

function knownPoint(encoding: Encoding, params: Params): Point {
  const point = pointOf(encoding, params);
  if (point) return point;
  throw invalid(
    `A told trial has params that the space does not have: ${JSON.stringify(params)}. Each active parameter needs a value of its own; leave such a trial out.`,
  );
}

function violationOf(count: number, given: readonly number[] | undefined): number {
  if (count === 0) return 0;
  if (!Array.isArray(given) || given.length !== count)
    throw invalid(`This study has ${count} constraints: tell as many numbers, not ${JSON.stringify(given) ?? "none"}.`);
  return given.reduce((sum, each) => sum + Math.max(0, finite("a constraint", each)), 0);
}

function finite(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value === 0 ? 0 : value;
  throw invalid(`${name} must be a finite number, not ${String(value)}; tell a trial without one as failed.`);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function invalid(message: string): SlipwayError {
  return new SlipwayError("INPUT_INVALID", message);
}
