// The search of one study: lanes that each ask for a trial, train it and tell what came out, until a budget is spent. All lanes are in this process and
// every training in one of its own; what ends a trial for its own fault is recorded and the search goes on, what is no trial's fault ends them all.

import { asSlipwayError, type Duration, SlipwayError, seconds } from "../core/core.ts";
import type { Dataset } from "../datasets/datasets.ts";
import type { ModelSpec } from "../define/define.ts";
import type { TrainingStep } from "../ports/ports.ts";
import type { HeldLease } from "../registry/registry.ts";
import { isTrialsFault, trainTrial } from "../training/training.ts";
import {
  configurationOf,
  createOptimiser,
  type KnownTrial,
  type Optimiser,
  type Outcome,
  type Params,
} from "../tuning/tuning.ts";
import type { Platform } from "./open.ts";
import { directionsOf, type Goal, type Study } from "./tune-study.ts";
import { bestTrial, frontOfTrials, goalValues, noNumber, type TunedTrial } from "./tuned-trial.ts";

/** When to begin no more trials, how many run at once and how long one may take. */
export interface SearchLimits {
  /** So many trainings at once; default 1. */
  readonly parallel?: number;
  /** No trial begins after so many seconds. */
  readonly seconds?: number;
  /** A trial that takes longer fails. */
  readonly timeout?: number;
  /** No trial begins after so many in a row that brought nothing better. */
  readonly patience?: number;
}

/** Why a search ended. */
export type SearchEnd = "trials" | "seconds" | "patience";

/** How a search is getting on. */
export interface SearchState {
  readonly trials: readonly TunedTrial[];
  /** Trials under way, with the last round they told of. */
  readonly running: readonly { readonly number: number; readonly params: Params; readonly round: number }[];
  readonly best: TunedTrial | undefined;
  /** Trials that are left of the budget, those under way not counted. */
  readonly left: number;
  /** Seconds since this search began. */
  readonly elapsed: number;
}

/** What to search. */
export interface SearchRequest {
  readonly model: ModelSpec;
  readonly dataset: Dataset;
  readonly study: Study;
  readonly earlier: readonly TunedTrial[];
  /** The earlier trials as the optimiser may know them. */
  readonly told: readonly KnownTrial[];
  readonly limits: SearchLimits;
  readonly signal: AbortSignal;
  /** While it is held trials begin and count. */
  readonly lease: HeldLease;
  readonly onTrial?: (trial: TunedTrial, best: TunedTrial | undefined) => void;
  readonly onState?: (state: SearchState) => void;
}

/** What is to be tried without asking. */
interface Waiting {
  readonly number?: number;
  readonly params: Params;
}

/** What a trial of a lane is about. */
interface Attempt {
  readonly number: number;
  readonly params: Params;
  /** Its id to the optimiser, where it is a configuration of the space. */
  readonly id: number | undefined;
}

/** Runs trials until a budget is spent, and gives them all. */
export async function searchTrials(
  { training, engines }: Platform,
  request: SearchRequest,
): Promise<{ readonly trials: readonly TunedTrial[]; readonly end: SearchEnd }> {
  const { model, dataset, study, limits, signal, lease } = request;
  const { plan, runId } = study;
  const [goal] = plan.goals;
  if (goal === undefined) throw new SlipwayError("INTERNAL", `Study ${study.name} has no goal.`);
  const sign = goal.better === "lower" ? 1 : -1;
  const optimiser = createOptimiser({
    space: plan.space,
    directions: directionsOf(plan),
    seed: plan.seed,
    budget: plan.trials,
    sampler: plan.sampler,
    pruner: plan.pruner,
    told: [...plan.known, ...request.told],
  }) as Optimiser;
  const trials = [...request.earlier];
  const running = new Map<number, { readonly number: number; readonly params: Params; round: number }>();
  const waiting = waitingTrials(model, study, trials);
  const started = training.use().elapsedSeconds;
  const elapsed = (): number => training.use().elapsedSeconds - started;
  const best = (): TunedTrial | undefined => bestTrial(trials, goal.better);
  const state = (): SearchState => ({
    trials,
    running: [...running.values()].map((each) => ({ ...each })),
    best: best(),
    left: Math.max(0, plan.trials - trials.length - running.size),
    elapsed: elapsed(),
  });
  const spent = (): SearchEnd | undefined => {
    if (trials.length + running.size >= plan.trials) return "trials";
    if (elapsed() >= (limits.seconds ?? Number.POSITIVE_INFINITY)) return "seconds";
    return idleTrials(trials, plan.goals) >= (limits.patience ?? Number.POSITIVE_INFINITY) ? "patience" : undefined;
  };
  let next = 1 + Math.max(-1, ...trials.map(({ number }) => number));
  const begun = (): Attempt => {
    const given = waiting.shift();
    const number = given?.number ?? next;
    next = Math.max(next, number + 1);
    if (given === undefined) {
      const { id, params } = optimiser.ask();
      return { number, params, id };
    }
    const own = configurationOf(plan.space, given.params);
    return { number, params: own ?? given.params, id: own && optimiser.ask(own).id };
  };
  const stop = new AbortController();
  const still = AbortSignal.any([signal, stop.signal]);
  const attempt = async ({ number, params, id }: Attempt): Promise<TunedTrial> => {
    const about = {
      number,
      params,
      runId: undefined,
      value: undefined,
      values: undefined,
      test: undefined,
      error: undefined,
    };
    const onStep = ({ round }: TrainingStep): void => {
      const own = running.get(number);
      if (own) own.round = round;
      request.onState?.(state());
    };
    // The definition as it stands is what the others are compared with, so it always runs to its end.
    const isHopeless = ({ round, loss }: TrainingStep): boolean =>
      id !== undefined && loss !== undefined && optimiser.report(id, round, sign * loss) && number > 0;
    const limit = overdueAfter(engines, limits.timeout);
    try {
      const {
        runId: own,
        metrics,
        prunedAt,
      } = await trainTrial(
        training,
        { model, dataset, parentId: runId, name: `trial ${number}`, number, params, lease },
        { signal: still, overdue: limit.signal, onStep, ...(plan.pruner.kind === "none" ? {} : { isHopeless }) },
      );
      if (prunedAt !== undefined)
        return { ...about, runId: own, state: "pruned", error: `pruned after round ${prunedAt}` };
      const values = goalValues(metrics, plan.goals);
      const test = metrics[`test.${goal.name}`];
      if (values === undefined) return { ...about, runId: own, state: "failed", test, error: noNumber(plan.goals) };
      return { ...about, runId: own, state: "complete", value: values[0], values, test };
    } catch (thrown) {
      if (still.aborted || !isTrialsFault(thrown)) throw thrown;
      return { ...about, state: "failed", error: asSlipwayError(thrown).message };
    } finally {
      limit.clear();
    }
  };
  let end: SearchEnd | undefined;
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    while (failures.length === 0 && !still.aborted) {
      end = spent();
      if (end !== undefined) return;
      const one = begun();
      running.set(one.number, { number: one.number, params: one.params, round: 0 });
      request.onState?.(state());
      try {
        const trial = await attempt(one);
        running.delete(one.number);
        if (one.id !== undefined) optimiser.tell(one.id, outcomeOf(trial));
        trials.push(trial);
        request.onTrial?.(trial, best());
        request.onState?.(state());
      } catch (thrown) {
        running.delete(one.number);
        failures.push(thrown);
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: limits.parallel ?? 1 }, lane));
  if (failures.length > 0) throw failures[0];
  signal.throwIfAborted();
  return { trials: trials.toSorted((left, right) => left.number - right.number), end: end ?? "trials" };
}

/** What is tried before anything is asked for: the definition, and what a warm start brought, where no trial of the study was about it yet. */
function waitingTrials(model: ModelSpec, { plan }: Study, earlier: readonly TunedTrial[]): Waiting[] {
  const own = Object.fromEntries(
    Object.entries(model.trainer.parameters).filter(([name]) => Object.hasOwn(plan.space, name)),
  );
  const text = (params: Params): string => JSON.stringify(configurationOf(plan.space, params) ?? params);
  const tried = new Set(earlier.map(({ params }) => text(params)));
  const isFirst = !earlier.some(({ number }) => number === 0);
  return [
    ...(isFirst ? [{ number: 0, params: own }] : []),
    ...plan.first.filter((params) => !tried.has(text(params))).map((params) => ({ params })),
  ];
}

/** How many of the last trials brought nothing better: by one goal no new best, by several none for the front. */
function idleTrials(trials: readonly TunedTrial[], goals: readonly Goal[]): number {
  const [first] = goals;
  const best = first && goals.length === 1 ? bestTrial(trials, first.better) : undefined;
  const leaders = new Set(goals.length > 1 ? frontOfTrials(trials, goals) : best ? [best] : []);
  const last = trials.findLastIndex((trial) => leaders.has(trial));
  return last < 0 ? 0 : trials.length - 1 - last;
}

function outcomeOf({ state, values }: TunedTrial): Outcome {
  if (state === "pruned") return { state };
  if (values === undefined) return { state: "failed" };
  return values.length > 1 ? { values } : { value: values[0]! };
}

function overdueAfter({ scheduler }: Platform["engines"], limit: number | undefined) {
  const overdue = new AbortController();
  if (limit === undefined) return { signal: overdue.signal, clear: () => undefined };
  const after: Duration = seconds(limit);
  const clear = scheduler.every(after, async () => {
    overdue.abort(new SlipwayError("TRAINER_FAILED", `The trial took longer than ${limit} seconds and was stopped.`));
  });
  return { signal: overdue.signal, clear };
}
