// Going on from a fitted model: more trees on top of the rounds that are kept, or the same trees with their leaves fitted anew.

import { SlipwayError } from "../../core/core.ts";
import type { TrainingBase, TrainingJob } from "../../ports/trainer.ts";
import { checkArtifact } from "./artifact.ts";
import type { Xgboost } from "./binding.ts";
import { taskParameters } from "./objective.ts";

/** XGBoost's words for keeping every split and learning the leaves' values from the rows that are given. */
export const REFRESH: TrainingJob["parameters"] = { process_type: "update", updater: "refresh", refresh_leaf: true };

/**
 * Refuses, as INPUT_INVALID, what cannot be gone on from: another task's model, other inputs, and what XGBoost's refresh would get wrong without
 * a word. Throws ARTIFACT_CORRUPT where the model is damaged: the library follows its indices without asking.
 */
export function checkBase({ artifact, rounds, refresh }: TrainingBase, job: TrainingJob): void {
  const { inputNames, objective, marginPlace } = checkArtifact(artifact);
  const margin = marginPlace === undefined ? undefined : inputNames[marginPlace];
  const names = job.inputs.map(({ name }) => name);
  const { task, monotone = {}, parameters } = job;
  const byGradient = task?.kind !== "regression" || (task.loss !== "absolute" && task.loss !== "quantile");
  const asked = { ...taskParameters(job), ...parameters }["objective"];
  const refusals: readonly (readonly [boolean, string])[] = [
    [!Number.isSafeInteger(rounds) || rounds < 1, `Keep at least one round of the model to go on from, not ${rounds}.`],
    [
      inputNames.length > 0 && inputNames.join("\n") !== names.join("\n"),
      `The model to go on from has the inputs ${inputNames.join(", ")}, and the rows have ${names.join(", ")}.`,
    ],
    [
      margin !== job.baseMargin,
      `The model to go on from has ${margin === undefined ? "no base margin" : `the base margin "${margin}"`}, and this job ${job.baseMargin === undefined ? "has none" : `has "${job.baseMargin}"`}.`,
    ],
    [
      asked !== undefined && objective !== asked,
      `The model to go on from was fitted with the objective ${objective}, and this job has ${asked}.`,
    ],
    [
      refresh === true && Object.keys(monotone).length > 0,
      "XGBoost does not hold refreshed leaves to monotone constraints. Go on without refresh, or train from the beginning.",
    ],
    [
      refresh === true && parameters["booster"] === "dart",
      "The trees of a DART model weigh differently from round to round, so that their leaves cannot be refreshed one after the other. Go on without refresh.",
    ],
    [
      refresh === true && !byGradient,
      "The leaves of an absolute or a quantile loss are quantiles of the rows in them, which XGBoost's refresh does not compute. Go on without refresh.",
    ],
  ];
  for (const [refused, message] of refusals) if (refused) throw new SlipwayError("INPUT_INVALID", message);
}

/** A model's first rounds, as bytes: itself where it has no more. */
export function keptRounds(library: Xgboost, artifact: Uint8Array, rounds: number): Uint8Array {
  const whole = library.createBooster([]);
  try {
    library.load(whole, artifact);
    const all = library.rounds(whole);
    if (rounds > all)
      throw new SlipwayError(
        "INPUT_INVALID",
        `The model to go on from has ${all} rounds, and ${rounds} are to be kept.`,
      );
    if (rounds === all) return artifact;
    const first = library.firstRounds(whole, rounds);
    try {
      return library.save(first);
    } finally {
      library.freeBooster(first);
    }
  } finally {
    library.freeBooster(whole);
  }
}
