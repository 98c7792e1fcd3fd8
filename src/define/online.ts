// Linear models that learn one row at a time: one pass over the rows in the order of their times, and from a version on with those that came since.

import { didYouMean, SlipwayError } from "../core/core.ts";
import { linearTaskProblem } from "./linear.ts";
import type { Task } from "./task.ts";
import type { TrainerSpec } from "./trainer.ts";

/** The labels that an online learner is fitted to. */
type OnlineLabel = "bool" | "int32" | "int64" | "float32" | "float64";

/** The options of an online learner. */
export interface OnlineOptions<L extends OnlineLabel = OnlineLabel> {
  /** `binary()` or `regression()` with squared loss; default what the label's type means. */
  readonly task?: Task<L>;
  /** FTRL-Proximal (McMahan et al. 2013), which can keep weights at 0, or AdaGrad (Duchi et al. 2011); default "ftrl". */
  readonly algorithm?: "ftrl" | "adagrad";
  /** How fast it learns, above 0: α of FTRL, the step of AdaGrad; default 0.1. */
  readonly rate?: number;
  /** FTRL's β, from 0 up: the larger, the more even the first steps; default 1. */
  readonly beta?: number;
  /** FTRL's penalty that keeps weights at 0; default 0. */
  readonly l1?: number;
  /** FTRL's penalty that shrinks weights; default 0. */
  readonly l2?: number;
  /** Let `slipway serve --watch` make a version after every so many pushed labels; default not. */
  readonly learnEvery?: number;
}

const OPTIONS = ["task", "algorithm", "rate", "beta", "l1", "l2", "learnEvery"];

/**
 * Logistic or linear regression learnt one row at a time, each input with a rate of its own. Inputs without steps of their own are standardised, categories
 * made one-hot. Throws DEFINITION_INVALID for an unknown option and a value out of range.
 *
 * @example trainer: online({ algorithm: "ftrl", rate: 0.05, l1: 1 })
 */
export function online<L extends OnlineLabel = OnlineLabel>(options: OnlineOptions<L> = {}): TrainerSpec<L> {
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) fail(`there is no option "${unknown}".${didYouMean(unknown, OPTIONS)}`);
  const { task, algorithm = "ftrl", rate = 0.1 } = options;
  if (algorithm !== "ftrl" && algorithm !== "adagrad")
    fail(`the algorithm is ${JSON.stringify(algorithm)}; give "ftrl" or "adagrad".`);
  if (!(rate > 0 && rate < Infinity)) fail(`rate is ${rate}; give a number above 0.`);
  const given = { beta: options.beta, l1: options.l1, l2: options.l2 };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (algorithm !== "ftrl") fail(`${name} is for FTRL, and this is "${algorithm}"; leave one of them out.`);
    if (!(value >= 0 && value < Infinity)) fail(`${name} is ${value}; give a number from 0 up.`);
  }
  const { beta = 1, l1 = 0, l2 = 0 } = options;
  const { learnEvery } = options;
  if (learnEvery !== undefined && (!Number.isSafeInteger(learnEvery) || learnEvery < 1))
    fail(`learnEvery is ${learnEvery}; give a whole number of at least 1.`);
  const problem = task && linearTaskProblem(task);
  if (problem !== undefined) fail(problem);
  return Object.freeze({
    kind: "online",
    ...(task === undefined ? {} : { task }),
    parameters: Object.freeze({ algorithm, rate, ...(algorithm === "ftrl" ? { beta, l1, l2 } : {}) }),
    rounds: 1,
    earlyStoppingRounds: 0,
    seed: 0,
    ...(learnEvery === undefined ? {} : { learnEvery }),
  });
}

function fail(problem: string): never {
  throw new SlipwayError("DEFINITION_INVALID", `online: ${problem}`);
}
