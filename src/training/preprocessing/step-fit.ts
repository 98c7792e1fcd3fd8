import type { FittedOf, FittedStep, Signal } from "../../core/core.ts";
import type { StepSpec } from "../../define/define.ts";

export { numbersIn as numbersOf, textsIn as textsOf } from "../../core/core.ts";

/** Refuses the rows a step is fitted on; the words go on from the input's name. */
export type Fail = (problem: string) => never;

/** A step as it is declared, of one kind. */
export type StepOf<K extends StepSpec["step"]> = Extract<StepSpec, { readonly step: K }>;

/** The labels of a batch of rows: a number for each output, of shape (rows, outputs), and where the batch begins. */
export interface LabelBatch {
  readonly values: Float64Array;
  readonly outputs: number;
  /** The place of its first row among the training rows. */
  readonly firstRow: number;
}

/** What a step comes to; an encoding by labels also gives what each fold's rows are encoded with. */
export interface StepResult {
  readonly step: FittedStep;
  readonly perFold?: readonly FittedOf<"targetEncode">[];
}

/** A step on its way through the training rows. */
export interface StepFit {
  add(signal: Signal, labels: LabelBatch): void;
  /** Throws, through what it was made with, where the rows do not allow it. */
  finish(): StepResult;
}
