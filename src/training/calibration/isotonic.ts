// Isotonic calibration: the rising curve that lies closest to the labels, found by pooling neighbours that fall.

import { interpolated, type MonotoneStep } from "../../core/core.ts";

/**
 * The isotonic regression of 0 and 1 on scores, as a curve of straight lines between its corners. Shapes (rows).
 *
 * Pool adjacent violators (Ayer et al. 1955; Best and Chakravarti 1990), of mean labels of equal scores. Of a level stretch only the two ends are kept.
 */
export function isotonicStep(came: Uint8Array, said: Float64Array): MonotoneStep {
  const order = Uint32Array.from(said, (_, row) => row).sort((a, b) => said[a]! - said[b]! || a - b);
  const scores: number[] = [];
  const weights: number[] = [];
  const sums: number[] = [];
  for (const row of order) {
    const score = said[row]!;
    if (scores.length === 0 || scores[scores.length - 1] !== score) {
      scores.push(score);
      weights.push(0);
      sums.push(0);
    }
    weights[weights.length - 1]! += 1;
    sums[sums.length - 1]! += came[row]!;
  }
  // Blocks of places that share a level: where each begins, what it weighs and the sum of its labels.
  const blocks: { readonly from: number; weight: number; sum: number }[] = [];
  for (let place = 0; place < scores.length; place += 1) {
    blocks.push({ from: place, weight: weights[place]!, sum: sums[place]! });
    for (
      let [last, before] = [blocks.at(-1), blocks.at(-2)];
      last && before && before.sum * last.weight >= last.sum * before.weight;
      [last, before] = [blocks.at(-1), blocks.at(-2)]
    ) {
      before.weight += last.weight;
      before.sum += last.sum;
      blocks.pop();
    }
  }
  const corners = blocks.flatMap(({ from, weight, sum }, block) => {
    const to = (blocks[block + 1]?.from ?? scores.length) - 1;
    const level = sum / weight;
    return from === to
      ? [[scores[from]!, level]]
      : [
          [scores[from]!, level],
          [scores[to]!, level],
        ];
  });
  return { scores: corners.map(([score]) => score!), probabilities: corners.map(([, level]) => level!) };
}

/** What float32 can tell from certainty on both sides. */
const LEAST = 2 ** -23;

/**
 * A rising curve whose levels of 0 and 1 promise no certainty: of n rows that all came to the same, the other outcome has 1 / (n + 2) (Laplace's rule
 * of succession), or the next level where that is nearer. `said` of shape (rows).
 */
export function heldInside(curve: MonotoneStep, said: Float64Array): MonotoneStep {
  const { scores, probabilities } = curve;
  const inner = probabilities.filter((level) => level > 0 && level < 1);
  const other = (level: number): number => {
    const rows = said.reduce((count, score) => count + Number(interpolated(curve, score) === level), 0);
    return Math.max(LEAST, 1 / (rows + 2));
  };
  const lowest = Math.min(other(0), inner[0] ?? 1);
  const highest = Math.max(1 - other(1), inner.at(-1) ?? 0);
  return { scores, probabilities: probabilities.map((level) => Math.min(Math.max(level, lowest), highest)) };
}
