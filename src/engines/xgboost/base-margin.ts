// The input that is a base margin: a column of the matrix whose cells are taken out of it, so that no tree splits on them, and handed to XGBoost as where
// each row's score begins. The model says in an attribute which input it is.

import { SlipwayError } from "../../core/core.ts";

/** The attribute of a model that names the input. */
export const MARGIN_ATTRIBUTE = "slipway_base_margin";

/** The input that a row's score begins with. */
export interface MarginInput {
  readonly place: number;
  readonly name: string;
}

/** Empties a column of a matrix of shape (rows, width) in place. */
export function emptyColumn(matrix: Float32Array, width: number, column: number): void {
  for (let place = column; place < matrix.length; place += width) matrix[place] = Number.NaN;
}

/** A matrix without one of its columns' cells, and those cells. Throws INPUT_INVALID for one that is not a finite number. */
export function takeMargins(
  matrix: Float32Array,
  width: number,
  column: number,
  name: string,
): { readonly matrix: Float32Array; readonly margins: Float32Array } {
  const margins = new Float32Array(matrix.length / width);
  for (let row = 0; row < margins.length; row += 1) {
    const margin = matrix[row * width + column] ?? Number.NaN;
    if (!Number.isFinite(margin))
      throw new SlipwayError(
        "INPUT_INVALID",
        `The base margin "${name}" is ${Number.isNaN(margin) ? "missing" : margin} in row ${row + 1} of ${margins.length}; a score begins with a finite number. Give it one.`,
        { details: { field: name, row } },
      );
    margins[row] = margin;
  }
  const rest = matrix.slice();
  emptyColumn(rest, width, column);
  return { matrix: rest, margins };
}
