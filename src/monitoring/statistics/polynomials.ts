/**
 * Orthonormal polynomials of degree 1, 2, 3 in the mid-distribution of cells that hold these masses: `[degree - 1][cell]`, each of mean 0
 * and variance 1 under the masses, rising with the highest power. A degree that too few cells carry is left out.
 *
 * The components of Neyman's smooth test (1937; Rayner and Best, "Smooth Tests of Goodness of Fit"), with the cells' own masses as the
 * measure (Mukhopadhyay and Parzen 2014, "LP approach to statistical modeling"), so that ties need no care.
 */
export function massPolynomials(masses: readonly number[]): readonly (readonly number[])[] {
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  if (!(total > 0)) return [];
  const weights = masses.map((mass) => mass / total);
  const inner = (a: readonly number[], b: readonly number[]): number => {
    let sum = 0;
    for (let cell = 0; cell < weights.length; cell += 1) sum += weights[cell]! * a[cell]! * b[cell]!;
    return sum;
  };
  let below = 0;
  const middle = weights.map((weight) => {
    below += weight;
    return below - weight / 2;
  });
  const basis: number[][] = [weights.map(() => 1)];
  for (let degree = 1; degree <= 3; degree += 1) {
    const last = basis[basis.length - 1]!;
    // Each power is the last polynomial times u: already orthogonal to all but the last two, and far better conditioned than uᵏ.
    let next = last.map((value, cell) => value * (middle[cell]! - 0.5));
    for (let pass = 0; pass < 2; pass += 1)
      for (const other of basis) {
        const along = inner(next, other);
        next = next.map((value, cell) => value - along * other[cell]!);
      }
    const size = Math.sqrt(inner(next, next));
    if (!(size > 1e-6)) break;
    basis.push(next.map((value) => value / size));
  }
  return basis.slice(1);
}
