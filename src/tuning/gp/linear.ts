// The three things that a Gaussian process asks of linear algebra, on symmetric matrices of a few hundred rows, row-major in typed arrays. They
// are asked for dozens of times per suggestion; general libraries make an object per row and take several times as long.

/**
 * The lower Cholesky factor of a positive definite matrix, in place: what is above the diagonal stays as it was.
 *
 * @returns false where the matrix is not positive definite to working precision
 */
export function cholesky(matrix: Float64Array, size: number): boolean {
  for (let row = 0; row < size; row += 1) {
    const at = row * size;
    for (let column = 0; column < row; column += 1) {
      const to = column * size;
      let sum = matrix[at + column]!;
      for (let inner = 0; inner < column; inner += 1) sum -= matrix[at + inner]! * matrix[to + inner]!;
      matrix[at + column] = sum / matrix[to + column]!;
    }
    let rest = matrix[at + row]!;
    for (let inner = 0; inner < row; inner += 1) rest -= matrix[at + inner]! * matrix[at + inner]!;
    if (!(rest > 0)) return false;
    matrix[at + row] = Math.sqrt(rest);
  }
  return true;
}

/** The inverse of L·Lᵀ, whole and symmetric, from its lower factor L. */
export function inverseOf(factor: Float64Array, size: number): Float64Array {
  // Rows of the transposed inverse of L, so that the last product runs along rows.
  const turned = new Float64Array(size * size);
  for (let column = 0; column < size; column += 1) {
    const own = column * size;
    turned[own + column] = 1 / factor[own + column]!;
    for (let row = column + 1; row < size; row += 1) {
      const at = row * size;
      let sum = 0;
      for (let inner = column; inner < row; inner += 1) sum -= factor[at + inner]! * turned[own + inner]!;
      turned[own + row] = sum / factor[at + row]!;
    }
  }
  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column <= row; column += 1) {
      let sum = 0;
      for (let inner = row; inner < size; inner += 1)
        sum += turned[row * size + inner]! * turned[column * size + inner]!;
      inverse[row * size + column] = sum;
      inverse[column * size + row] = sum;
    }
  return inverse;
}

/** A square matrix times a vector. */
export function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  const product = new Float64Array(size);
  for (let row = 0; row < size; row += 1) {
    let sum = 0;
    for (let column = 0, at = row * size; column < size; column += 1) sum += matrix[at + column]! * vector[column]!;
    product[row] = sum;
  }
  return product;
}
