// An engine must: write one file that makes of raw values the scores that the version gives, to within float32 arithmetic; say by name what it cannot
// write, before anything is written; and give the same bytes for the same model.

import type { Calibration, DataType, VersionInput } from "../core/core.ts";
import type { ModelFormula } from "./formula.ts";

/** A model with all that its inputs go through. */
export interface WholeModel {
  /** `flight_delay@3` */
  readonly name: string;
  readonly inputs: readonly VersionInput[];
  /** The types of the raw columns that inputs are taken from as they are, by name. */
  readonly types: Readonly<Record<string, DataType>>;
  readonly formula: ModelFormula;
  /** What corrects its scores. */
  readonly calibration?: Calibration;
  /** The names of the outputs of a model of several classes. */
  readonly classes?: readonly string[];
}

/** A file with what it takes and gives, in words. */
export interface WrittenModel {
  readonly bytes: Uint8Array;
  readonly inputs: readonly { readonly name: string; readonly type: string; readonly missing: string }[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly (string | number)[] }[];
}

/** Writes models of any runtime that is explicit in one format. */
export interface ModelWriter {
  readonly format: string;
  /** Throws INPUT_INVALID that names a step which the format has no words for. */
  write(model: WholeModel): WrittenModel;
}
