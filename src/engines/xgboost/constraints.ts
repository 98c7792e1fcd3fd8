// Constraints as XGBoost reads them: by the inputs' places in the matrix, which users know by name.

import { didYouMean, SlipwayError } from "../../core/core.ts";
import type { TrainingJob } from "../../ports/trainer.ts";

/** The parameters that a job's constraints come to. Throws INPUT_INVALID for a name that is no input. */
export function constraintParameters({
  inputs,
  monotone = {},
  interactions = [],
}: Pick<TrainingJob, "inputs" | "monotone" | "interactions">): TrainingJob["parameters"] {
  const names = inputs.map(({ name }) => name);
  for (const name of [...Object.keys(monotone), ...interactions.flat()])
    if (!names.includes(name))
      throw new SlipwayError(
        "INPUT_INVALID",
        `A constraint names "${name}", which is no input.${didYouMean(name, names)}`,
      );
  const ways = names.map((name) => ({ rising: 1, falling: -1, free: 0 })[monotone[name] ?? "free"]);
  return {
    ...(ways.every((way) => way === 0) ? {} : { monotone_constraints: `(${ways.join(",")})` }),
    ...(interactions.length === 0
      ? {}
      : {
          interaction_constraints: JSON.stringify(interactions.map((each) => each.map((name) => names.indexOf(name)))),
        }),
  };
}
