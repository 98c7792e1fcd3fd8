// Figures of rankings: each group is judged once, and a resample only counts groups more or less often. Rows of a group are drawn together.

import { meanAveragePrecisionAt, ndcgAt } from "../metrics/metrics.ts";
import { rowsOf, type TaskRows } from "./judged-rows.ts";
import type { Figures, MetricFacts } from "./metric-set.ts";

const ALL = Number.MAX_SAFE_INTEGER;
const MOST_PLACES = 20;

/** What is told of a ranking. */
export const rankingMetrics: readonly MetricFacts[] = [
  { name: "ndcg", title: "NDCG", better: "higher" },
  { name: "ndcg5", title: "NDCG@5", better: "higher" },
  { name: "ndcg10", title: "NDCG@10", better: "higher" },
  { name: "map", title: "MAP", better: "higher" },
  { name: "map10", title: "MAP@10", better: "higher" },
];

/** Prepares rows with their groups. A group counts by the weight of its first row. */
export function rankingFigures(rows: TaskRows): Figures {
  const groups = groupsOf(rows);
  const figures = groups.map(({ labels, scores }) => {
    const starts = [0, labels.length];
    return [
      ndcgAt(ALL, starts, labels, scores),
      ndcgAt(5, starts, labels, scores),
      ndcgAt(10, starts, labels, scores),
      meanAveragePrecisionAt(ALL, starts, labels, scores),
      meanAveragePrecisionAt(10, starts, labels, scores),
    ];
  });
  return (weights) =>
    rankingMetrics.map((_, metric) => {
      let [sum, total] = [0, 0];
      for (const [place, own] of figures.entries()) {
        const value = own[metric]!;
        if (Number.isNaN(value)) continue;
        const weight = weights === undefined ? 1 : weights[groups[place]!.first]!;
        sum += weight * value;
        total += weight;
      }
      return total > 0 ? sum / total : Number.NaN;
    });
}

/** NDCG of the first k places, for k from 1. */
export function gainByPlace(rows: TaskRows): readonly (readonly [number, number])[] {
  const groups = groupsOf(rows);
  return Array.from({ length: MOST_PLACES }, (_, place): readonly [number, number] => {
    const values = groups
      .map(({ labels, scores }) => ndcgAt(place + 1, [0, labels.length], labels, scores))
      .filter((value) => !Number.isNaN(value));
    return [place + 1, values.reduce((sum, value) => sum + value, 0) / values.length];
  }).filter(([, value]) => !Number.isNaN(value));
}

function groupsOf(rows: TaskRows): readonly (TaskRows & { readonly first: number })[] {
  const members = new Map<number, number[]>();
  for (let row = 0; row < rows.labels.length; row += 1) {
    const group = rows.groups?.[row] ?? 0;
    const own = members.get(group);
    if (own) own.push(row);
    else members.set(group, [row]);
  }
  return [...members.values()].map((own) => ({ ...rowsOf(rows, Uint32Array.from(own)), first: own[0]! }));
}
