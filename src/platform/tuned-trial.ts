// A trial as its run recorded it. Nothing else is kept of trials, so a study that was killed is read the way one that ended is.

import type { RunRecord } from "../registry/registry.ts";
import { PRUNED } from "../training/training.ts";
import { configurationOf, type KnownTrial, type Parameter, type Params, type Space } from "../tuning/tuning.ts";
import type { StudyPlan } from "./tune-study.ts";

/** One trial. */
export interface TunedTrial {
  /** From 0 on; the definition as it stands is the first of a study. */
  readonly number: number;
  readonly runId: string | undefined;
  readonly params: Params;
  readonly state: "complete" | "pruned" | "failed";
  /** On the validation rows; undefined where the trial has none. */
  readonly value: number | undefined;
  /** On the test rows, which the search does not look at. */
  readonly test: number | undefined;
  /** Why it has no value, in words. */
  readonly error: string | undefined;
}

/** The trials of a study that ended, in their order; one that was interrupted counts for nothing and is tried anew. */
export function endedTrials(runs: readonly RunRecord[], plan: StudyPlan): readonly TunedTrial[] {
  return runs
    .filter(({ kind }) => kind === "trial")
    .filter(
      ({ status, error, tags }) =>
        status === "finished" ||
        (status === "failed" && !error?.startsWith("interrupted")) ||
        (status === "cancelled" && tags[PRUNED] !== undefined),
    )
    .map((run) => recordedTrial(run, plan))
    .sort((left, right) => left.number - right.number);
}

function recordedTrial(run: RunRecord, { space, goals: [goal] }: StudyPlan): TunedTrial {
  const params = Object.fromEntries(
    Object.entries(space).flatMap(([name, parameter]) => {
      const text = run.params[name];
      return text === undefined ? [] : [[name, recordedValue(parameter, text)] as const];
    }),
  );
  const value = run.metrics[`validate.${goal?.name}`];
  const isComplete = run.status === "finished" && Number.isFinite(value);
  return {
    // By the number in its name: clocks may stand still.
    number: Number(run.name.replace("trial ", "")),
    runId: run.id,
    params: configurationOf(space, params) ?? params,
    state: isComplete ? "complete" : run.status === "cancelled" ? "pruned" : "failed",
    value: isComplete ? value : undefined,
    test: run.metrics[`test.${goal?.name}`],
    error: run.error ?? (isComplete ? undefined : `${goal?.name} is no number on the validation rows`),
  };
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
  { params, state, value }: TunedTrial,
  curve: KnownTrial["curve"],
): KnownTrial | undefined {
  const own = configurationOf(space, params);
  if (own === undefined) return undefined;
  return {
    params: own,
    ...(value === undefined ? {} : { value }),
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
