// Calibration as a word of a model: how its probabilities are corrected after it. What the correction comes to is fitted with every version.

import { SlipwayError } from "../core/core.ts";
import type { TaskSpec } from "./task.ts";

/** How probabilities are corrected, as plain data. */
export interface CalibrateSpec {
  readonly kind: "platt" | "isotonic";
  /** The share of the validation rows that it is fitted on and that then do not stop the training; absent, all of them do both. */
  readonly share?: number;
}

/** The options of a calibration. */
export interface CalibrateOptions {
  /** Fit it on this share of the validation rows, and let only the others stop the training; between 0 and 1. Default: all rows do both. */
  readonly share?: number;
}

/**
 * A logistic curve over the model's log-odds: two numbers, which a few hundred rows are enough for.
 *
 * Platt 1999, "Probabilistic outputs for support vector machines".
 */
export const platt = (options: CalibrateOptions = {}): CalibrateSpec => calibrate("platt", options);

/**
 * Any rising curve: it follows what a logistic one cannot, and needs a thousand rows or more.
 *
 * Zadrozny and Elkan 2002, "Transforming classifier scores into accurate multiclass probability estimates", KDD.
 */
export const isotonic = (options: CalibrateOptions = {}): CalibrateSpec => calibrate("isotonic", options);

function calibrate(kind: CalibrateSpec["kind"], { share }: CalibrateOptions): CalibrateSpec {
  if (share !== undefined && !(share > 0 && share < 1))
    throw new SlipwayError("DEFINITION_INVALID", `${kind}: share ${share} must be between 0 and 1.`);
  return Object.freeze({ kind, ...(share === undefined ? {} : { share }) });
}

/** Why a task has nothing to calibrate; undefined when it has. */
export function calibrateProblem(task: TaskSpec): string | undefined {
  if (task.kind === "binary" || task.kind === "multiclass") return undefined;
  return `calibrate corrects probabilities, and a ${task.kind} model gives none; leave it out.`;
}
