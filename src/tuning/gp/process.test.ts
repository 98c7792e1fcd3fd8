import { describe, expect, test } from "vitest";
import { randomOf } from "../../core/core.ts";
import { cholesky, inverseOf } from "./linear.ts";
import { type Features, fitProcess, logPosterior, squaredGaps } from "./process.ts";

const ORDERED = [true, true, false];

function sample(count: number): { readonly features: Features; readonly values: Float64Array } {
  const random = randomOf(5, 0);
  const rows = Array.from({ length: count }, () => Float64Array.of(random.next(), random.next(), random.below(3)));
  const values = Float64Array.from(
    rows,
    ([a = 0, b = 0, c = 0]) => Math.sin(5 * a) + b * b + (c === 1 ? 0.7 : 0) + 0.01 * random.normal(),
  );
  return { features: { rows, ordered: ORDERED, alive: 3 }, values };
}

/** Gauss and Jordan with pivots: as plain as it gets. */
function solved(matrix: readonly (readonly number[])[], right: readonly number[]): readonly number[] {
  const rows = matrix.map((row, index) => [...row, right[index]!]);
  rows.forEach((_, column) => {
    const pivot = rows.reduce(
      (best, row, index) => (index >= column && Math.abs(row[column]!) > Math.abs(rows[best]![column]!) ? index : best),
      column,
    );
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    rows.forEach((row, index) => {
      if (index === column) return;
      const times = row[column]! / rows[column]![column]!;
      rows[index] = row.map((value, at) => value - times * rows[column]![at]!);
    });
  });
  return rows.map((row, index) => row.at(-1)! / row[index]!);
}

describe("linear algebra", () => {
  test("inverts a positive definite matrix, and says when one is not", () => {
    const random = randomOf(1, 1);
    const size = 17;
    const root = Array.from({ length: size }, () => Array.from({ length: size }, () => random.normal()));
    const matrix = new Float64Array(size * size);
    for (let row = 0; row < size; row += 1)
      for (let column = 0; column < size; column += 1)
        matrix[row * size + column] = root[row]!.reduce(
          (sum, value, inner) => sum + value * root[column]![inner]!,
          row === column ? 0.1 : 0,
        );
    const factor = matrix.slice();
    expect(cholesky(factor, size)).toBe(true);
    const inverse = inverseOf(factor, size);
    for (let row = 0; row < size; row += 1)
      for (let column = 0; column < size; column += 1) {
        let sum = 0;
        for (let inner = 0; inner < size; inner += 1)
          sum += matrix[row * size + inner]! * inverse[inner * size + column]!;
        expect(sum).toBeCloseTo(Number(row === column), 8);
      }
    expect(cholesky(Float64Array.of(1, 2, 2, 1), 2)).toBe(false);
  });
});

describe("a Gaussian process", () => {
  const { features, values } = sample(30);
  const fitted = fitProcess(features, values, 25, -1);

  test("has the slopes of its posterior that differences have", () => {
    const at = Float64Array.of(-0.7, 0.2, 0.4, -3);
    const gradient = new Float64Array(4);
    logPosterior(features, squaredGaps(features), values, at, gradient, -1);
    for (let index = 0; index < 4; index += 1) {
      const [up, down] = [1e-5, -1e-5].map((step) => {
        const moved = at.slice();
        moved[index]! += step;
        return logPosterior(features, squaredGaps(features), values, moved, new Float64Array(4), -1);
      });
      expect(gradient[index]).toBeCloseTo((up! - down!) / 2e-5, 4);
    }
  });

  test("predicts what the textbook's formulas give, solved without factors", () => {
    const { lengths, noise } = fitted;
    const kernel = (one: Float64Array, two: Float64Array): number => {
      const square = one.reduce(
        (sum, value, column) =>
          sum + ((ORDERED[column] ? value - two[column]! : Number(value !== two[column])) / lengths[column]!) ** 2,
        0,
      );
      const r = Math.sqrt(5 * square);
      return (1 + r + (r * r) / 3) * Math.exp(-r);
    };
    const matrix = features.rows.map((row, at) =>
      features.rows.map((other, to) => kernel(row, other) + (at === to ? noise ** 2 + 1e-9 : 0)),
    );
    const ones = solved(
      matrix,
      features.rows.map(() => 1),
    );
    const raw = solved(matrix, [...values]);
    const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);
    const mean = sum(raw) / sum(ones);
    const alpha = raw.map((value, index) => value - mean * ones[index]!);
    const scale = (2 + sum(alpha.map((value, index) => value * (values[index]! - mean)))) / (features.rows.length + 2);
    const point = Float64Array.of(0.33, 0.61, 2);
    const across = features.rows.map((row) => kernel(row, point));
    const { mean: predicted, variance } = fitted.predict(point);
    expect(predicted).toBeCloseTo(mean + sum(across.map((value, index) => value * alpha[index]!)), 6);
    expect(variance).toBeCloseTo(
      scale * (1 - sum(solved(matrix, across).map((value, index) => value * across[index]!))),
      6,
    );
  });

  test("has the slopes of mean and variance that differences have", () => {
    const [byMean, byVariance] = [new Float64Array(3), new Float64Array(3)];
    const point = Float64Array.of(0.42, 0.13, 1);
    fitted.slopes(point, byMean, byVariance);
    for (const column of [0, 1]) {
      const [up, down] = [1e-5, -1e-5].map((step) => {
        const moved = point.slice();
        moved[column]! += step;
        return fitted.predict(moved);
      });
      expect(byMean[column]).toBeCloseTo((up!.mean - down!.mean) / 2e-5, 4);
      expect(byVariance[column]).toBeCloseTo((up!.variance - down!.variance) / 2e-5, 4);
    }
  });

  test("learns: it foretells points it did not see better than their mean does", () => {
    const { features: all, values: truth } = sample(60);
    const squares = all.rows.slice(30).map((row, index) => (fitted.predict(row).mean - truth[30 + index]!) ** 2);
    expect(squares.reduce((sum, value) => sum + value, 0) / 30).toBeLessThan(0.01);
  });
});
