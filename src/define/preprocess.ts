// The words for preprocessing: what an input goes through before it is a column of the model's matrix. A word says how; what it comes to is fitted on
// the training rows and stored with the version. Each knows at compile time what it takes: numbers, texts or moments.

import {
  type DataType,
  type DatePart,
  type DecimalType,
  didYouMean,
  dateParts as everyPart,
  type NumericType,
  SlipwayError,
} from "../core/core.ts";

/** What a step takes. */
export type StepKind = "number" | "text" | "time";

/** A step as plain data. */
export type StepSpec =
  | { readonly step: "standardize" }
  | { readonly step: "robustScale" }
  | { readonly step: "minMaxScale"; readonly clip?: true }
  | { readonly step: "impute"; readonly by: ImputeBy }
  | { readonly step: "impute"; readonly value: number | string }
  | { readonly step: "isMissing" }
  | { readonly step: "bucketize"; readonly quantiles: number }
  | { readonly step: "bucketize"; readonly bounds: readonly number[] }
  | {
      readonly step: "oneHot";
      readonly maxCategories: number;
      readonly rare?: "together";
      readonly missing?: "column";
      readonly unseen?: "refuse";
    }
  | {
      readonly step: "targetEncode";
      readonly folds: number;
      readonly smooth: "auto" | number;
      readonly maxCategories: number;
      readonly seed: number;
      readonly unseen?: "refuse";
    }
  | { readonly step: "textLength" }
  | { readonly step: "ngramHash"; readonly n: number; readonly buckets: number }
  | { readonly step: "hash"; readonly buckets: number }
  | { readonly step: "dateParts"; readonly parts: readonly DatePart[] };

/** What an imputed value is in the training rows. */
export type ImputeBy = "mean" | "median" | "mostFrequent";

declare const takes: unique symbol;

/** A step that takes values of some kinds. */
export type Step<K extends StepKind = never> = StepSpec & { readonly [takes]?: (kind: K) => void };

/** One step, or several in their order. */
export type Steps<K extends StepKind = never> = Step<K> | readonly [Step<K>, ...Step[]];

type KindsOf<T extends DataType> = T extends "bool" | "int32" | "int64"
  ? Step<"number"> | Step<"text"> | readonly [Step<"number"> | Step<"text">, ...Step[]]
  : T extends NumericType | DecimalType
    ? Steps<"number">
    : T extends "string" | "uuid"
      ? Steps<"text">
      : T extends "date" | "timestamp"
        ? Steps<"time">
        : never;

/** A new input, made from one or several others. */
export interface NewInput {
  readonly of: readonly string[];
  readonly steps: readonly StepSpec[];
}

/** An input that only others are made from. */
export interface Dropped {
  readonly drop: true;
}

/** Steps by input; a name that no input has is a new one, made by `of` or `cross`. */
export type Preprocess<R extends Readonly<Record<string, { readonly type: DataType }>>> = {
  readonly [K in keyof R]?: KindsOf<R[K]["type"]> | Dropped;
} & { readonly [name: string]: Steps | NewInput | Dropped | undefined };

/** Scales a number to mean 0 and standard deviation 1 (of the population) in the training rows. */
export const standardize = (): Step<"number"> => Object.freeze({ step: "standardize" });

/** Scales a number by what outliers do not move: less the median, through the distance between the quartiles. */
export const robustScale = (): Step<"number"> => Object.freeze({ step: "robustScale" });

/** Scales a number so that the training rows lie from 0 to 1; later ones may lie outside unless `clip` holds them there. */
export function minMaxScale(options: { readonly clip?: boolean } = {}): Step<"number"> {
  known("minMaxScale", options, ["clip"]);
  return Object.freeze({ step: "minMaxScale", ...(options.clip ? ({ clip: true } as const) : {}) });
}

/**
 * Fills missing values: a number's by "mean" or "median", anything's by "mostFrequent" (of several the least), or by a constant of your own.
 *
 * @example age: [impute("median"), robustScale()]
 */
export function impute(by: "mean" | "median"): Step<"number">;
export function impute(by: "mostFrequent"): Step<"number" | "text">;
export function impute(constant: { readonly constant: number }): Step<"number">;
export function impute(constant: { readonly constant: string }): Step<"text">;
export function impute(by: ImputeBy | { readonly constant: number | string }): Step<"number" | "text"> {
  if (typeof by === "string") {
    oneOf("impute", "by", by, ["mean", "median", "mostFrequent"]);
    return Object.freeze({ step: "impute", by });
  }
  known("impute", by, ["constant"]);
  if (typeof by.constant !== "string" && !Number.isFinite(by.constant))
    fail("impute", `the constant is ${by.constant}; give a finite number or a text.`);
  return Object.freeze({ step: "impute", value: by.constant });
}

/** 1 where a value is missing, else 0: `age_missing: of("age", isMissing())`. */
export const isMissing = (): Step<"number" | "text" | "time"> => Object.freeze({ step: "isMissing" });

/** A number's bucket, counted from 0: between quantiles of the training rows, or bounds of your own (a bound begins its bucket). */
export function bucketize(
  options: { readonly quantiles: number } | { readonly bounds: readonly number[] },
): Step<"number"> {
  known("bucketize", options, ["quantiles", "bounds"]);
  const given = options as { readonly quantiles?: number; readonly bounds?: readonly number[] };
  if ((given.quantiles === undefined) === (given.bounds === undefined))
    fail("bucketize", "give quantiles or bounds, one of the two.");
  if (given.bounds === undefined) {
    const quantiles = given.quantiles ?? 0;
    whole("bucketize", "quantiles", quantiles, 2, 1000);
    return Object.freeze({ step: "bucketize", quantiles });
  }
  const { bounds } = given;
  if (
    bounds.length === 0 ||
    !bounds.every((bound, place) => Number.isFinite(bound) && !(bound <= (bounds[place - 1] ?? -Infinity)))
  )
    fail("bucketize", `the bounds ${bounds.join(", ") || "(none)"} must be finite numbers, each above the one before.`);
  return Object.freeze({ step: "bucketize", bounds: Object.freeze([...bounds]) });
}

/** The options of {@link oneHot}. */
export interface OneHotOptions {
  /** Most columns for categories; default 100. With more categories in the training rows the fit is refused, unless `rare` says otherwise. */
  readonly maxCategories?: number;
  /** "together" gives all but the most frequent categories one column, which unseen ones share. */
  readonly rare?: "refuse" | "together";
  /** What a missing value is: zeros everywhere (default), or a column of its own. */
  readonly missing?: "zeros" | "column";
  /** "refuse" answers INPUT_INVALID to a category that training did not have; default zeros everywhere, or the column of rare ones. */
  readonly unseen?: "zeros" | "refuse";
}

/** A column of 0 and 1 for every category. */
export function oneHot(options: OneHotOptions = {}): Step<"text"> {
  known("oneHot", options, ["maxCategories", "rare", "missing", "unseen"]);
  const { maxCategories = 100, rare = "refuse", missing = "zeros", unseen = "zeros" } = options;
  whole("oneHot", "maxCategories", maxCategories, 1, 10_000);
  oneOf("oneHot", "rare", rare, ["refuse", "together"]);
  oneOf("oneHot", "missing", missing, ["zeros", "column"]);
  oneOf("oneHot", "unseen", unseen, ["zeros", "refuse"]);
  if (rare === "together" && unseen === "refuse")
    fail(
      "oneHot",
      'rare "together" gives unseen categories the column of rare ones, and unseen "refuse" refuses them; leave one out.',
    );
  return Object.freeze({
    step: "oneHot",
    maxCategories,
    ...(rare === "together" ? { rare } : {}),
    ...(missing === "column" ? { missing } : {}),
    ...(unseen === "refuse" ? { unseen } : {}),
  });
}

/** The options of {@link targetEncode}. */
export interface TargetEncodeOptions {
  /** Training rows get values fitted on the other folds, so that none sees its own label; default 5. */
  readonly folds?: number;
  /** How strongly rare categories are drawn to the mean of all: "auto" by their variance (empirical Bayes), or as if so many rows were added. */
  readonly smooth?: "auto" | number;
  /** Most categories; default 100,000. */
  readonly maxCategories?: number;
  /** What deals rows to folds; default 0. */
  readonly seed?: number;
  /** "refuse" answers INPUT_INVALID to a category that training did not have; default the mean of all. */
  readonly unseen?: "mean" | "refuse";
}

/**
 * A category as the mean of its labels, drawn to the mean of all (D. Micci-Barreca, "A preprocessing scheme for high-cardinality categorical
 * attributes", SIGKDD Explorations 3(1), 2001). A missing value is a category of its own.
 */
export function targetEncode(options: TargetEncodeOptions = {}): Step<"text"> {
  known("targetEncode", options, ["folds", "smooth", "maxCategories", "seed", "unseen"]);
  const { folds = 5, smooth = "auto", maxCategories = 100_000, seed = 0, unseen = "mean" } = options;
  whole("targetEncode", "folds", folds, 2, 100);
  whole("targetEncode", "maxCategories", maxCategories, 1, 2 ** 24);
  whole("targetEncode", "seed", seed, 0, Number.MAX_SAFE_INTEGER);
  oneOf("targetEncode", "unseen", unseen, ["mean", "refuse"]);
  if (smooth !== "auto" && !(Number.isFinite(smooth) && smooth >= 0))
    fail("targetEncode", `smooth is ${smooth}; give "auto" or a number of 0 or more.`);
  return Object.freeze({
    step: "targetEncode",
    folds,
    smooth,
    maxCategories,
    seed,
    ...(unseen === "refuse" ? { unseen } : {}),
  });
}

/** How many characters a text has. */
export const textLength = (): Step<"text"> => Object.freeze({ step: "textLength" });

/** How often runs of `n` characters meet each of so many buckets: a text as numbers without a vocabulary. */
export function ngramHash(options: { readonly n?: number; readonly buckets?: number } = {}): Step<"text"> {
  known("ngramHash", options, ["n", "buckets"]);
  const { n = 3, buckets = 256 } = options;
  whole("ngramHash", "n", n, 1, 20);
  whole("ngramHash", "buckets", buckets, 2, 65_536);
  return Object.freeze({ step: "ngramHash", n, buckets });
}

/** A category's bucket, again a category: for more categories than a model can keep apart. */
export function hash(options: { readonly buckets: number }): Step<"text"> {
  known("hash", options, ["buckets"]);
  whole("hash", "buckets", options.buckets, 2, 2 ** 24);
  return Object.freeze({ step: "hash", buckets: options.buckets });
}

/** Numbers from a date or a moment, in UTC: `dateParts(["month", "dayOfWeek", "hourOfDay"])`. */
export function dateParts(parts: readonly DatePart[]): Step<"time"> {
  if (parts.length === 0) fail("dateParts", `name at least one of ${everyPart.join(", ")}.`);
  for (const [place, part] of parts.entries()) {
    oneOf("dateParts", "a part", part, everyPart);
    if (parts.indexOf(part) !== place) fail("dateParts", `"${part}" is named twice.`);
  }
  return Object.freeze({ step: "dateParts", parts: Object.freeze([...parts]) });
}

/** A new input from several categories as one: `route: cross(["origin", "dest"], [hash({ buckets: 1024 }), targetEncode()])`. */
export function cross(
  inputs: readonly [string, string, ...string[]],
  steps: Steps<"text"> | readonly [] = [],
): NewInput {
  if (inputs.length < 2) fail("cross", `name at least two inputs, not ${inputs.length}; for one there is of().`);
  const twice = inputs.find((each, place) => inputs.indexOf(each) !== place);
  if (twice !== undefined) fail("cross", `"${twice}" is named twice.`);
  return Object.freeze({ of: Object.freeze([...inputs]), steps: listed(steps) });
}

/** A new input from another, which stays: `age_missing: of("age", isMissing())`. */
export function of(input: string, steps: Steps): NewInput {
  return Object.freeze({ of: Object.freeze([input]), steps: listed(steps) });
}

/** Leaves an input out of the matrix, so that only others are made from it. */
export const drop = (): Dropped => Object.freeze({ drop: true });

/** Steps as a list. */
export function listed(steps: Steps | readonly []): readonly StepSpec[] {
  return Object.freeze(Array.isArray(steps) ? [...(steps as readonly StepSpec[])] : [steps as StepSpec]);
}

function known(word: string, options: object, names: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) fail(word, `there is no option "${unknown}".${didYouMean(unknown, names)}`);
}

function whole(word: string, name: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most)
    fail(word, `${name} is ${value}; give a whole number from ${least} to ${most}.`);
}

function oneOf(word: string, name: string, value: string, names: readonly string[]): void {
  if (!names.includes(value))
    fail(word, `${name} is "${value}"; give one of ${names.join(", ")}.${didYouMean(value, names)}`);
}

function fail(word: string, problem: string): never {
  throw new SlipwayError("DEFINITION_INVALID", `${word}: ${problem}`);
}
