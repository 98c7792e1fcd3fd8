// A predictor may say how each answer comes about: what every column added to the sum behind it, as its SHAP value (Lundberg and Lee 2017). An engine must:
// give every row's values from that row alone; add up to the sum within float32's precision, base value included; and give a column that the model never
// looks at 0.

import type { FormulaLink } from "./formula.ts";
import type { Predictor } from "./runtime.ts";

/** What columns add to the sums of some rows. */
export interface Contributions {
  /** Of shape (rows, outputs, inputCount + 1), row-major; the last of each is the base value, what the sum is on average where nothing is known. */
  readonly values: Float32Array;
  /** The sums themselves, before the link: of shape (rows, outputs). */
  readonly margins: Float32Array;
}

/** A predictor that explains its answers. */
export interface ExplainablePredictor extends Predictor {
  /** How an answer comes from the sum. */
  readonly link: FormulaLink;
  /** The SHAP values of `rows` rows of a row-major (rows, inputCount) float32 matrix. INPUT_INVALID when the sizes disagree. */
  contributions(matrix: Float32Array, rows: number): Promise<Contributions>;
}

/** One that also says what columns add together. */
export interface InteractingPredictor extends ExplainablePredictor {
  /**
   * The SHAP interaction values of rows, of shape (rows, outputs, inputCount + 1, inputCount + 1): what two columns add together is halved between
   * [i, j] and [j, i], and a line adds up to the column's SHAP value (Lundberg et al. 2020, "From local explanations to global understanding").
   */
  interactions(matrix: Float32Array, rows: number): Promise<Float32Array>;
}

/** Whether a predictor explains its answers. */
export function isExplainable(predictor: Predictor): predictor is ExplainablePredictor {
  return "contributions" in predictor;
}

/** Whether a predictor also says what columns add together. */
export function isInteracting(predictor: Predictor): predictor is InteractingPredictor {
  return "interactions" in predictor;
}
