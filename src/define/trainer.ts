// Trainers, splits and metrics as values: how a model is to be fitted and judged.

import { type Duration, type Instant, nearestName, parseInstant, SlipwayError } from "../core/core.ts";
import type { LabelType, Task, TaskSpec } from "./task.ts";

/** The XGBoost options Slipway types; defaults are in each field's words. */
export interface XgboostOptions<L extends LabelType = LabelType> {
  /** What is foretold: `binary()`, `multiclass()`, `regression({ loss })`; default what the label's type means. */
  readonly task?: Task<L>;
  /** XGBoost's own word for a binary task; the same as `task: binary()`. */
  readonly objective?: "binary:logistic";
  /** Most boosting rounds; default 500. */
  readonly rounds?: number;
  /** Stop after so many rounds without a better validation metric; default 20, 0 for never. */
  readonly earlyStoppingRounds?: number;
  /** Step size; default 0.1. */
  readonly learningRate?: number;
  /** Deepest tree; default 6. */
  readonly maxDepth?: number;
  /** Least sum of hessians in a leaf; default 1. */
  readonly minChildWeight?: number;
  /** Share of rows each tree sees; default 1. */
  readonly subsample?: number;
  /** Share of columns each tree sees; default 1. */
  readonly columnSample?: number;
  /** L2 penalty on leaf values; default 1. */
  readonly l2?: number;
  /** L1 penalty on leaf values; default 0. */
  readonly l1?: number;
  /** Most histogram bins; default 256. */
  readonly maxBins?: number;
  /** A text input with at most so many categories is split one against the rest, a larger one by groups of them; default 4. */
  readonly oneHotUpTo?: number;
  /** Seed of every random choice; default 0. */
  readonly seed?: number;
}

declare const labels: unique symbol;

/** A trainer as plain data: `parameters` are the engine's own names, without those that follow from the task. */
export interface TrainerSpec<L extends LabelType = never> {
  readonly kind: string;
  /** What was named; a model has the task that it comes to. */
  readonly task?: TaskSpec;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly rounds: number;
  readonly earlyStoppingRounds: number;
  readonly seed: number;
  readonly [labels]?: (label: L) => void;
}

const OPTIONS = [
  ...["task", "objective", "rounds", "earlyStoppingRounds", "learningRate", "maxDepth", "minChildWeight", "subsample"],
  ...["columnSample", "l2", "l1", "maxBins", "oneHotUpTo", "seed"],
];

/**
 * Gradient-boosted trees by XGBoost.
 *
 * @example xgboost({ task: regression({ loss: "quantile", at: 0.9 }), maxDepth: 8 })
 */
export function xgboost<L extends LabelType = LabelType>(options: XgboostOptions<L> = {}): TrainerSpec<L> {
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined)
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `xgboost has no option "${unknown}"; did you mean "${nearestName(unknown, OPTIONS)}"?`,
    );
  const { rounds = 500, earlyStoppingRounds = 20, seed = 0 } = options;
  const task: TaskSpec | undefined = options.task ?? (options.objective === undefined ? undefined : { kind: "binary" });
  if (options.objective !== undefined && (options.objective !== "binary:logistic" || task?.kind !== "binary"))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `xgboost: the objective "${options.objective}" is not what ${task?.kind === "binary" ? "Slipway fits" : `a ${task?.kind} task is fitted with`}; leave it out and name the task.`,
    );
  const named = {
    tree_method: "hist",
    eta: options.learningRate ?? 0.1,
    max_depth: options.maxDepth ?? 6,
    min_child_weight: options.minChildWeight ?? 1,
    subsample: options.subsample ?? 1,
    colsample_bytree: options.columnSample ?? 1,
    lambda: options.l2 ?? 1,
    alpha: options.l1 ?? 0,
    max_bin: options.maxBins ?? 256,
    // XGBoost's own parameter is exclusive.
    max_cat_to_onehot: (options.oneHotUpTo ?? 4) + 1,
  };
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new SlipwayError("DEFINITION_INVALID", `xgboost rounds ${rounds} must be a whole number of at least 1.`);
  return Object.freeze({
    kind: "xgboost",
    ...(task === undefined ? {} : { task }),
    parameters: Object.freeze(named),
    rounds,
    earlyStoppingRounds,
    seed,
  });
}

/** How rows are divided by prediction time. */
export type SplitSpec =
  | { readonly kind: "recent"; readonly validate: Duration; readonly test: Duration }
  | { readonly kind: "dates"; readonly validateFrom: Instant; readonly testFrom: Instant };

/**
 * Oldest rows train, later ones validate, the newest test. A training row's label must have been known before validation
 * starts. Give lengths counted back from the newest row, or fixed starts (UTC).
 */
export function byTime(
  options:
    | { readonly validate: Duration; readonly test: Duration }
    | { readonly validateFrom: string; readonly testFrom: string },
): SplitSpec {
  if ("validate" in options) return Object.freeze({ kind: "recent", ...options });
  const validateFrom = parseInstant(options.validateFrom);
  const testFrom = parseInstant(options.testFrom);
  if (testFrom <= validateFrom)
    throw new SlipwayError("DEFINITION_INVALID", `byTime: testFrom ${options.testFrom} must be after validateFrom.`);
  return Object.freeze({ kind: "dates", validateFrom, testFrom });
}
