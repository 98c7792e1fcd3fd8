// The door of `engines/linear`: linear and logistic regression, fitted and scored in this process without any library.

import { requireMatrix, SlipwayError } from "../../core/core.ts";
import type { ExplainablePredictor } from "../../ports/contributions.ts";
import type { ExplicitRuntime } from "../../ports/formula.ts";

import type { Trainer, TrainingJob } from "../../ports/trainer.ts";
import { FORMAT, type LinearModel, linearBytes, linearFrom } from "./artifact.ts";
import { checkJob } from "./check-job.ts";
import { type FitOptions, fitCoefficients } from "./fit.ts";

export { onlineTrainer } from "./online.ts";

import { readRows, requireGoingOn } from "./rows.ts";

/** What a change of the arithmetic would have to raise: same version, same bytes. */
const VERSION = "1";

/** Fits linear models for `binary` and for `regression` with squared loss. Keeps the rows as float32 and the square of the columns as float64. */
export function linearTrainer(): Trainer {
  return {
    kind: "linear",
    async fit(job, watch = {}) {
      requireGoingOn(watch.signal);
      checkJob("linear", job, PARAMETERS);
      if (!Number.isSafeInteger(job.rounds) || job.rounds < 1)
        throw new SlipwayError("INPUT_INVALID", `linear: ${job.rounds} iterations are none; give at least 1.`);
      const link = job.task?.kind === "binary" ? "logistic" : "identity";
      const rows = await readRows(job, watch);
      const { intercept, coefficients, steps } = await fitCoefficients(rows, link, optionsOf(job), watch);
      const model: LinearModel = {
        link,
        intercept,
        inputs: job.inputs.map(({ name }, column) => ({
          name,
          coefficient: coefficients[column] ?? 0,
          mean: rows.means[column] ?? 0,
        })),
      };
      const importance = model.inputs
        .map(({ name, coefficient }, column) => ({
          input: name,
          gain: Math.abs(coefficient) * (rows.deviations[column] ?? 0),
        }))
        .filter(({ gain }) => gain > 0)
        .sort((a, b) => b.gain - a.gain);
      return {
        format: FORMAT,
        artifact: linearBytes(model),
        bestRound: steps.length,
        steps,
        importance,
        engine: { name: "linear", version: VERSION },
      };
    },
  };
}

const PARAMETERS = ["penalty", "strength", "mix", "tolerance"];

function optionsOf({ parameters, rounds }: TrainingJob): FitOptions {
  const number = (name: string, standard: number, most: number): number => {
    const value = parameters[name] ?? standard;
    if (typeof value === "number" && value >= 0 && value <= most) return value;
    throw new SlipwayError("INPUT_INVALID", `linear: ${name} is ${value}; give a number from 0 to ${most}.`);
  };
  return {
    strength: number("strength", 1e-4, Number.MAX_VALUE),
    mix: number("mix", 0, 1),
    tolerance: number("tolerance", 1e-9, 1),
    mostIterations: rounds,
  };
}

/** Scores linear models: float64 sums in the inputs' order. */
export function linearRuntime(): ExplicitRuntime {
  return {
    format: FORMAT,
    load: async (artifact) => predictorOf(linearFrom(artifact)),
    formulaOf(artifact) {
      const { link, intercept, inputs } = linearFrom(artifact);
      const coefficients = inputs.map(({ coefficient }) => coefficient);
      return { kind: "linear", link, intercept, coefficients, means: inputs.map(({ mean }) => mean) };
    },
  };
}

function predictorOf({ link, intercept, inputs }: LinearModel): ExplainablePredictor {
  const coefficients = Float64Array.from(inputs, ({ coefficient }) => coefficient);
  const means = Float64Array.from(inputs, ({ mean }) => mean);
  const width = inputs.length;
  let closed = false;
  const requireOpen = (matrix: Float32Array, rows: number): void => {
    if (closed) throw new SlipwayError("INTERNAL", "This predictor is closed; load the model again.");
    requireMatrix(matrix, rows, width);
  };
  const marginOf = (matrix: Float32Array, row: number): number => {
    let sum = intercept;
    for (let column = 0; column < width; column += 1) {
      const value = matrix[row * width + column] ?? Number.NaN;
      sum += (coefficients[column] ?? 0) * (Number.isNaN(value) ? (means[column] ?? 0) : value);
    }
    return sum;
  };
  return {
    inputCount: width,
    inputNames: inputs.map(({ name }) => name),
    link,
    predict: async (matrix, rows) => {
      requireOpen(matrix, rows);
      const scores = new Float32Array(rows);
      for (let row = 0; row < rows; row += 1) {
        const sum = marginOf(matrix, row);
        scores[row] = link === "identity" ? sum : 1 / (1 + Math.exp(-sum));
      }
      return scores;
    },
    // Exact where columns are independent: Lundberg and Lee 2017, Corollary 1.
    contributions: async (matrix, rows) => {
      requireOpen(matrix, rows);
      const values = new Float32Array(rows * (width + 1));
      const base = coefficients.reduce((sum, each, column) => sum + each * (means[column] ?? 0), intercept);
      for (let row = 0; row < rows; row += 1) {
        for (let column = 0; column < width; column += 1) {
          const value = matrix[row * width + column] ?? Number.NaN;
          const away = Number.isNaN(value) ? 0 : value - (means[column] ?? 0);
          values[row * (width + 1) + column] = (coefficients[column] ?? 0) * away;
        }
        values[row * (width + 1) + width] = base;
      }
      return { values, margins: Float32Array.from({ length: rows }, (_, row) => marginOf(matrix, row)) };
    },
    close: () => {
      closed = true;
    },
  };
}
