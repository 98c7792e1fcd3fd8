// How the coefficients are found. A number's come from one quadratic, the mean of the squared errors. A probability's come from several, each of them what
// the log loss looks like from where the last one led (iteratively reweighted least squares: P. McCullagh, J. A. Nelder, "Generalized Linear Models", 2.5;
// with lasso, Friedman, Hastie and Tibshirani 2010, section 3); a step that does not lower the loss is halved. Columns are centred on their means, and
// the intercept is never shrunk.

import { setImmediate } from "node:timers/promises";
import { SlipwayError } from "../../core/core.ts";
import type { TrainingStep, TrainingWatch } from "../../ports/trainer.ts";
import { descend, type Quadratic, solveEquations } from "./quadratic.ts";
import { type Block, type FitRows, requireGoingOn } from "./rows.ts";

/** What a fit is told: Σ over coefficients of strength × (mix·|x| + (1 − mix)/2·x²). */
export interface FitOptions {
  readonly strength: number;
  readonly mix: number;
  readonly tolerance: number;
  readonly mostIterations: number;
}

/** Coefficients for columns as they are; of shape (columns). */
export interface Coefficients {
  readonly intercept: number;
  readonly coefficients: Float64Array;
}

/** Sums over rows of what a quadratic is made of, at some coefficients. */
interface Sums extends Quadratic {
  /** The mean loss, without the penalty. */
  readonly loss: number;
}

/** The place of the intercept among the unknowns. */
const INTERCEPT = 0;

/** Fits the mean of a number (squared loss) or a probability (log loss). Throws TRAINER_FAILED where that does not converge. */
export async function fitCoefficients(
  rows: FitRows,
  link: "identity" | "logistic",
  options: FitOptions,
  watch: TrainingWatch,
): Promise<Coefficients & { readonly steps: readonly TrainingStep[] }> {
  const size = rows.columns + 1;
  const steps: TrainingStep[] = [];
  const tell = (loss: number): void => {
    const metrics = link === "identity" ? { "train-rmse": Math.sqrt(2 * loss) } : { "train-logloss": loss };
    const step = { round: steps.length + 1, metrics };
    steps.push(step);
    watch.onStep?.(step);
  };
  let at: Float64Array = new Float64Array(size);
  let sums = await sumsAt(rows, link, at, watch);
  for (let iteration = 0; iteration < options.mostIterations; iteration += 1) {
    const wanted = nextFrom(sums, at, options);
    let next = wanted;
    let then = await sumsAt(rows, link, next, watch);
    const before = penalised(sums.loss, at, options);
    // Rounding alone may raise the loss by this much.
    const slack = Math.abs(before) * 1e-14;
    for (let share = 0.5; !(penalised(then.loss, next, options) <= before + slack) && share > 1e-12; share /= 2) {
      next = at.map((value, place) => value + share * ((wanted[place] ?? 0) - value));
      then = await sumsAt(rows, link, next, watch);
    }
    const moved = Math.max(...next.map((value, place) => spreadOf(rows, place) * Math.abs(value - (at[place] ?? 0))));
    const largest = Math.max(...next.map((value, place) => spreadOf(rows, place) * Math.abs(value)));
    [at, sums] = [next, then];
    tell(sums.loss);
    if (link === "identity" || moved <= options.tolerance * Math.max(1, largest))
      return { ...uncentred(at, rows), steps };
  }
  throw notConverged(options);
}

function notConverged({ mostIterations, strength }: FitOptions): SlipwayError {
  return new SlipwayError(
    "TRAINER_FAILED",
    `The linear model has not converged after ${mostIterations} iterations. ${strength === 0 ? 'Where some input tells the classes apart without fail, no coefficients are large enough: give a penalty, such as "ridge".' : "Allow more with maxIterations, or a larger strength."}`,
  );
}

/** How far one unit of an unknown moves the answers of a usual row. */
function spreadOf({ deviations }: FitRows, place: number): number {
  return place === INTERCEPT ? 1 : (deviations[place - 1] ?? 0);
}

function penalised(loss: number, at: Float64Array, { strength, mix }: FitOptions): number {
  let penalty = 0;
  for (let place = 1; place < at.length; place += 1) {
    const value = at[place] ?? 0;
    penalty += mix * Math.abs(value) + ((1 - mix) / 2) * value * value;
  }
  return loss + strength * penalty;
}

/** Where the quadratic that touches the loss here is least, penalties counted. */
function nextFrom({ size, matrix, linear }: Sums, at: Float64Array, options: FitOptions): Float64Array {
  const { strength, mix, tolerance } = options;
  const curved = Float64Array.from(matrix);
  for (let place = 1; place < size; place += 1)
    curved[place * size + place] = (curved[place * size + place] ?? 0) + strength * (1 - mix);
  const quadratic = { size, matrix: curved, linear };
  if (strength * mix === 0) {
    const solved = solveEquations(withoutEmpty(quadratic));
    if (solved) return solved;
    throw new SlipwayError(
      "TRAINER_FAILED",
      'Some inputs can be computed from others, such as all columns of a one-hot encoding together, or the classes are told apart without fail: there is no single best model without a penalty. Give one: linear({ penalty: "ridge" }).',
    );
  }
  const lasso = new Float64Array(size).fill(strength * mix);
  lasso[INTERCEPT] = 0;
  const found = descend(quadratic, lasso, at, tolerance / 10);
  if (found) return found;
  throw notConverged(options);
}

/** A column that is the same in every row has no say; its coefficient is 0. */
function withoutEmpty({ size, matrix, linear }: Quadratic): Quadratic {
  const filled = Float64Array.from(matrix);
  for (let place = 1; place < size; place += 1)
    if (filled[place * size + place] === 0) filled[place * size + place] = 1;
  return { size, matrix: filled, linear };
}

/** Rows between two looks at whether to stop. */
const ROWS_AT_ONCE = 4096;

/** The sums at some coefficients of centred columns: what the loss is, and the quadratic ½·x'Ax − c'x that touches it there. */
async function sumsAt(
  { blocks, columns, weight, means }: FitRows,
  link: "identity" | "logistic",
  at: Float64Array,
  { signal }: TrainingWatch,
): Promise<Sums> {
  const size = columns + 1;
  const matrix = new Float64Array(size * size);
  const linear = new Float64Array(size);
  const centred = new Float64Array(size);
  centred[INTERCEPT] = 1;
  let loss = 0;
  for (const block of blocks)
    for (let from = 0; from < block.rows; from += ROWS_AT_ONCE) {
      const to = Math.min(from + ROWS_AT_ONCE, block.rows);
      for (let row = from; row < to; row += 1) {
        centre(block, row, columns, means, centred);
        let answer = 0;
        for (let place = 0; place < size; place += 1) answer += (at[place] ?? 0) * (centred[place] ?? 0);
        const label = block.labels[row] ?? 0;
        const own = (block.weights[row] ?? 1) / weight;
        const chance = link === "identity" ? answer : 1 / (1 + Math.exp(-answer));
        const curve = link === "identity" ? 1 : chance * (1 - chance);
        loss += own * (link === "identity" ? (answer - label) ** 2 / 2 : softplus(answer) - label * answer);
        // Of the working response, so that the minimum is the coefficients themselves and not a step.
        const pull = own * (curve * answer + label - chance);
        const bend = own * curve;
        for (let place = 0; place < size; place += 1) {
          const value = centred[place] ?? 0;
          if (value === 0) continue;
          linear[place] = (linear[place] ?? 0) + pull * value;
          const bent = bend * value;
          const start = place * size;
          for (let k = 0; k <= place; k += 1) matrix[start + k] = (matrix[start + k] ?? 0) + bent * (centred[k] ?? 0);
        }
      }
      requireGoingOn(signal);
      await setImmediate();
    }
  for (let row = 0; row < size; row += 1)
    for (let k = row + 1; k < size; k += 1) matrix[row * size + k] = matrix[k * size + row] ?? 0;
  return { size, matrix, linear, loss };
}

function centre({ cells }: Block, row: number, columns: number, means: Float64Array, centred: Float64Array): void {
  for (let column = 0; column < columns; column += 1) {
    const value = cells[row * columns + column] ?? Number.NaN;
    centred[column + 1] = Number.isNaN(value) ? 0 : value - (means[column] ?? 0);
  }
}

/** ln(1 + eˣ) without overflow. */
function softplus(value: number): number {
  return Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)));
}

function uncentred(at: Float64Array, { means }: FitRows): Coefficients {
  const coefficients = at.slice(1);
  let intercept = at[INTERCEPT] ?? 0;
  for (const [column, coefficient] of coefficients.entries()) intercept -= coefficient * (means[column] ?? 0);
  return { intercept, coefficients };
}
