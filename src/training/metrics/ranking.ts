// How well each group's rows are put in order: the results of a query, the offers to a customer. A group counts once, however
// long it is; one in which nothing is relevant has no right order, and is left out.

import { orderByScore } from "./threshold-curve.ts";
import { checkRows, type Numbers } from "./weighted-rows.ts";

/** Where each group's rows begin, and after the last the number of rows: shape (groups + 1), as in a group pointer. */
export type GroupStarts = Uint32Array | readonly number[];

/** What a relevance is worth: itself, or 2^relevance − 1, which boosting by LambdaMART strives for. */
export type Gain = "linear" | "exponential";

/**
 * Mean normalised discounted cumulative gain of the first `k` rows of each group, in 0..1.
 *
 * `labels` are relevances not below 0, shape (rows). Järvelin and Kekäläinen 2002, "Cumulated gain-based evaluation of IR
 * techniques"; the exponential gain is Burges et al. 2005, "Learning to rank using gradient descent". Equal scores share the
 * mean gain of their rows, the expected value over all their orders (McSherry and Najork 2008, "Computing information retrieval
 * performance measures efficiently in the presence of tied scores"). NaN when no group has a relevant row.
 */
export function ndcgAt(
  k: number,
  starts: GroupStarts,
  labels: Numbers,
  scores: Numbers,
  gain: Gain = "exponential",
): number {
  checkRows(labels, scores, undefined);
  const worth = (label: number): number => (gain === "linear" ? label : 2 ** label - 1);
  return meanOfGroups(starts, (from, to) => {
    const own = Float64Array.from({ length: to - from }, (_, place) => worth(labels[from + place]!));
    const ideal = discounted(k, own.toSorted().reverse());
    const order = orderByScore(Float64Array.from({ length: to - from }, (_, place) => scores[from + place]!));
    const shared = new Float64Array(order.length);
    for (let first = 0, next = 0; first < order.length; first = next) {
      let sum = 0;
      while (next < order.length && scores[from + order[next]!] === scores[from + order[first]!])
        sum += own[order[next++]!]!;
      shared.fill(sum / (next - first), first, next);
    }
    return ideal > 0 ? discounted(k, shared) / ideal : Number.NaN;
  });
}

/**
 * Mean average precision of the first `k` rows of each group; a row is relevant when its label is above 0.
 *
 * Shapes (rows). Each group's precision at its relevant rows within `k`, summed and divided by how many could have been there.
 * Among equal scores the irrelevant come first, so that ties never flatter. NaN when no group has a relevant row.
 */
export function meanAveragePrecisionAt(k: number, starts: GroupStarts, labels: Numbers, scores: Numbers): number {
  checkRows(labels, scores, undefined);
  return meanOfGroups(starts, (from, to) => {
    const rows = Array.from({ length: to - from }, (_, place) => from + place);
    rows.sort((a, b) => scores[b]! - scores[a]! || labels[a]! - labels[b]!);
    const relevant = rows.filter((row) => labels[row]! > 0).length;
    let found = 0;
    let sum = 0;
    for (const [place, row] of rows.slice(0, k).entries()) if (labels[row]! > 0) sum += ++found / (place + 1);
    return relevant > 0 ? sum / Math.min(k, relevant) : Number.NaN;
  });
}

function discounted(k: number, gains: Float64Array): number {
  let sum = 0;
  for (let place = 0; place < Math.min(k, gains.length); place += 1) sum += gains[place]! / Math.log2(place + 2);
  return sum;
}

function meanOfGroups(starts: GroupStarts, value: (from: number, to: number) => number): number {
  let sum = 0;
  let groups = 0;
  for (let group = 0; group + 1 < starts.length; group += 1) {
    const own = value(starts[group]!, starts[group + 1]!);
    if (Number.isNaN(own)) continue;
    sum += own;
    groups += 1;
  }
  return groups > 0 ? sum / groups : Number.NaN;
}
