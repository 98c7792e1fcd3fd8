import { type Calibration, calibrateScores } from "../core/core.ts";
import type { Predictor } from "../ports/ports.ts";

/** A predictor whose answers are corrected. */
export function calibrated(predictor: Predictor, calibration: Calibration): Predictor {
  const { inputCount, inputNames } = predictor;
  return {
    inputCount,
    ...(inputNames === undefined ? {} : { inputNames }),
    predict: async (matrix, rows) => calibrateScores(calibration, await predictor.predict(matrix, rows)),
    close: () => predictor.close(),
  };
}
