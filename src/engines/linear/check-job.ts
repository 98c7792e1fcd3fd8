// What a job of this engine must be, whichever way it is fitted.

import { SlipwayError } from "../../core/core.ts";
import type { TrainingJob } from "../../ports/trainer.ts";

/** Most columns: the matrix of their products, which a whole fit needs, has their square. */
const MOST_COLUMNS = 4096;

/** Throws INPUT_INVALID for no columns or too many, a category, another task, and a parameter that is not among `known`. */
export function checkJob(kind: string, { inputs, task, parameters }: TrainingJob, known: readonly string[]): void {
  const refuse = (problem: string): never => {
    throw new SlipwayError("INPUT_INVALID", `${kind}: ${problem}`);
  };
  if (inputs.length === 0 || inputs.length > MOST_COLUMNS)
    refuse(
      `there are ${inputs.length} columns, and a linear model takes 1 to ${MOST_COLUMNS}: hash categories, or use xgboost().`,
    );
  const category = inputs.find((input) => input.kind === "category");
  if (category) refuse(`"${category.name}" is a category: make numbers of it with oneHot() or targetEncode().`);
  if (task?.kind !== "binary" && !(task?.kind === "regression" && task.loss === "squared"))
    refuse("it is fitted to binary() and to regression() with squared loss.");
  const unknown = Object.keys(parameters).find((name) => !known.includes(name));
  if (unknown !== undefined) refuse(`there is no parameter "${unknown}"; there are: ${known.join(", ")}.`);
}
