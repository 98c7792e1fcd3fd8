// A measure that a user writes in TypeScript. Its text is part of the definition, so that another text is another model; it runs in the process that trains or
// evaluates, from the project's own files, and is never kept with a version or loaded from one.

import { SlipwayError } from "../core/core.ts";
import type { RowsBeside, Scores } from "./metric.ts";

/** Labelled rows as a measure of one's own is given them. */
export interface MetricRows extends RowsBeside {
  /** 0 or 1, a number, or the place of the row's class, NaN for one that the model does not know; shape (rows). */
  readonly labels: Float64Array;
  /** The model's answers: shape (rows), or of several classes (rows, classes), row-major. */
  readonly scores: Scores;
  /** How much each row counts, from 0 up; shape (rows). 0 leaves it out. */
  readonly weights: Float64Array;
}

/** A measure of one's own. */
export interface CustomMetricSpec {
  readonly name: string;
  readonly better: "higher" | "lower";
  /** The function's text. */
  readonly code: string;
  readonly compute: (rows: MetricRows) => number;
}

/** Names that a figure has already. */
const TAKEN = new Set([
  ...[
    "auc",
    "logLoss",
    "accuracy",
    "rmse",
    "mae",
    "pinball",
    "ndcg",
    "concordance",
    "prAuc",
    "brier",
    "calibrationError",
  ],
  ...[
    "ks",
    "lift10",
    "balancedAccuracy",
    "precision",
    "recall",
    "f1",
    "mcc",
    "mape",
    "r2",
    "map",
    "pre",
    "aucpr",
    "logloss",
  ],
]);
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;

function custom(
  name: string,
  { better }: { readonly better: "higher" | "lower" },
  compute: (rows: MetricRows) => number,
): CustomMetricSpec {
  const fail = (problem: string): never => {
    throw new SlipwayError("DEFINITION_INVALID", `metric.custom("${name}"): ${problem}`);
  };
  if (!NAME.test(name)) fail("a name has letters, digits and _, begins with a letter, and is at most 63 long.");
  if (TAKEN.has(name)) fail("there is such a metric already; give yours another name.");
  if (better !== "higher" && better !== "lower") fail(`better is "${String(better)}"; give "higher" or "lower".`);
  if (typeof compute !== "function") fail("the third argument is the function that computes it.");
  const code = Function.prototype.toString.call(compute);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(code))
    fail("a bound or built-in function has no text of its own to tell changes by; write it out as an arrow function.");
  return Object.freeze({ name, better, code, compute });
}

/** Measures of one's own. */
export const metric: {
  /**
   * A measure in TypeScript, to judge by and to stop early by. Its function must give the same number for the same rows, and should count each row by its
   * weight: intervals come from rows that are drawn again and again, which are weights of whole numbers.
   *
   * @example
   * metric.custom("meanCost", { better: "lower" }, ({ labels, scores, weights }) => {
   *   let [cost, whole] = [0, 0];
   *   for (const [row, weight] of weights.entries()) {
   *     cost += weight * (labels[row] === 1 ? 10 * Number(scores[row]! < 0.2) : Number(scores[row]! >= 0.2));
   *     whole += weight;
   *   }
   *   return cost / whole;
   * })
   */
  readonly custom: typeof custom;
} = Object.freeze({ custom });

/** Whether a metric is one's own. */
export function isCustomMetric(spec: { readonly name: string }): spec is CustomMetricSpec {
  return "code" in spec;
}

/** What a measure of one's own says of rows. Throws DEFINITION_INVALID where its function throws or gives no number. */
export function measureCustom({ name, compute }: CustomMetricSpec, rows: MetricRows): number {
  const { labels, scores, weights } = rows;
  let value: unknown;
  try {
    // Its own copies: a function that sorts what it is given must change no other figure.
    value = compute({ ...rows, labels: labels.slice(), scores: scores.slice(), weights: weights.slice() });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new SlipwayError("DEFINITION_INVALID", `The metric "${name}" failed on ${rows.labels.length} rows: ${said}`, {
      cause,
    });
  }
  if (typeof value === "number") return value;
  throw new SlipwayError(
    "DEFINITION_INVALID",
    `The metric "${name}" gave ${value instanceof Promise ? "a promise" : typeof value} for ${rows.labels.length} rows; its function must return a number, at once.`,
  );
}
