// The door of `training`: dataset to model version, and how good it is.

export { gitState, type TrainingEnvironment } from "./environment.ts";
export { type Metrics, type ScoredRows, scorePart } from "./evaluate.ts";
export { type FitEngines, runtimeOf } from "./fit.ts";
export {
  type TrainedVersion,
  type TrainingContext,
  type TrainingProgress,
  type TrainingRequest,
  trainVersion,
} from "./train.ts";
