// What kind of outcome a model foretells. The label's type decides which tasks there are for it: true or false is a binary task, a
// name or a whole number may be one of several classes, a number is regression. A task says nothing about how it is fitted.

import {
  type DataType,
  type DecimalType,
  isDecimal,
  isFloat,
  isNumeric,
  type NumericType,
  SlipwayError,
  typeText,
} from "../core/core.ts";

/** What a regression is held to, by the value that it foretells. */
export type RegressionLoss =
  /** The mean. */
  | { readonly loss: "squared" }
  /** The median. */
  | { readonly loss: "absolute" }
  /** The value that a share `at` of outcomes stays below. */
  | { readonly loss: "quantile"; readonly at: number }
  /** The mean of a positive amount whose spread grows with it: claim sizes. */
  | { readonly loss: "gamma" }
  /** The mean of an amount that is often 0; `power` between 1 (counts) and 2 (gamma). */
  | { readonly loss: "tweedie"; readonly power: number }
  /** The mean of a count, as in a Poisson regression. */
  | { readonly loss: "count" };

/** A task as plain data. */
export type TaskSpec =
  | { readonly kind: "binary" }
  | { readonly kind: "multiclass"; readonly mostClasses: number }
  | ({ readonly kind: "regression" } & RegressionLoss)
  | { readonly kind: "ranking"; readonly objective: "ndcg" | "map" | "pairwise" }
  | { readonly kind: "survival"; readonly distribution: "normal" | "logistic" | "extreme"; readonly scale: number };

/** The kinds of task. */
export type TaskKind = TaskSpec["kind"];

/** The types a label may have. */
export type LabelType = "bool" | NumberType | ClassType;

type NumberType = NumericType | DecimalType;
type ClassType = "string" | "uuid" | "int32" | "int64";

declare const labels: unique symbol;

/** A task for labels of some types: `Task<"bool">` is for true and false only. */
export type Task<L extends LabelType = never> = TaskSpec & { readonly [labels]?: (label: L) => void };

/** Whether something comes true; the answer is its probability. What a `bool` label means when no task is named. */
export const binary = (): Task<"bool"> => Object.freeze({ kind: "binary" });

/**
 * Which of several classes it will be; the answer is a probability for each. What a text label means when no task is named; a label of whole
 * numbers may be one too. The classes are those of the training and validation rows and are stored with the version; more than `mostClasses`
 * (default 100) are refused.
 */
export function multiclass({ mostClasses = 100 }: { readonly mostClasses?: number } = {}): Task<ClassType> {
  if (!Number.isInteger(mostClasses) || mostClasses < 2)
    fail(`multiclass: mostClasses ${mostClasses} must be a whole number of at least 2.`);
  return Object.freeze({ kind: "multiclass", mostClasses });
}

/** The options of a regression. */
export type RegressionOptions =
  | { readonly loss?: "squared" | "absolute" | "gamma" | "count" }
  | { readonly loss: "quantile"; readonly at: number }
  | { readonly loss: "tweedie"; readonly power?: number };

/**
 * How much it will be. What a label of numbers means when no task is named, with squared loss.
 *
 * @example regression({ loss: "quantile", at: 0.9 }) // the value that nine of ten outcomes stay below
 */
export function regression(options: RegressionOptions = {}): Task<NumberType> {
  if (options.loss === "quantile") {
    if (!(options.at > 0 && options.at < 1)) fail(`regression: a quantile at ${options.at} must be between 0 and 1.`);
    return Object.freeze({ kind: "regression", loss: "quantile", at: options.at });
  }
  if (options.loss === "tweedie") {
    const { power = 1.5 } = options;
    if (!(power > 1 && power < 2)) fail(`regression: a tweedie power of ${power} must be between 1 and 2.`);
    return Object.freeze({ kind: "regression", loss: "tweedie", power });
  }
  const { loss = "squared" } = options;
  if (!["squared", "absolute", "gamma", "count"].includes(loss))
    fail(`regression: the loss "${loss}" is none of squared, absolute, quantile, gamma, tweedie and count.`);
  return Object.freeze({ kind: "regression", loss });
}

/**
 * Which rows of a group come first: the answer is a score that orders them. The model's `group` says what belongs together, the label how good a row
 * is: 0, 1, 2 and so on, up to 31. "ndcg" cares most for the first places, "map" takes labels of 0 and 1, "pairwise" counts pairs alike.
 */
export function ranking({
  objective = "ndcg",
}: {
  readonly objective?: "ndcg" | "map" | "pairwise";
} = {}): Task<"int32" | "int64"> {
  if (!["ndcg", "map", "pairwise"].includes(objective))
    fail(`ranking: the objective "${objective}" is none of ndcg, map and pairwise.`);
  return Object.freeze({ kind: "ranking", objective });
}

/**
 * How long until something happens, where some have only been watched for a while: accelerated failure time (Wei 1992). The label is the time a row is
 * known to have lasted, the model's `upperBound` the time by which it had ended: the same when it was seen, null while it goes on. The answer is
 * a time in the label's unit. `scale` is the spread of the logarithm of times, default 1.
 */
export function survival({
  distribution = "normal",
  scale = 1,
}: {
  readonly distribution?: "normal" | "logistic" | "extreme";
  readonly scale?: number;
} = {}): Task<NumberType> {
  if (!["normal", "logistic", "extreme"].includes(distribution))
    fail(`survival: the distribution "${distribution}" is none of normal, logistic and extreme.`);
  if (!(scale > 0 && scale < Infinity)) fail(`survival: a scale of ${scale} must be above 0.`);
  return Object.freeze({ kind: "survival", distribution, scale });
}

function fail(problem: string): never {
  throw new SlipwayError("DEFINITION_INVALID", problem);
}

const isNumber = (type: DataType): boolean => isNumeric(type) || isDecimal(type);

/** The task a label means when none is named; undefined where a label of that type means nothing. */
export function taskOfLabel(type: DataType): TaskSpec | undefined {
  if (type === "bool") return binary();
  if (type === "string" || type === "uuid") return multiclass();
  return isNumber(type) ? regression() : undefined;
}

/** Why a task is nothing for labels of a type; undefined when it fits. */
export function taskProblem(task: TaskSpec, type: DataType): string | undefined {
  const own = typeText(type);
  if (task.kind === "binary")
    return type === "bool"
      ? undefined
      : `a binary task needs a bool label, and this one is ${own}: compare it, as in .gt(15)`;
  if (task.kind === "multiclass")
    return type === "string" || type === "uuid" || (isNumeric(type) && !isFloat(type))
      ? undefined
      : `a multi-class task needs a text or whole-number label, and this one is ${own}`;
  if (task.kind === "ranking")
    return type === "int32" || type === "int64"
      ? undefined
      : `a ranking task needs a label of whole numbers, and this one is ${own}`;
  return isNumber(type) ? undefined : `a ${task.kind} task needs a label of numbers, and this one is ${own}`;
}

/** A task in words: `binary`, `regression (quantile 0.9)`. */
export function taskText(task: TaskSpec): string {
  if (task.kind === "ranking") return `ranking (${task.objective})`;
  if (task.kind !== "regression") return task.kind;
  if (task.loss === "quantile") return `regression (quantile ${task.at})`;
  return task.loss === "tweedie" ? `regression (tweedie ${task.power})` : `regression (${task.loss})`;
}
