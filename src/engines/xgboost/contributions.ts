// What columns add to the sums of an XGBoost model: the library's own SHAP values, path-dependent, by the covers that its trees were trained with. They
// come through a DMatrix only, and each native call blocks, so that rows are explained a few at a time and other work gets its turn between them.

import { setImmediate } from "node:timers/promises";
import type { Contributions } from "../../ports/contributions.ts";
import type { MarginInput } from "./base-margin.ts";
import { takeMargins } from "./base-margin.ts";
import type { Xgboost } from "./binding.ts";
import { PREDICTION, type PredictionKind } from "./boosters.ts";
import type { Handle } from "./native.ts";

/** A booster and what its rows are. */
export interface ExplainedBooster {
  readonly library: Xgboost;
  readonly booster: Handle;
  readonly inputCount: number;
  /** How many of the model's rounds count; 0 for all. */
  readonly rounds: number;
  /** The input that a row's score begins with, where there is one. */
  readonly margin: MarginInput | undefined;
}

/** About a hundredth of a second of work for a model of a few hundred trees. */
const ROWS_AT_ONCE = 64;

const NOTHING = new Float32Array(0);

/** SHAP values and sums of rows that are known to fit. The base margin of a row is what its input adds. */
export async function contributionsOf(
  explained: ExplainedBooster,
  matrix: Float32Array,
  rows: number,
): Promise<Contributions> {
  const kinds = [PREDICTION.contributions, PREDICTION.margin];
  const [values = NOTHING, margins = NOTHING] = await inSlices(explained, matrix, rows, kinds);
  return { values, margins };
}

/** SHAP interaction values of rows that are known to fit. */
export async function interactionsOf(
  explained: ExplainedBooster,
  matrix: Float32Array,
  rows: number,
): Promise<Float32Array> {
  const [values = NOTHING] = await inSlices(explained, matrix, rows, [PREDICTION.interactions]);
  return values;
}

async function inSlices(
  explained: ExplainedBooster,
  matrix: Float32Array,
  rows: number,
  kinds: readonly PredictionKind[],
): Promise<readonly Float32Array[]> {
  const { inputCount } = explained;
  const found = kinds.map(() => NOTHING);
  for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
    if (start > 0) await setImmediate();
    const count = Math.min(ROWS_AT_ONCE, rows - start);
    const slice = matrix.subarray(start * inputCount, (start + count) * inputCount);
    for (const [place, part] of predicted(explained, slice, count, kinds).entries()) {
      const width = part.length / count;
      if (start === 0) found[place] = new Float32Array(width * rows);
      found[place]?.set(part, start * width);
    }
  }
  return found;
}

function predicted(
  { library, booster, inputCount, rounds, margin }: ExplainedBooster,
  given: Float32Array,
  rows: number,
  kinds: readonly PredictionKind[],
): readonly Float32Array[] {
  const taken = margin && takeMargins(given, inputCount, margin.place, margin.name);
  const matrix = library.createDense(taken?.matrix ?? given, rows, inputCount);
  try {
    if (taken) library.setInfo(matrix, "base_margin", taken.margins);
    return kinds.map((kind) => {
      const values = library.predictMatrix(booster, matrix, rounds, kind);
      if (margin && taken && kind !== PREDICTION.margin) moveMargins(values, kind, taken.margins, margin, inputCount);
      return values;
    });
  } finally {
    library.freeMatrix(matrix);
  }
}

/** XGBoost counts a row's base margin as its base value; here the input that it came in adds it, and nothing is known without it. */
function moveMargins(
  values: Float32Array,
  kind: PredictionKind,
  margins: Float32Array,
  { place }: MarginInput,
  inputCount: number,
): void {
  const line = inputCount + 1;
  const size = kind === PREDICTION.interactions ? line * line : line;
  const cellOf = (column: number): number => (kind === PREDICTION.interactions ? column * line + column : column);
  const outputs = values.length / (margins.length * size);
  for (const [row, margin] of margins.entries())
    for (let output = 0; output < outputs; output += 1) {
      const start = (row * outputs + output) * size;
      const [base, own] = [start + cellOf(inputCount), start + cellOf(place)];
      values[base] = (values[base] ?? 0) - margin;
      values[own] = (values[own] ?? 0) + margin;
    }
}
