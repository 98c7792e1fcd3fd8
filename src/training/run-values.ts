// What a run and a version record of a fitted model: parameters and metrics under names that stay the same.

import { type ModelSpec, taskText } from "../define/define.ts";
import type { FittedModel } from "./fit.ts";

/** What a run records as parameters: everything that the trainer is told but the data. */
export function trainerParameters({
  task,
  trainer,
  baseMargin,
}: ModelSpec): Readonly<Record<string, string | number | boolean>> {
  const { parameters, rounds, earlyStoppingRounds, seed } = trainer;
  const { stopOn, stopBy, balance, monotone, interactions, unseen, workers, externalMemory } = trainer;
  return {
    task: taskText(task),
    ...parameters,
    rounds,
    earlyStoppingRounds,
    seed,
    ...(baseMargin === undefined ? {} : { baseMargin }),
    ...(stopOn === undefined ? {} : { stopOn }),
    ...(stopBy === undefined ? {} : { stopOn: stopBy.name }),
    ...(balance === undefined ? {} : { balance }),
    ...(monotone === undefined ? {} : { monotone: JSON.stringify(monotone) }),
    ...(interactions === undefined ? {} : { interactions: JSON.stringify(interactions) }),
    ...(unseen === undefined ? {} : { unseen }),
    ...(workers === undefined ? {} : { workers }),
    ...(externalMemory === undefined ? {} : { externalMemory }),
  };
}

/** How a version did, beside a constant and a model of the request values alone on the same test rows. */
export function versionMetrics({ test, validate, uncalibrated, baselines }: FittedModel): Record<string, number> {
  return {
    ...heldOutMetrics({ test, validate }),
    ...prefixed("uncalibrated", uncalibrated ?? {}),
    ...prefixed("constant", baselines.constant ?? {}),
    ...prefixed("requestOnly", baselines.requestOnly ?? {}),
  };
}

/** A fitted model's metrics as a version records them: `test.auc`, `validate.auc`. */
export function heldOutMetrics({ test, validate }: Pick<FittedModel, "test" | "validate">): Record<string, number> {
  return {
    ...prefixed("test", test),
    ...prefixed("validate", validate),
  };
}

function prefixed(prefix: string, metrics: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${prefix}.${name}`, value]));
}

/** Every round's metrics, and at the best round those on held-out rows. */
export function metricRows(fitted: FittedModel): readonly { key: string; step: number; value: number }[] {
  const steps = fitted.trained.steps.flatMap(({ round, metrics }) =>
    Object.entries(metrics).map(([key, value]) => ({ key, step: round, value })),
  );
  const last = fitted.trained.bestRound;
  const scores = heldOutMetrics(fitted);
  return [...steps, ...Object.entries(scores).map(([key, value]) => ({ key, step: last, value }))];
}
