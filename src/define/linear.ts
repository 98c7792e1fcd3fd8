// Linear and logistic regression: the baseline that anything cleverer has to beat, and a model that can be read.

import { didYouMean, SlipwayError } from "../core/core.ts";
import type { ModelSpec } from "./model.ts";
import { preprocessOf } from "./preparation.ts";
import type { Task, TaskSpec } from "./task.ts";
import type { TrainerSpec } from "./trainer.ts";

/** The labels that a linear model is fitted to. */
type LinearLabel = "bool" | "int32" | "int64" | "float32" | "float64";

/** What large coefficients cost. */
export type Penalty = "ridge" | "lasso" | "elasticNet" | "none";

/** The options of a linear trainer. */
export interface LinearOptions<L extends LinearLabel = LinearLabel> {
  /** `binary()` or `regression()` with squared loss; default what the label's type means. */
  readonly task?: Task<L>;
  /** "ridge" (default) shrinks coefficients, "lasso" makes some 0, "elasticNet" does both, "none" neither. The intercept is never shrunk. */
  readonly penalty?: Penalty;
  /** How much, beside the mean loss of a row; default 0.0001. */
  readonly strength?: number;
  /** Of "elasticNet", how much of it is lasso, from 0 to 1; default 0.5. */
  readonly mix?: number;
  /** Most iterations; default 100. A fit that has not converged by then is refused. */
  readonly maxIterations?: number;
  /** Converged when no part of the gradient is larger, or no coefficient moves more, beside what they are measured in; default 1e-9. */
  readonly tolerance?: number;
}

const OPTIONS = ["task", "penalty", "strength", "mix", "maxIterations", "tolerance"];
const PENALTIES = ["ridge", "lasso", "elasticNet", "none"];

/**
 * Logistic regression for bool labels, linear regression for numbers. The loss is the mean over rows plus
 * strength × (mix × Σ|coefficient| + (1 − mix) / 2 × Σ coefficient²). Inputs without steps of their own are standardised, categories made one-hot.
 *
 * @example trainer: linear({ penalty: "elasticNet", strength: 0.001, mix: 0.5 })
 */
export function linear<L extends LinearLabel = LinearLabel>(options: LinearOptions<L> = {}): TrainerSpec<L> {
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) fail(`there is no option "${unknown}".${didYouMean(unknown, OPTIONS)}`);
  const { task, penalty = "ridge", maxIterations = 100, tolerance = 1e-9 } = options;
  if (!PENALTIES.includes(penalty)) fail(`penalty is "${penalty}"; give one of ${PENALTIES.join(", ")}.`);
  if (penalty === "none" && options.strength !== undefined)
    fail('a strength has no penalty to go by with penalty "none"; leave one of them out.');
  if (penalty !== "elasticNet" && options.mix !== undefined)
    fail(`mix is for penalty "elasticNet", and this is "${penalty}"; leave one of them out.`);
  const strength = penalty === "none" ? 0 : (options.strength ?? 1e-4);
  const mix = penalty === "elasticNet" ? (options.mix ?? 0.5) : penalty === "lasso" ? 1 : 0;
  if (!(strength >= 0 && strength < Infinity) || (strength === 0 && penalty !== "none"))
    fail(`strength is ${strength}; give a number above 0${strength === 0 ? ', or penalty "none"' : ""}.`);
  if (!(mix >= 0 && mix <= 1)) fail(`mix is ${mix}; give a share from 0 to 1.`);
  if (!Number.isSafeInteger(maxIterations) || maxIterations < 1)
    fail(`maxIterations ${maxIterations} must be a whole number of at least 1.`);
  if (!(tolerance > 0 && tolerance < 1)) fail(`tolerance is ${tolerance}; give a number above 0 and below 1.`);
  const problem = task && linearTaskProblem(task);
  if (problem !== undefined) fail(problem);
  return Object.freeze({
    kind: "linear",
    ...(task === undefined ? {} : { task }),
    parameters: Object.freeze({ penalty, strength, mix, tolerance }),
    rounds: maxIterations,
    earlyStoppingRounds: 0,
    seed: 0,
  });
}

/** Why a linear model does not do a task; undefined where it does. */
export function linearTaskProblem(task: TaskSpec): string | undefined {
  if (task.kind === "binary" || (task.kind === "regression" && task.loss === "squared")) return undefined;
  const what = task.kind === "regression" ? `regression with the loss "${task.loss}"` : `a ${task.kind} task`;
  return `it is fitted to binary() and to regression() with squared loss, and not to ${what}; use xgboost().`;
}

/** The linear model of the same rows and inputs: categories one-hot, numbers standardised, moments left out. Undefined where there is none for its task. */
export function linearOf(model: ModelSpec): ModelSpec | undefined {
  const { inputs, task, calibrate: _, preprocess: __, ...rest } = model;
  if (linearTaskProblem(task) !== undefined) return undefined;
  const trainer = linear();
  const moments = inputs.filter(({ type }) => type === "timestamp").map(({ name }) => [name, { drop: true }] as const);
  const preprocess = preprocessOf(Object.fromEntries(moments), inputs, trainer, task, fail);
  return { ...rest, inputs, task, trainer, ...(preprocess === undefined ? {} : { preprocess }) };
}

function fail(problem: string): never {
  throw new SlipwayError("DEFINITION_INVALID", `linear: ${problem}`);
}
