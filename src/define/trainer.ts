// Trainers as values: how a model is to be fitted.

import type { CustomMetricSpec } from "./custom-metric.ts";
import type { ProgramSpec } from "./python-trainer.ts";
import type { LabelType, TaskSpec } from "./task.ts";

declare const labels: unique symbol;

/** Whether a kind of trainer takes numbers alone: a model of it gets steps for inputs that have none. */
export function takesNumbersAlone({ kind }: Pick<TrainerSpec, "kind">): boolean {
  return kind === "linear" || kind === "online";
}

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
  /** The metric of one's own that stops early. */
  readonly stopBy?: CustomMetricSpec;
  /** What serving does with a category that the training rows did not have; absent, it counts as missing. */
  readonly unseen?: "refuse";
  /** Most categories of one input. */
  readonly mostCategories?: number;
  /** Whether every class has the same total weight. */
  readonly balance?: boolean;
  readonly monotone?: Readonly<Record<string, "rising" | "falling">>;
  readonly interactions?: readonly (readonly string[])[];
  /** How many processes fit the model together; absent, one. */
  readonly workers?: number;
  /** Whether the training rows are kept in files instead of in memory. */
  readonly externalMemory?: boolean;
  /** After how many pushed labels a watching server makes the next version of an online learner; absent, it does not. */
  readonly learnEvery?: number;
  /** The script of a trainer that runs one. */
  readonly program?: ProgramSpec;
  readonly [labels]?: (label: L) => void;
}
