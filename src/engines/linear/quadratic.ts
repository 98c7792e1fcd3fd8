// The one problem that every fit here comes down to: the least of ½·x'Ax − c'x + Σ lassoᵢ·|xᵢ|, with A symmetric and not negative. Without lasso it is
// a system of equations; with it, coordinates are gone through in turn until none moves. Nothing is drawn by chance: same numbers, same bytes.

/** A quadratic in `size` unknowns: `matrix` is A, row by row, and `linear` is c. */
export interface Quadratic {
  readonly size: number;
  readonly matrix: Float64Array;
  readonly linear: Float64Array;
}

/**
 * Solves Ax = c by Cholesky's decomposition. Undefined where A is not positive beyond rounding: some columns are made of others.
 */
export function solveEquations({ size, matrix, linear }: Quadratic): Float64Array | undefined {
  const factor = Float64Array.from(matrix);
  for (let row = 0; row < size; row += 1) {
    const own = matrix[row * size + row] ?? 0;
    for (let column = 0; column <= row; column += 1) {
      let sum = factor[row * size + column] ?? 0;
      for (let k = 0; k < column; k += 1) sum -= (factor[row * size + k] ?? 0) * (factor[column * size + k] ?? 0);
      if (row !== column) factor[row * size + column] = sum / (factor[column * size + column] ?? 1);
      else if (sum <= own * size * Number.EPSILON * 4 || !(own > 0)) return undefined;
      else factor[row * size + row] = Math.sqrt(sum);
    }
  }
  const found = Float64Array.from(linear);
  for (let row = 0; row < size; row += 1) {
    let sum = found[row] ?? 0;
    for (let k = 0; k < row; k += 1) sum -= (factor[row * size + k] ?? 0) * (found[k] ?? 0);
    found[row] = sum / (factor[row * size + row] ?? 1);
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = found[row] ?? 0;
    for (let k = row + 1; k < size; k += 1) sum -= (factor[k * size + row] ?? 0) * (found[k] ?? 0);
    found[row] = sum / (factor[row * size + row] ?? 1);
  }
  return found;
}

const MOST_SWEEPS = 100_000;

/**
 * The least with lasso, by cyclic coordinate descent with covariance updates (J. Friedman, T. Hastie, R. Tibshirani, "Regularization Paths for
 * Generalized Linear Models via Coordinate Descent", Journal of Statistical Software 33(1), 2010, section 2.2). Undefined where it does not settle.
 */
export function descend(
  { size, matrix, linear }: Quadratic,
  lasso: Float64Array,
  start: Float64Array,
  tolerance: number,
): Float64Array | undefined {
  const found = Float64Array.from(start);
  const slope = Float64Array.from(linear);
  for (let row = 0; row < size; row += 1)
    for (let k = 0; k < size; k += 1) slope[row] = (slope[row] ?? 0) - (matrix[row * size + k] ?? 0) * (found[k] ?? 0);
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep += 1) {
    let [most, largest] = [0, 0];
    for (let place = 0; place < size; place += 1) {
      const curve = matrix[place * size + place] ?? 0;
      // A column without spread changes nothing.
      if (!(curve > 0)) continue;
      const before = found[place] ?? 0;
      const pull = (slope[place] ?? 0) + curve * before;
      const shrunk = Math.max(0, Math.abs(pull) - (lasso[place] ?? 0));
      const after = (Math.sign(pull) * shrunk) / curve;
      const move = after - before;
      const scale = Math.sqrt(curve);
      largest = Math.max(largest, Math.abs(after) * scale);
      if (move === 0) continue;
      most = Math.max(most, Math.abs(move) * scale);
      found[place] = after;
      for (let row = 0; row < size; row += 1) slope[row] = (slope[row] ?? 0) - (matrix[place * size + row] ?? 0) * move;
    }
    if (most <= tolerance * Math.max(largest, Number.MIN_VALUE)) return found;
  }
  return undefined;
}
