// All metrics of evaluation, by family: see each file for shapes, sources and when a figure is NaN.

export {
  accuracy,
  balancedAccuracy,
  type Confusion,
  confusionAt,
  f1,
  matthewsCorrelation,
  precision,
  recall,
} from "./decision.ts";
export { gammaDeviance, poissonDeviance, tweedieDeviance } from "./deviance.ts";
export { averagePrecision, kolmogorovSmirnov, liftAt, rocAuc } from "./discrimination.ts";
export {
  classAccuracy,
  classAverages,
  classLogLoss,
  confusionMatrix,
  decidedClasses,
  oneVersusRestAuc,
} from "./multiclass.ts";
export { binaryLogLoss, brierScore, expectedCalibrationError } from "./probability.ts";
export { meanAveragePrecisionAt, ndcgAt } from "./ranking.ts";
export {
  meanAbsoluteError,
  meanAbsolutePercentageError,
  pinballLoss,
  rootMeanSquaredError,
  rSquared,
} from "./regression.ts";
