// The door of `training`: dataset to model version, and how good it is.

export { baseOf, type ContinuedOrigin, type ContinuedVersion, continuedParameters } from "./continuation.ts";
export type { CrossValidation } from "./cross-validate.ts";
export { environmentOf, type TrainingEnvironment } from "./environment.ts";
export { type Metrics, type ScoredRows, scorePart } from "./evaluate.ts";
export { quantileOf } from "./evaluation/bootstrap.ts";
export type { BinaryCurves, Point, RegressionPlots } from "./evaluation/curves.ts";
export {
  type Comparison,
  type DecisionFigures,
  type EvaluationFigures,
  judge,
  type SliceFigures,
  type ToldFigure,
} from "./evaluation/evaluation.ts";
export { metricSetOf } from "./evaluation/metric-set.ts";
export { type Scorer, scoreSpan } from "./evaluation/read-rows.ts";
export { survivalFigures } from "./evaluation/survival-figures.ts";
export { cheapestThreshold } from "./evaluation/threshold-choice.ts";
export { type FitEngines, type FittedModel, fitModel } from "./fit.ts";
export { type LearntLabels, learntLabels, learnVersion } from "./learn.ts";
export { readyDataset } from "./ready-dataset.ts";
export { heldOutMetrics, trainerParameters } from "./run-values.ts";
export { type TrainedVersion, trainVersion } from "./train.ts";
export type { TrainingContext, TrainingProgress, TrainingRequest } from "./training-context.ts";
export { type Ending, type TrainingWatch, watched } from "./training-watch.ts";
export { isTrialsFault, LOSS, SIZE, trainTrial } from "./trial.ts";
