// Whether numbers lie in their cells as the reference's do: Neyman's smooth test, one component for where they lie, one for how widely, one
// for a skew. Only the order of values counts, so a heavy tail cannot shout.

import { beyondFloor, type Finding, neededBeyond } from "./finding.ts";
import { permutationTail } from "./permutation-tail.ts";
import { massPolynomials } from "./polynomials.ts";
import { hypergeometricBeyond, normalBeyond } from "./tails.ts";

const COMPONENTS = ["location", "spread", "shape"] as const;

// Nearer than this the normal curve is right enough, and the exact way need not be gone.
const NEAR = 2;

/**
 * Up to three findings about counts in the same cells: of the reference, whose masses make the scores, and of the window. The test is
 * the permutation test of the mean score, exact but for a saddlepoint's error; none where either side has no rows.
 */
export function smoothFindings(reference: ArrayLike<number>, window: ArrayLike<number>, floor = 0): readonly Finding[] {
  const then = Array.from(reference);
  const now = Array.from(window);
  const [m, n] = [total(then), total(now)];
  if (m === 0 || n === 0) return [];
  const pooled = then.map((count, cell) => count + now[cell]!);
  const held = pooled.filter((count) => count > 0).length;
  if (held < 2) return [];
  const scores = massPolynomials(then);
  // Values that the reference lacks altogether have no scale of its own to be told on.
  const told = scores.length > 0 ? scores : massPolynomials(pooled).slice(0, 1);
  return told.map((score, degree) => {
    const value = mean(score, now, n) - mean(score, then, m);
    const middle = mean(score, pooled, n + m);
    const centred = score.map((each) => each - middle);
    const spread = mean(
      centred.map((each) => each * each),
      pooled,
      n + m,
    );
    const error = Math.sqrt(((spread * (n + m)) / Math.max(1, n + m - 1)) * (1 / n + 1 / m));
    const exact =
      held === 2
        ? twoValued(pooled, now, n, n + m)
        : Math.abs(value) <= NEAR * error
          ? normalBeyond(value / error)
          : permuted(centred, pooled, now, n, Math.sign(value));
    const pValue = floor > 0 ? Math.max(exact, beyondFloor(value, error, floor)) : exact;
    return { statistic: COMPONENTS[degree]!, value, pValue, needed: neededBeyond(error, floor) };
  });
}

function permuted(
  centred: readonly number[],
  pooled: readonly number[],
  now: readonly number[],
  n: number,
  side: number,
): number {
  const values = centred.map((each) => side * each);
  const sum = values.reduce((so, each, cell) => so + each * now[cell]!, 0);
  return Math.min(1, 2 * permutationTail(values, pooled, n, sum));
}

/** Of two values one is a mark, and the number of marked rows has a known distribution. */
function twoValued(pooled: readonly number[], now: readonly number[], n: number, all: number): number {
  const cell = pooled.findIndex((count) => count > 0);
  return hypergeometricBeyond(now[cell]!, pooled[cell]!, n, all);
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

function mean(scores: readonly number[], counts: readonly number[], rows: number): number {
  let sum = 0;
  for (let cell = 0; cell < counts.length; cell += 1) if (counts[cell] !== 0) sum += scores[cell]! * counts[cell]!;
  return sum / rows;
}
