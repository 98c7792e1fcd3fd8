// The door of `explaining`: why a model answers what it does, for one row and for many.

export {
  type Change,
  type Counterfactual,
  type CounterfactualOptions,
  type Counterfactuals,
  counterfactuals,
  type InputBounds,
  type WantedAnswer,
} from "./counterfactual.ts";
export { type LimeExplainer, type LimeExplanation, type LimeOptions, limeExplainer } from "./lime.ts";
export { type AskedOutput, type ExplainedModel, outputOf, scoresOf } from "./model.ts";
export { firstRows, type PartialDependence, partialDependence } from "./partial.ts";
export { type AnswerMetric, type PermutationImportance, permutationImportance } from "./permutation.ts";
export { type Cell, cellAt, type ExplainedRows, namedCells, rowsFrom, valuesAt, withCells } from "./rows.ts";
export {
  type EffectPoints,
  effectPoints,
  effectsOf,
  explainRow,
  type InputEffect,
  type OutputEffects,
  type PairEffect,
  pairEffects,
  shapValues,
} from "./shap.ts";
