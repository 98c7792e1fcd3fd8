// A base margin: where a row's score begins, before any tree. It is an input like others, so that whoever asks for a prediction gives it, or it is computed,
// the same as in training.

import { didYouMean, isDecimal, isNumeric, typeText } from "../core/core.ts";
import type { InputSpec } from "./model.ts";
import type { TaskSpec } from "./task.ts";
import type { TrainerSpec } from "./trainer.ts";

/** What an input is called that is computed for the base margin alone. */
export const BASE_MARGIN = "base_margin";

/** Why an input cannot be a base margin, given those that no preprocessing takes; undefined where it can. */
export function marginProblem(
  name: string,
  trainer: Pick<TrainerSpec, "kind">,
  task: TaskSpec,
  inputs: readonly InputSpec[],
): string | undefined {
  if (trainer.kind !== "xgboost")
    return `baseMargin is for xgboost(), and the trainer is ${trainer.kind}; leave it out.`;
  if (task.kind === "multiclass")
    return "baseMargin is one number for a row, and a multi-class model has a margin for each class; leave it out.";
  const names = inputs.map((each) => each.name);
  const type = inputs.find((each) => each.name === name)?.type;
  if (type === undefined)
    return `baseMargin names "${name}", which is no input that is taken as it is.${didYouMean(name, names)}`;
  if (!isNumeric(type) && !isDecimal(type)) return `baseMargin "${name}" is ${typeText(type)}; it must be a number.`;
  return names.length === 1 ? `baseMargin "${name}" is the only input; give the trees one to learn from.` : undefined;
}
