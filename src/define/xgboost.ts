// XGBoost's options as a user writes them, and the engine's own parameters that they come to. What follows from the task (objective, metric, number of
// classes) and from the data (constraints by place, the balance of classes) is added when a model is fitted.

import { didYouMean, SlipwayError } from "../core/core.ts";
import type { CustomMetricSpec } from "./custom-metric.ts";
import type { LabelType, Task, TaskSpec } from "./task.ts";
import type { TrainerSpec } from "./trainer.ts";

/** The XGBoost options Slipway types; defaults are in each field's words. */
export interface XgboostOptions<L extends LabelType = LabelType> {
  /** What is foretold: `binary()`, `multiclass()`, `regression({ loss })`; default what the label's type means. */
  readonly task?: Task<L>;
  /** XGBoost's own word for a binary task; the same as `task: binary()`. */
  readonly objective?: "binary:logistic";
  /** Most boosting rounds; default 500. */
  readonly rounds?: number;
  /** Stop after so many rounds without a better validation metric; default 20, with `dart` 0; 0 for never. */
  readonly earlyStoppingRounds?: number;
  /** The metric that stops early, by XGBoost's name or one of your own; default the one of the task's own loss. */
  readonly stopOn?: StopMetric | CustomMetricSpec;
  /** Step size; default 0.1. */
  readonly learningRate?: number;
  /** Deepest tree, 0 for any depth; default 6. */
  readonly maxDepth?: number;
  /** Most leaves of a tree; default any number. */
  readonly maxLeaves?: number;
  /** Grow level by level, or where the loss falls most; default "depth". */
  readonly grow?: "depth" | "loss";
  /** Least sum of hessians in a leaf; default 1. */
  readonly minChildWeight?: number;
  /** Least fall of the loss that a split needs; default 0. */
  readonly minSplitLoss?: number;
  /** Most that a leaf may move a score, 0 for no bound; default 0, and 0.7 for counts. */
  readonly maxDeltaStep?: number;
  /** Share of rows each tree sees; default 1. */
  readonly subsample?: number;
  /** Share of columns each tree sees; default 1. */
  readonly columnSample?: number;
  /** Share of a tree's columns each level sees; default 1. */
  readonly columnSampleByLevel?: number;
  /** Share of a level's columns each split sees; default 1. */
  readonly columnSampleByNode?: number;
  /** L2 penalty on leaf values; default 1. */
  readonly l2?: number;
  /** L1 penalty on leaf values; default 0. */
  readonly l1?: number;
  /** Most histogram bins; default 256. */
  readonly maxBins?: number;
  /** A text input with at most so many categories is split one against the rest, a larger one by groups of them; default 4. */
  readonly oneHotUpTo?: number;
  /** More categories than these in the training rows are refused; default 10,000. */
  readonly mostCategories?: number;
  /** What is done with a category that was not among the training rows when it is asked for: it counts as missing, or is refused; default "missing". */
  readonly unseen?: "missing" | "refuse";
  /** Give every class the same total weight in training. Probabilities are then those of balanced classes. Default false. */
  readonly balance?: boolean;
  /** Inputs with which the score may only rise, or only fall: `{ distance_km: "rising" }`. */
  readonly monotone?: Readonly<Record<string, "rising" | "falling">>;
  /** Inputs that may stand in one branch of a tree together: `[["distance_km", "items"]]`. One that is in no list stands alone. */
  readonly interactions?: readonly (readonly string[])[];
  /** Leave some of the earlier trees out as each is fitted (DART, Rashmi and Gilad-Bachrach 2015); default not. */
  readonly dart?: DartOptions;
  /** Where to fit; default "cpu". "cuda" needs a GPU and a libxgboost built for it. */
  readonly device?: "cpu" | "cuda";
  /** Fit by so many processes, each on its share of the rows; default 1. */
  readonly workers?: number;
  /** Keep the training and validation rows in files of the state folder instead of in memory; default false. */
  readonly externalMemory?: boolean;
  /** Seed of every random choice; default 0. */
  readonly seed?: number;
}

/** How DART drops trees. */
export interface DartOptions {
  /** Share of earlier trees left out in a round, 0 to 1. */
  readonly dropRate: number;
  /** Chance that a round leaves none out, 0 to 1; default 0. */
  readonly skipRate?: number;
  /** Leave out at least one tree in each round that is not skipped; default false. */
  readonly dropOne?: boolean;
  /** Draw trees alike, or by their weight; default "uniform". */
  readonly sample?: "uniform" | "weighted";
  /** A new tree weighs as one of the dropped, or as all of them; default "tree". */
  readonly normalize?: "tree" | "forest";
}

const stopMetrics = [
  ...(["logloss", "error", "auc", "aucpr", "mlogloss", "merror", "rmse", "rmsle", "mae", "mape"] as const),
  ...(["quantile", "gamma-nloglik", "gamma-deviance", "poisson-nloglik", "ndcg", "map", "pre", "aft-nloglik"] as const),
] as const;

/** A metric that XGBoost computes in every round. */
export type StopMetric = (typeof stopMetrics)[number];

type Bound = readonly [least: number, most: number];
const shares: Bound = [Number.MIN_VALUE, 1];
const fromZero: Bound = [0, Number.MAX_VALUE];

/** Numeric options: the engine's name, the values it may have, and the default that is always sent. */
const numbers: Readonly<Record<string, readonly [parameter: string, bound: Bound, standard?: number]>> = {
  learningRate: ["eta", shares, 0.1],
  maxDepth: ["max_depth", [0, 1000], 6],
  minChildWeight: ["min_child_weight", fromZero, 1],
  subsample: ["subsample", shares, 1],
  columnSample: ["colsample_bytree", shares, 1],
  l2: ["lambda", fromZero, 1],
  l1: ["alpha", fromZero, 0],
  maxBins: ["max_bin", [2, 65_536], 256],
  maxLeaves: ["max_leaves", fromZero],
  minSplitLoss: ["gamma", fromZero],
  maxDeltaStep: ["max_delta_step", fromZero],
  columnSampleByLevel: ["colsample_bylevel", shares],
  columnSampleByNode: ["colsample_bynode", shares],
};
const whole = ["maxDepth", "maxBins", "maxLeaves"];

const OPTIONS = [
  ...Object.keys(numbers),
  ...["task", "objective", "rounds", "earlyStoppingRounds", "stopOn", "grow", "oneHotUpTo", "mostCategories", "unseen"],
  ...["balance", "monotone", "interactions", "dart", "device", "workers", "externalMemory", "seed"],
];

/**
 * Gradient-boosted trees by XGBoost. Throws DEFINITION_INVALID for an unknown option, a value out of range, and options that do not go together.
 *
 * @example xgboost({ task: regression({ loss: "quantile", at: 0.9 }), monotone: { distance_km: "rising" } })
 */
export function xgboost<L extends LabelType = LabelType>(options: XgboostOptions<L> = {}): TrainerSpec<L> {
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) fail(`there is no option "${unknown}".${didYouMean(unknown, OPTIONS)}`);
  const {
    dart,
    rounds = 500,
    seed = 0,
    unseen = "missing",
    mostCategories = 10_000,
    balance = false,
    workers = 1,
    externalMemory = false,
  } = options;
  const { earlyStoppingRounds = dart ? 0 : 20, monotone = {}, interactions = [] } = options;
  wholeNumber("rounds", rounds, 1);
  wholeNumber("earlyStoppingRounds", earlyStoppingRounds, 0);
  wholeNumber("seed", seed, 0);
  wholeNumber("workers", workers, 1);
  wholeNumber("mostCategories", mostCategories, 1);
  wholeNumber("oneHotUpTo", options.oneHotUpTo ?? 4, 0);
  oneOf("unseen", unseen, ["missing", "refuse"]);
  oneOf("device", options.device ?? "cpu", ["cpu", "cuda"]);
  oneOf("grow", options.grow ?? "depth", ["depth", "loss"]);
  const { stopOn } = options;
  if (typeof stopOn !== "object") oneOf("stopOn", stopOn ?? "rmse", stopMetrics);
  else if (workers > 1)
    fail(
      `stopOn ${stopOn.name} is a metric of your own, which needs all validation rows, and each of ${workers} workers has a share of them: leave one of the two out.`,
    );
  for (const [input, way] of Object.entries(monotone)) oneOf(`monotone.${input}`, way, ["rising", "falling"]);
  if (dart && earlyStoppingRounds > 0)
    fail(
      "dart changes the weights of earlier trees, so that no earlier round can be gone back to: leave earlyStoppingRounds out.",
    );
  if (stopOn !== undefined && earlyStoppingRounds === 0)
    fail(
      `stopOn "${typeof stopOn === "object" ? stopOn.name : stopOn}" stops nothing with earlyStoppingRounds 0; leave one of them out.`,
    );
  if (workers > 1 && options.device === "cuda")
    fail(`workers ${workers} share a processor, and device "cuda" is one GPU: leave one of them out.`);
  if (externalMemory && options.device === "cuda")
    fail('externalMemory is for the processor, and device "cuda" is a GPU: leave one of them out.');
  const task = taskOf(options);
  return Object.freeze({
    kind: "xgboost",
    ...(task === undefined ? {} : { task }),
    parameters: Object.freeze(parametersOf(options)),
    rounds,
    earlyStoppingRounds,
    seed,
    ...(stopOn === undefined ? {} : typeof stopOn === "object" ? { stopBy: stopOn } : { stopOn }),
    ...(unseen === "missing" ? {} : { unseen }),
    mostCategories,
    ...(balance ? { balance } : {}),
    ...(workers === 1 ? {} : { workers }),
    ...(externalMemory ? { externalMemory } : {}),
    ...(Object.keys(monotone).length === 0 ? {} : { monotone }),
    ...(interactions.length === 0 ? {} : { interactions }),
  });
}

function taskOf({ task: named, objective }: XgboostOptions<never>): TaskSpec | undefined {
  const task: TaskSpec | undefined = named ?? (objective === undefined ? undefined : { kind: "binary" });
  if (objective !== undefined && (objective !== "binary:logistic" || task?.kind !== "binary"))
    fail(
      `the objective "${objective}" is not what ${task?.kind === "binary" ? "Slipway fits" : `a ${task?.kind} task is fitted with`}; leave it out and name the task.`,
    );
  return task;
}

function parametersOf(options: XgboostOptions<never>): Record<string, string | number | boolean> {
  const found: Record<string, string | number | boolean> = { tree_method: "hist" };
  for (const [name, [parameter, [least, most], standard]] of Object.entries(numbers)) {
    const value = (options as Readonly<Record<string, unknown>>)[name] ?? standard;
    if (value === undefined) continue;
    if (
      typeof value !== "number" ||
      !(value >= least && value <= most) ||
      (whole.includes(name) && !Number.isInteger(value))
    )
      fail(
        `${name} is ${String(value)}; give a ${whole.includes(name) ? "whole " : ""}number ${boundText(least, most)}.`,
      );
    found[parameter] = value as number;
  }
  // XGBoost's own parameter is exclusive.
  found["max_cat_to_onehot"] = (options.oneHotUpTo ?? 4) + 1;
  if (options.grow === "loss") found["grow_policy"] = "lossguide";
  if (options.device === "cuda") found["device"] = "cuda";
  return options.dart ? { ...found, ...dartParameters(options.dart) } : found;
}

function dartParameters(dart: DartOptions): Record<string, string | number | boolean> {
  const { dropRate, skipRate = 0, dropOne = false, sample = "uniform", normalize = "tree" } = dart;
  const known = ["dropRate", "skipRate", "dropOne", "sample", "normalize"];
  const unknown = Object.keys(dart).find((name) => !known.includes(name));
  if (unknown !== undefined) fail(`dart has no option "${unknown}".${didYouMean(unknown, known)}`);
  for (const [name, value] of Object.entries({ dropRate, skipRate }))
    if (!(value >= 0 && value <= 1)) fail(`dart.${name} is ${value}; give a share from 0 to 1.`);
  oneOf("dart.sample", sample, ["uniform", "weighted"]);
  oneOf("dart.normalize", normalize, ["tree", "forest"]);
  return {
    booster: "dart",
    rate_drop: dropRate,
    skip_drop: skipRate,
    one_drop: dropOne,
    sample_type: sample,
    normalize_type: normalize,
  };
}

function boundText(least: number, most: number): string {
  if (least === Number.MIN_VALUE) return `above 0 and up to ${most}`;
  return most === Number.MAX_VALUE ? `from ${least} up` : `from ${least} to ${most}`;
}

function oneOf(name: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) fail(`${name} is "${value}"; give one of ${known.join(", ")}.`);
}

function wholeNumber(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    fail(`${name} ${value} must be a whole number of at least ${least}.`);
}

function fail(problem: string): never {
  throw new SlipwayError("DEFINITION_INVALID", `xgboost: ${problem}`);
}
