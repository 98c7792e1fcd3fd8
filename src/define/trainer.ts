// Trainers, splits and metrics as values: how a model is to be fitted and judged.

import { type Duration, type Instant, parseInstant, SlipwayError } from "../core/core.ts";
import type { ProgramSpec } from "./python-trainer.ts";
import type { LabelType, TaskSpec } from "./task.ts";

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
  /** The engine's metric that stops early; absent, that of the task. */
  readonly stopOn?: string;
  /** What serving does with a category that the training rows did not have; absent, it counts as missing. */
  readonly unseen?: "refuse";
  /** Most categories of one input. */
  readonly mostCategories?: number;
  /** Whether every class has the same total weight. */
  readonly balance?: boolean;
  readonly monotone?: Readonly<Record<string, "rising" | "falling">>;
  readonly interactions?: readonly (readonly string[])[];
  /** The script of a trainer that runs one. */
  readonly program?: ProgramSpec;
  readonly [labels]?: (label: L) => void;
}

/** How rows are divided by prediction time. */
export type SplitSpec =
  | { readonly kind: "recent"; readonly validate: Duration; readonly test: Duration; readonly gap?: Duration }
  | { readonly kind: "dates"; readonly validateFrom: Instant; readonly testFrom: Instant; readonly gap?: Duration };

/**
 * Oldest rows train, later ones validate, the newest test. A training row's label must have been known before validation
 * starts. Give lengths counted back from the newest row, or fixed starts (UTC). Rows within `gap` before validation, and before the test, are in no
 * part: what is to be foretold then is never a neighbour of what was learnt.
 */
export function byTime(
  options:
    | { readonly validate: Duration; readonly test: Duration; readonly gap?: Duration }
    | { readonly validateFrom: string; readonly testFrom: string; readonly gap?: Duration },
): SplitSpec {
  if (options.gap !== undefined && options.gap < 0n)
    throw new SlipwayError("DEFINITION_INVALID", "byTime: gap is a length of time, and must not be negative.");
  if ("validate" in options) return Object.freeze({ kind: "recent", ...options });
  const validateFrom = parseInstant(options.validateFrom);
  const testFrom = parseInstant(options.testFrom);
  if (testFrom <= validateFrom)
    throw new SlipwayError("DEFINITION_INVALID", `byTime: testFrom ${options.testFrom} must be after validateFrom.`);
  return Object.freeze({
    kind: "dates",
    validateFrom,
    testFrom,
    ...(options.gap === undefined ? {} : { gap: options.gap }),
  });
}
