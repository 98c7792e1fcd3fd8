// Figures of survival models, whose rows have not all been seen to end.

import type { TaskRows } from "./judged-rows.ts";
import type { Figures, MetricFacts } from "./metric-set.ts";

/** What is told of survival. */
export const survivalMetrics: readonly MetricFacts[] = [
  { name: "concordance", title: "concordance", better: "higher" },
];

/**
 * Prepares rows with when each had ended. Harrell's concordance of weighted rows: a pair counts by the product of its weights.
 *
 * Harrell, Lee and Mark 1996, "Multivariable prognostic models", section 5.5, by a Fenwick tree over the scores in O(rows log rows) a resample.
 */
export function survivalFigures({ labels, scores, upper = labels }: TaskRows): Figures {
  const rows = labels.length;
  const ranks = new Map([...new Set(scores)].sort((a, b) => a - b).map((score, rank) => [score, rank + 1]));
  const rankOf = Uint32Array.from(scores, (score) => ranks.get(score)!);
  const numbers = Uint32Array.from(labels, (_, row) => row);
  const longest = numbers.toSorted((a, b) => labels[b]! - labels[a]! || a - b);
  const ended = numbers.toSorted((a, b) => compare(upper[b]!, upper[a]!) || a - b);
  const tree = new Float64Array(ranks.size + 1);
  const below = (rank: number): number => {
    let sum = 0;
    for (let at = rank; at > 0; at -= at & -at) sum += tree[at]!;
    return sum;
  };
  return (weights) => {
    tree.fill(0);
    let [place, added, won, pairs] = [0, 0, 0, 0];
    for (const row of ended) {
      // All that are known to have lasted longer than the time by which this one had ended.
      for (; place < rows && labels[longest[place]!]! > upper[row]!; place += 1) {
        const other = longest[place]!;
        const weight = weights === undefined ? 1 : weights[other]!;
        added += weight;
        for (let at = rankOf[other]!; at < tree.length; at += at & -at) tree[at] = tree[at]! + weight;
      }
      const own = weights === undefined ? 1 : weights[row]!;
      if (own === 0) continue;
      const atMost = below(rankOf[row]!);
      won += own * (added - atMost + (atMost - below(rankOf[row]! - 1)) / 2);
      pairs += own * added;
    }
    return [won / pairs];
  };
}

// Infinities are equal, and their difference is no number.
function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

/** How many of some rows still go on after so long. */
export interface SurvivalCurve {
  /** Which rows, by how long the model gave them. */
  readonly name: string;
  readonly rows: number;
  /** Time, share that goes on; a step down at every end that was seen. */
  readonly points: readonly (readonly [number, number])[];
}

/**
 * Survival of the rows in three parts, by how long the model gave them.
 *
 * Kaplan and Meier 1958, "Nonparametric estimation from incomplete observations", J. Amer. Statist. Assoc. 53. A row whose end is known to lie in a span
 * counts as ended at its start.
 */
export function survivalCurves({ labels, scores, upper = labels }: TaskRows): readonly SurvivalCurve[] {
  const order = Uint32Array.from(labels, (_, row) => row).sort((a, b) => scores[a]! - scores[b]! || a - b);
  const third = order.length / 3;
  return ["shortest third", "middle third", "longest third"].map((name, part) => {
    const rows = order.slice(Math.round(part * third), Math.round((part + 1) * third));
    rows.sort((a, b) => labels[a]! - labels[b]!);
    let [share, place] = [1, 0];
    const points: (readonly [number, number])[] = [[0, 1]];
    while (place < rows.length) {
      const time = labels[rows[place]!]!;
      const going = rows.length - place;
      let ends = 0;
      for (; place < rows.length && labels[rows[place]!] === time; place += 1)
        if (upper[rows[place]!]! < Number.POSITIVE_INFINITY) ends += 1;
      if (ends === 0) continue;
      points.push([time, share]);
      share *= 1 - ends / going;
      points.push([time, share]);
    }
    const last = rows.length === 0 ? 0 : labels[rows[rows.length - 1]!]!;
    return { name, rows: rows.length, points: thinned([...points, [last, share]]) };
  });
}

const MOST_POINTS = 400;

function thinned(points: readonly (readonly [number, number])[]): SurvivalCurve["points"] {
  if (points.length <= MOST_POINTS) return points;
  return Array.from(
    { length: MOST_POINTS },
    (_, place) => points[Math.round((place * (points.length - 1)) / (MOST_POINTS - 1))]!,
  );
}
