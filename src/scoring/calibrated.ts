import { type Calibration, calibrateScores } from "../core/core.ts";
import {
  type ExplainablePredictor,
  type InteractingPredictor,
  isExplainable,
  isInteracting,
  type Predictor,
} from "../ports/ports.ts";

/** A version's predictor. */
export type LoadedVersion = Predictor & {
  /** What corrects its answers; absent where nothing does. */
  readonly calibration?: Calibration["kind"];
};

/** A predictor whose answers are corrected; what it explains are the sums before that. */
export function calibrated(predictor: Predictor, calibration: Calibration): LoadedVersion {
  const { inputCount, inputNames } = predictor;
  return {
    inputCount,
    ...(inputNames === undefined ? {} : { inputNames }),
    ...explanationsOf(predictor),
    calibration: calibration.kind,
    predict: async (matrix, rows) => calibrateScores(calibration, await predictor.predict(matrix, rows)),
    close: () => predictor.close(),
  };
}

function explanationsOf(predictor: Predictor): object {
  if (!isExplainable(predictor)) return {};
  const told: Omit<ExplainablePredictor, keyof Predictor> = {
    link: predictor.link,
    contributions: (matrix, rows) => predictor.contributions(matrix, rows),
  };
  if (!isInteracting(predictor)) return told;
  const interacting: Omit<InteractingPredictor, keyof Predictor> = {
    ...told,
    interactions: (matrix, rows) => predictor.interactions(matrix, rows),
  };
  return interacting;
}
