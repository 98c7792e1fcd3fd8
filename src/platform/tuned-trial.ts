// A trial as its run recorded it. Nothing else is kept of trials, so a study that was killed is read the way one that ended is.

import { type RunRecord, TRIAL_TAGS } from "../registry/registry.ts";
import { SIZE } from "../training/training.ts";
import {
  configurationOf,
  dominates,
  type KnownTrial,
  type Parameter,
  type Params,
  type Space,
} from "../tuning/tuning.ts";
import type { Goal, StudyPlan } from "./tune-study.ts";

/** The goal that is the size of the model in bytes, beside its metrics. */
export const MODEL_SIZE = "size";

/** One trial. */
export interface TunedTrial {
  /** From 0 on; the definition as it stands is the first of a study. */
  readonly number: number;
  readonly runId: string | undefined;
  readonly params: Params;
  readonly state: "complete" | "pruned" | "failed";
  /** By the first goal; undefined where the trial has none. */
  readonly value: number | undefined;
  /** By each goal, in their order. */
  readonly values: readonly number[] | undefined;
  /** On the test rows, which the search does not look at. */
  readonly test: number | undefined;
  /** Why it has no value, in words. */
  readonly error: string | undefined;
}

/** The trials of a study that ended, in their order; one that was interrupted counts for nothing and is tried anew. */
export function endedTrials(runs: readonly RunRecord[], plan: StudyPlan): readonly TunedTrial[] {
  const own = runs.filter(({ kind }) => kind === "trial");
  const numbers = trialNumbers(own);
  return (
    own
      .filter(
        ({ status, error, tags }) =>
          status === "finished" ||
          (status === "failed" && !error?.startsWith("interrupted")) ||
          (status === "cancelled" && tags[TRIAL_TAGS.pruned] !== undefined),
      )
      .map((run) => recordedTrial(run, numbers.get(run.id)!, plan))
      .sort((left, right) => left.number - right.number)
      // Where two processes once searched at the same time a number was tried twice; the first one's stands.
      .filter(({ number }, index, all) => number !== all[index - 1]?.number)
  );
}

/** Which trial each run is. Earlier releases kept that in the name alone: one that was renamed since takes the lowest number that is free. */
function trialNumbers(runs: readonly RunRecord[]): ReadonlyMap<string, number> {
  const told = runs.map(({ id, name, tags }) => {
    const text = tags[TRIAL_TAGS.number] ?? /^trial (\d+)$/.exec(name)?.[1];
    return { id, number: text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined };
  });
  const taken = new Set(told.map(({ number }) => number));
  let free = 0;
  const next = (): number => {
    while (taken.has(free)) free += 1;
    taken.add(free);
    return free;
  };
  return new Map(told.map(({ id, number }) => [id, number ?? next()]));
}

function recordedTrial(run: RunRecord, number: number, { space, goals }: StudyPlan): TunedTrial {
  const params = Object.fromEntries(
    Object.entries(space).flatMap(([name, parameter]) => {
      const text = run.params[name];
      return text === undefined ? [] : [[name, recordedValue(parameter, text)] as const];
    }),
  );
  const values = run.status === "finished" ? goalValues(run.metrics, goals) : undefined;
  const isComplete = values !== undefined;
  const [goal] = goals;
  return {
    number,
    runId: run.id,
    params: configurationOf(space, params) ?? params,
    state: isComplete ? "complete" : run.status === "cancelled" ? "pruned" : "failed",
    value: values?.[0],
    values,
    test: run.metrics[`test.${goal?.name}`],
    error: run.error ?? (isComplete ? undefined : noNumber(goals)),
  };
}

/** What a trial's metrics are by each goal; undefined where one is no number. */
export function goalValues(
  metrics: Readonly<Record<string, number>>,
  goals: readonly Goal[],
): readonly number[] | undefined {
  const values = goals.map(({ name }) => metrics[name === MODEL_SIZE ? SIZE : `validate.${name}`] ?? Number.NaN);
  return values.every(Number.isFinite) ? values : undefined;
}

/** Why a trial that ended well has no value. */
export function noNumber(goals: readonly Goal[]): string {
  return `${goals.map(({ name }) => name).join(" or ")} is no number on the validation rows`;
}

/** A recorded value as it was; text that is no choice stays as it is. */
function recordedValue(parameter: Parameter, text: string): string | number | boolean {
  if (parameter.kind === "categorical") return parameter.choices.find((choice) => String(choice) === text) ?? text;
  return parameter.kind === "bool" ? text === "true" : Number(text);
}

/**
 * A trial as the optimiser may know it. The definition's own parameters may be none of the space's: then they are a record to be beaten, nothing more.
 *
 * @param curve - what it reported on its way, in the goal's direction
 */
export function knownTrial(
  space: Space,
  { params, state, values }: TunedTrial,
  curve: KnownTrial["curve"],
): KnownTrial | undefined {
  const own = configurationOf(space, params);
  if (own === undefined) return undefined;
  return {
    params: own,
    ...(values === undefined ? {} : values.length > 1 ? { values } : { value: values[0]! }),
    ...(state === "pruned" ? { state } : {}),
    ...(curve === undefined ? {} : { curve }),
  };
}

/** The best of some trials by the first goal, the earliest of equals. */
export function bestTrial(trials: readonly TunedTrial[], better: "lower" | "higher"): TunedTrial | undefined {
  const sign = better === "lower" ? 1 : -1;
  return trials.reduce<TunedTrial | undefined>(
    (found, each) =>
      each.value !== undefined && (found?.value === undefined || sign * each.value < sign * found.value) ? each : found,
    undefined,
  );
}

/** The trials that no other is better than in every goal, by the first goal from best to worst. */
export function frontOfTrials(trials: readonly TunedTrial[], goals: readonly Goal[]): readonly TunedTrial[] {
  const signs = goals.map(({ better }) => (better === "higher" ? -1 : 1));
  const known = trials.flatMap((trial) =>
    trial.values === undefined ? [] : [{ trial, turned: trial.values.map((value, goal) => signs[goal]! * value) }],
  );
  return known
    .filter(({ turned }) => !known.some((other) => dominates(other.turned, turned)))
    .sort((left, right) => left.turned[0]! - right.turned[0]!)
    .map(({ trial }) => trial);
}
