// Which rows a model learns from, which stop it, and which judge it. By time is what production is like: yesterday's rows foretell tomorrow's.
// The other ways are for rows whose order means nothing. Where a row goes is decided by its own id, or by its group, and never by where it stands in
// a file: more rows, or rows in another order, leave every row where it was.

import { type Duration, type Instant, parseInstant, SlipwayError } from "../core/core.ts";
import type { Expression } from "./expression.ts";
import type { ExpressionNode } from "./node.ts";

/** How rows are divided, as plain data. */
export type SplitSpec =
  | { readonly kind: "recent"; readonly validate: Duration; readonly test: Duration; readonly gap?: Duration }
  | { readonly kind: "dates"; readonly validateFrom: Instant; readonly testFrom: Instant; readonly gap?: Duration }
  | {
      readonly kind: "rolling";
      readonly folds: number;
      readonly validate: Duration;
      readonly test: Duration;
      readonly gap?: Duration;
    }
  | ({ readonly kind: "random" } & Shares)
  | ({ readonly kind: "group"; readonly by: ExpressionNode } & Shares)
  | ({ readonly kind: "stratified"; readonly by?: ExpressionNode } & Shares);

type Kind<K extends SplitSpec["kind"]> = Extract<SplitSpec, { readonly kind: K }>;

/** Shares of the rows, between 0 and 1; what neither takes is learnt from. */
interface Shares {
  readonly validate: number;
  readonly test: number;
  readonly seed: number;
}

/** The options of a split by shares. */
export interface ShareOptions {
  /** The share of rows that stop the training, above 0. */
  readonly validate: number;
  /** The share of rows that judge it; 0 for none. */
  readonly test: number;
  /** Another seed divides the rows otherwise; default 0. */
  readonly seed?: number;
}

/**
 * Oldest rows train, later ones validate, the newest test. A training row's label must have been known before validation
 * starts. Give lengths counted back from the newest row, or fixed starts (UTC). Rows within `gap` before validation, and before the test, are in no
 * part: what is to be foretold then is never a neighbour of what was learnt.
 */
export function byTime(
  options:
    | { readonly validate: Duration; readonly test: Duration; readonly gap?: Duration }
    | { readonly validateFrom: string; readonly testFrom: string; readonly gap?: Duration },
): Kind<"recent" | "dates"> {
  checkGap("byTime", options.gap);
  if ("validate" in options) return Object.freeze({ kind: "recent", ...options });
  const validateFrom = parseInstant(options.validateFrom);
  const testFrom = parseInstant(options.testFrom);
  if (testFrom <= validateFrom) fail(`byTime: testFrom ${options.testFrom} must be after validateFrom.`);
  return Object.freeze({
    kind: "dates",
    validateFrom,
    testFrom,
    ...(options.gap === undefined ? {} : { gap: options.gap }),
  });
}

/**
 * Split by time, and judged by more than one stretch of it: `folds` tests of the same length that follow each other, each by a model of its own that
 * knows only what was before. The newest fold's model becomes the version; the others say how much its figures mean.
 *
 * Tashman 2000, "Out-of-sample tests of forecasting accuracy", International Journal of Forecasting 16: rolling origin, with a growing training set.
 */
export function rollingOrigin(options: {
  /** How many tests, from 2 to 50. */
  readonly folds: number;
  readonly validate: Duration;
  readonly test: Duration;
  readonly gap?: Duration;
}): Kind<"rolling"> {
  const { folds, validate, test, gap } = options;
  if (!Number.isInteger(folds) || folds < 2 || folds > MOST_FOLDS)
    fail(`rollingOrigin: folds ${folds} must be a whole number from 2 to ${MOST_FOLDS}; byTime has one.`);
  if (!(validate > 0n && test > 0n)) fail("rollingOrigin: validate and test are lengths of time above 0.");
  checkGap("rollingOrigin", gap);
  return Object.freeze({ kind: "rolling", folds, validate, test, ...(gap === undefined ? {} : { gap }) });
}

const MOST_FOLDS = 50;

/** Rows by chance, as their ids fall. For rows that have nothing to do with each other: else what is tested on was half learnt. */
export function random(options: ShareOptions): Kind<"random"> {
  return Object.freeze({ kind: "random", ...sharesOf("random", options) });
}

/**
 * All rows of a group in the same part: `byGroup(visits.patient, { validate: 0.1, test: 0.2 })`. `by` is an expression over the model's rows; a row
 * for which it is null is a group of its own.
 */
export function byGroup(by: Expression, options: ShareOptions): Kind<"group"> {
  return Object.freeze({ kind: "group", by: by.node, ...sharesOf("byGroup", options) });
}

/** Rows by chance, with the same share of every label in each part; with `by`, of every value of an expression over the rows. */
export function stratified(options: ShareOptions & { readonly by?: Expression }): Kind<"stratified"> {
  const { by, ...shares } = options;
  return Object.freeze({
    kind: "stratified",
    ...(by === undefined ? {} : { by: by.node }),
    ...sharesOf("stratified", shares),
  });
}

/** The expression by whose values rows are kept together, or spread. */
export function splitExpression(split: SplitSpec): ExpressionNode | undefined {
  return split.kind === "group" || split.kind === "stratified" ? split.by : undefined;
}

/** Whether parts are shares of the rows, whenever these were. */
export function isByShares(split: SplitSpec): split is Extract<SplitSpec, { readonly seed: number }> {
  return "seed" in split;
}

/** What keeps a split from dividing rows of a task; undefined when nothing does. */
export function splitProblem(split: SplitSpec, task: { readonly kind: string }): string | undefined {
  if (task.kind === "ranking" && (split.kind === "random" || split.kind === "stratified"))
    return `a ${split.kind} split tears the groups that are ranked: use byGroup with what the model's group is.`;
  if (split.kind === "stratified" && split.by === undefined && task.kind !== "binary" && task.kind !== "multiclass")
    return `a stratified split needs classes, and this is a ${task.kind} task: use random, or say by what: stratified({ by: … }).`;
  return undefined;
}

function sharesOf(word: string, { validate, test, seed = 0 }: ShareOptions): Shares {
  if (!(validate > 0 && validate < 1))
    fail(`${word}: validate ${validate} must be a share of the rows, above 0 and below 1.`);
  if (!(test >= 0 && test < 1)) fail(`${word}: test ${test} must be a share of the rows, from 0 to below 1.`);
  if (validate + test >= 1) fail(`${word}: validate ${validate} and test ${test} leave no rows to learn from.`);
  if (!Number.isSafeInteger(seed) || seed < 0) fail(`${word}: seed ${seed} must be a whole number from 0 on.`);
  return { validate, test, seed };
}

function checkGap(word: string, gap: Duration | undefined): void {
  if (gap !== undefined && gap < 0n) fail(`${word}: gap is a length of time, and must not be negative.`);
}

function fail(problem: string): never {
  throw new SlipwayError("DEFINITION_INVALID", problem);
}
