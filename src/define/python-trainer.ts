// A model fitted by a Python script of the project: whatever it trains with, what comes back is an ONNX or XGBoost model.

import { type Duration, days, SlipwayError } from "../core/core.ts";
import type { LabelType, Task } from "./task.ts";
import type { TrainerSpec } from "./trainer.ts";

/** A script and how it is run. */
export interface ProgramSpec {
  /** Relative to the project's folder. */
  readonly script: string;
  /** The interpreter: a name on the PATH, or a path relative to the project's folder. */
  readonly interpreter?: string;
  /** After this long it is ended. */
  readonly timeLimit?: Duration;
  /** How far the saved model's scores may be from the script's own, of the larger of 1 and the score. */
  readonly tolerance: number;
}

/** Timers count milliseconds in 31 bits. */
const LONGEST_LIMIT: Duration = days(24);

/** The options of a Python trainer. */
export interface PythonOptions<L extends LabelType = LabelType> {
  /** What is foretold: `binary()`, `multiclass()`, `regression()`; default what the label's type means. */
  readonly task?: Task<L>;
  /** The script, relative to the project's folder: `"train.py"`. */
  readonly script: string;
  /** The interpreter, such as `".venv/bin/python"`; default SLIPWAY_PYTHON of the environment, else `python3`. */
  readonly python?: string;
  /** Values that the script reads as `job.parameters`. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  /** How long it may take, such as `hours(2)`; default without limit, and 24 days at most. */
  readonly timeLimit?: Duration;
  /** How far the saved model's scores may be from those of the script, relative to the larger of 1 and the score; default 0.0001. */
  readonly tolerance?: number;
  /** Seed that the script reads as `job.seed`; default 0. */
  readonly seed?: number;
}

/**
 * A model fitted by a Python script, with scikit-learn, LightGBM, PyTorch or anything else that can save ONNX or XGBoost.
 *
 * @example trainer: python({ script: "train.py", python: ".venv/bin/python", parameters: { depth: 6 } })
 */
export function python<L extends LabelType = LabelType>(options: PythonOptions<L>): TrainerSpec<L> {
  const { script, python: interpreter, parameters = {}, timeLimit, tolerance = 1e-4, seed = 0 } = options;
  const refuse = (problem: string): never => {
    throw new SlipwayError("DEFINITION_INVALID", `python trainer: ${problem}`);
  };
  if (script.trim() === "") refuse('script is empty; name a file of the project, such as "train.py".');
  if (timeLimit !== undefined && (timeLimit <= 0n || timeLimit > LONGEST_LIMIT))
    refuse("timeLimit must be longer than nothing and at most 24 days.");
  if (!(tolerance >= 0)) refuse(`tolerance ${tolerance} must be 0 or more.`);
  return Object.freeze({
    kind: "python",
    ...(options.task === undefined ? {} : { task: options.task }),
    parameters: Object.freeze({ ...parameters }),
    rounds: 1,
    earlyStoppingRounds: 0,
    seed,
    program: Object.freeze({
      script,
      tolerance,
      ...(interpreter === undefined ? {} : { interpreter }),
      ...(timeLimit === undefined ? {} : { timeLimit }),
    }),
  });
}
