// Weighted ridge regression from sums: what a fit needs of any number of rows is their weighted means and products, and what a fit without some of them
// needs is a difference. The intercept is not shrunk.

/** Weighted sums over rows of columns x and an answer y; products of shape (columns + 1, columns + 1), the answer last. */
export interface Moments {
  readonly weight: number;
  /** Of shape (columns + 1). */
  readonly sums: Float64Array;
  readonly products: Float64Array;
}

/** The moments of rows in so many parts, each row in the part of its number. */
export function momentsOf(
  columns: readonly Float64Array[],
  answers: Float64Array,
  weights: Float64Array,
  parts: number,
): readonly Moments[] {
  const all = [...columns, answers];
  const size = all.length;
  return Array.from({ length: parts }, (_, part) => {
    const sums = new Float64Array(size);
    const products = new Float64Array(size * size);
    const line = new Float64Array(size);
    let weight = 0;
    for (let row = part; row < answers.length; row += parts) {
      const own = weights[row] ?? 0;
      weight += own;
      for (let place = 0; place < size; place += 1) line[place] = all[place]![row]!;
      for (let place = 0; place < size; place += 1) {
        const value = own * line[place]!;
        if (value === 0) continue;
        sums[place]! += value;
        const start = place * size;
        for (let other = place; other < size; other += 1) products[start + other]! += value * line[other]!;
      }
    }
    return { weight, sums, products };
  });
}

/** All parts together, save one; −1 leaves none out. */
export function withoutPart(parts: readonly Moments[], left: number): Moments {
  const kept = parts.filter((_, part) => part !== left);
  const size = parts[0]?.sums.length ?? 0;
  const [sums, products] = [new Float64Array(size), new Float64Array(size * size)];
  let weight = 0;
  for (const part of kept) {
    weight += part.weight;
    for (let place = 0; place < sums.length; place += 1) sums[place]! += part.sums[place]!;
    for (let place = 0; place < products.length; place += 1) products[place]! += part.products[place]!;
  }
  return { weight, sums, products };
}

/** The weighted covariance of two columns, times the weight. */
function spreadOf({ weight, sums, products }: Moments, one: number, other: number): number {
  const [low, high] = one <= other ? [one, other] : [other, one];
  return products[low * sums.length + high]! - (sums[low]! * sums[high]!) / weight;
}

/** A fit on some columns. */
export interface RidgeFit {
  readonly coefficients: readonly number[];
  readonly intercept: number;
  /** The share of the answer's weighted variance that it explains; 0 where the answer never changes. */
  readonly explained: number;
}

/** Fits some columns with a penalty of `strength` times the squares of their coefficients. A column that never changes gets 0. */
export function fitted(moments: Moments, places: readonly number[], strength: number): RidgeFit {
  const answer = moments.sums.length - 1;
  const matrix = places.map((one) =>
    places.map((other) => spreadOf(moments, one, other) + (one === other ? strength : 0)),
  );
  const right = places.map((place) => spreadOf(moments, place, answer));
  const coefficients = solved(matrix, right);
  const all = spreadOf(moments, answer, answer);
  let explained = 0;
  for (const [at, place] of places.entries()) {
    explained += 2 * coefficients[at]! * right[at]!;
    for (const [beside, other] of places.entries())
      explained -= coefficients[at]! * coefficients[beside]! * spreadOf(moments, place, other);
  }
  const mean = (place: number): number => moments.sums[place]! / moments.weight;
  return {
    coefficients,
    intercept: places.reduce((rest, place, at) => rest - coefficients[at]! * mean(place), mean(answer)),
    explained: all > 0 ? explained / all : 0,
  };
}

/** Columns are chosen one by one up to so many, by what each explains beside those before it; for more, all are fitted and the weightiest taken. */
const ONE_BY_ONE = 6;

/** The columns that say most of the answer near the first row, whose values are `firsts`: as LIME's `auto` chooses them. */
export function chosen(moments: Moments, firsts: readonly number[], most: number): readonly number[] {
  const all = firsts.map((_, place) => place);
  if (most > ONE_BY_ONE) {
    const { coefficients } = fitted(moments, all, 0.01);
    return all
      .sort(
        (one, other) => Math.abs(coefficients[other]! * firsts[other]!) - Math.abs(coefficients[one]! * firsts[one]!),
      )
      .slice(0, most);
  }
  const found: number[] = [];
  while (found.length < Math.min(most, firsts.length)) {
    let [best, bestExplained] = [-1, Number.NEGATIVE_INFINITY];
    for (const place of all) {
      if (found.includes(place)) continue;
      const { explained } = fitted(moments, [...found, place], 0);
      if (explained > bestExplained) [best, bestExplained] = [place, explained];
    }
    found.push(best);
  }
  return found;
}

/** Solves a symmetric system by LDLᵀ without pivots; an unknown that the ones before it determine is 0. */
function solved(matrix: readonly (readonly number[])[], right: readonly number[]): readonly number[] {
  const size = right.length;
  const lower = matrix.map((line) => [...line]);
  const diagonal = new Float64Array(size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < row; column += 1) {
      let value = lower[row]![column]!;
      for (let k = 0; k < column; k += 1) value -= lower[row]![k]! * lower[column]![k]! * diagonal[k]!;
      lower[row]![column] = diagonal[column] === 0 ? 0 : value / diagonal[column]!;
    }
    let pivot = matrix[row]![row]!;
    for (let k = 0; k < row; k += 1) pivot -= lower[row]![k]! ** 2 * diagonal[k]!;
    diagonal[row] = pivot > 1e-10 * Math.abs(matrix[row]![row]!) ? pivot : 0;
  }
  const found = Float64Array.from(right);
  for (let row = 0; row < size; row += 1) for (let k = 0; k < row; k += 1) found[row]! -= lower[row]![k]! * found[k]!;
  for (let row = 0; row < size; row += 1) found[row] = diagonal[row] === 0 ? 0 : found[row]! / diagonal[row]!;
  for (let row = size - 1; row >= 0; row -= 1) {
    if (diagonal[row] === 0) found[row] = 0;
    for (let k = row + 1; k < size; k += 1) if (diagonal[row] !== 0) found[row]! -= lower[k]![row]! * found[k]!;
  }
  return Array.from(found);
}
