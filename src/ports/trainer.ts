// An engine must: read each split once, in order, without holding a second copy (again only where it begins a fit anew, and where the rows can be had again); take its randomness from `seed` alone, so that
// the same job gives the same bytes; report every round; stop soon after `signal` aborts, with CANCELLED; and when the
// training process dies, throw TRAINER_FAILED with what it printed. It keeps nothing: the caller stores what it returns.

import type { ModelInput, Table } from "../core/core.ts";
import type { CustomMetricSpec, ProgramSpec, TaskSpec } from "../define/define.ts";
import type { ProcessUse } from "./workspace.ts";

/** One model to fit. Tables hold a column per input (by name) and the label; other columns are ignored. */
export interface TrainingJob {
  readonly inputs: readonly ModelInput[];
  /** The label's column, without nulls: a bool or a number, or for several classes anything that `classes` names. */
  readonly label: string;
  /** What is foretold; without it the parameters say so. */
  readonly task?: TaskSpec;
  /** The classes of a multi-class task, as text: a label is the place of its own. */
  readonly classes?: readonly string[];
  /** How much each class's training rows count, in the classes' order, on top of their own weights. */
  readonly classWeights?: readonly number[];
  /** The column of the rows' weights, numbers above 0. */
  readonly weight?: string;
  /** The numeric input with which a row's score begins, in the units of the score before its link; nothing is learnt from it. */
  readonly baseMargin?: string;
  /** The column of what is ranked together; rows of one group come together. */
  readonly group?: string;
  /** The column of the times by which rows had ended, null while they go on. */
  readonly upperBound?: string;
  /** Inputs with which the score may only rise or only fall. */
  readonly monotone?: Readonly<Record<string, "rising" | "falling">>;
  /** Inputs that may stand in one branch of a tree together. */
  readonly interactions?: readonly (readonly string[])[];
  /** The engine's own metric that stops early; default the task's. */
  readonly stopOn?: string;
  /** A measure of the validation rows that stops early instead. */
  readonly stopBy?: CustomMetricSpec;
  readonly train: AsyncIterable<Table>;
  /** Rows for early stopping and for the reported validation metric. */
  readonly validate?: AsyncIterable<Table>;
  /** The engine's own parameters, e.g. `{ objective: "binary:logistic", max_depth: 6 }`; an unknown name is refused. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly rounds: number;
  /** Stop when the last metric has not improved for so many rounds; needs `validate`. */
  readonly earlyStoppingRounds?: number;
  readonly seed: number;
  /** How many processes fit it together, for a trainer that can share a fit; default 1. They have the threads between them. */
  readonly workers?: number;
  /** Keep the rows in files instead of in memory, for a trainer that can. */
  readonly externalMemory?: boolean;
  readonly threads: number;
  /** The script to run, for a trainer that runs one. */
  readonly program?: ProgramSpec;
}

/** A model of the same kind, inputs and task that new rows go on from. */
export interface TrainingBase {
  readonly artifact: Uint8Array;
  /** How many of its rounds are kept, from the first. */
  readonly rounds: number;
  /** Learn the answers of what it has anew from these rows instead of adding to it; default false. */
  readonly refresh?: boolean;
}

/** One boosting round, or epoch, as it ends: metrics by `<split>-<metric>`, e.g. `validate-logloss`. */
export interface TrainingStep {
  readonly round: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** What early stopping looks at, turned so that lower is better; absent without validation rows. */
  readonly loss?: number;
}

/** How a caller follows a job and may end it early. */
export interface TrainingWatch {
  readonly onStep?: (step: TrainingStep) => void;
  /** Words for a person, e.g. while the native library is being fetched. */
  readonly onNote?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** What a finished job leaves: bytes a Runtime of the same `format` can load, and how it went. */
export interface TrainedModel {
  readonly format: string;
  readonly artifact: Uint8Array;
  /** Rounds to use when predicting, from 1. */
  readonly bestRound: number;
  readonly steps: readonly TrainingStep[];
  /** Total gain by input name, most important first; inputs never split on are left out. */
  readonly importance: readonly { readonly input: string; readonly gain: number }[];
  readonly engine: {
    readonly name: string;
    readonly version: string;
    /** What was installed beside it, as `name==version`. */
    readonly packages?: readonly string[];
  };
  /** What a process of its own used; absent where there was none. */
  readonly use?: Pick<ProcessUse, "cpuSeconds" | "peakMemory">;
}

/** Fits models of one kind. */
export interface Trainer {
  readonly kind: string;
  fit(job: TrainingJob, watch?: TrainingWatch): Promise<TrainedModel>;
}

/** A trainer that can go on from a model. The rounds of a job come on top of those that are kept; `bestRound` counts all of them. */
export interface ContinuingTrainer extends Trainer {
  fitOn(base: TrainingBase, job: TrainingJob, watch?: TrainingWatch): Promise<TrainedModel>;
}

/** Whether a trainer can go on from a model. */
export function isContinuingTrainer(trainer: Trainer): trainer is ContinuingTrainer {
  return "fitOn" in trainer;
}
