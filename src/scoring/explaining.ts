// Why a loaded version answers what it does.

import { type Explanation, explanationsOf, matrixColumns, SlipwayError, type VersionInput } from "../core/core.ts";
import { isExplainable } from "../ports/ports.ts";
import type { LoadedVersion } from "./calibrated.ts";

/** Explains the answers of rows, each of shape (inputs). */
export type ExplainRows = (rows: readonly Float32Array[]) => Promise<readonly Explanation[]>;

/** Makes what explains the answers of rows of shape (inputs); undefined for a predictor that cannot. */
export function explaining(
  inputs: readonly VersionInput[],
  predictor: LoadedVersion,
  classes: readonly string[] | undefined,
): ExplainRows | undefined {
  const { calibration } = predictor;
  if (!isExplainable(predictor)) return undefined;
  const { link } = predictor;
  const width = matrixColumns(inputs).length;
  return async (rows): Promise<readonly Explanation[]> => {
    const matrix = new Float32Array(rows.length * width);
    for (const [place, row] of rows.entries()) matrix.set(row, place * width);
    const said = await predictor.contributions(matrix, rows.length);
    return explanationsOf({ inputs, classes, link, calibration }, said, rows.length);
  };
}

/** What explains a version's answers. Throws NOT_EXPLAINABLE for a version that cannot say why it answers. */
export function requireExplainable({
  model,
  version,
  explain,
}: {
  readonly model: { readonly name: string };
  readonly version: number;
  readonly explain: ExplainRows | undefined;
}): ExplainRows {
  if (explain) return explain;
  throw new SlipwayError(
    "NOT_EXPLAINABLE",
    `Version ${version} of "${model.name}" is of a kind that gives no SHAP values: XGBoost's tree models and linear models do. Ask without explain; slipway explain has ways for any model.`,
    { details: { model: model.name, version } },
  );
}
