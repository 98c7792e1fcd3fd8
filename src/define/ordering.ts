// Metrics of order: how well scores sort rows within their groups, or by how long each took. What a row is beside its label comes with it.

import type { Labels, Scores } from "./metric.ts";

/**
 * Normalised discounted cumulative gain of each group, of shape (groups); NaN for a group without a label above 0, which has no best order.
 *
 * Rows of a group stand together; `groups` has shape (rows) and counts them from 0. The gain of a label is 2^label − 1 and the discount of a place
 * log2(1 + place) (Burges et al. 2005, "Learning to rank using gradient descent"); equal scores share the mean of their gains (McSherry and Najork
 * 2008, "Computing information retrieval performance measures efficiently in the presence of tied scores").
 */
export function groupGains(labels: Labels, scores: Scores, groups: Int32Array): Float64Array {
  const found: number[] = [];
  for (let start = 0, end = 0; start < groups.length; start = end) {
    while (end < groups.length && groups[end] === groups[start]) end += 1;
    const rows = Array.from({ length: end - start }, (_, place) => start + place);
    const best = rows.map((row) => labels[row]!).sort((a, b) => b - a);
    const ideal = best.reduce((sum, label, place) => sum + (2 ** label - 1) / Math.log2(2 + place), 0);
    found.push(ideal > 0 ? discountedGain(rows, labels, scores) / ideal : Number.NaN);
  }
  return Float64Array.from(found);
}

function discountedGain(rows: number[], labels: Labels, scores: Scores): number {
  rows.sort((a, b) => scores[b]! - scores[a]!);
  if (rows.some((row) => Number.isNaN(scores[row]!))) return Number.NaN;
  let sum = 0;
  for (let start = 0, end = 0; start < rows.length; start = end) {
    let gain = 0;
    let discount = 0;
    for (; end < rows.length && scores[rows[end]!] === scores[rows[start]!]; end += 1) {
      gain += 2 ** labels[rows[end]!]! - 1;
      discount += 1 / Math.log2(2 + end);
    }
    sum += (gain / (end - start)) * discount;
  }
  return sum;
}

/** The mean of {@link groupGains} over the groups that have one; NaN without any. */
export function meanGain(labels: Labels, scores: Scores, groups: Int32Array): number {
  const gains = groupGains(labels, scores, groups);
  const rows = new Map<number, boolean>();
  for (let row = 0; row < labels.length; row += 1)
    rows.set(groups[row]!, rows.get(groups[row]!) === true || labels[row]! > 0);
  const ranked = gains.filter((_, group) => rows.get(group));
  return ranked.reduce((sum, gain) => sum + gain, 0) / ranked.length;
}

/**
 * Harrell's concordance: the share of pairs of rows, of which one is known to have ended before the other, that the scores put in that order; equal scores
 * count half. NaN without such a pair or with a NaN score.
 *
 * `labels` is the time each row is known to have lasted, `upper` the time by which it had ended (equal to it when seen, infinite when not). Harrell,
 * Lee and Mark 1996, "Multivariable prognostic models", section 5.5, by a Fenwick tree over the scores in O(rows log rows).
 */
export function concordanceOf(labels: Labels, scores: Scores, upper: Float64Array): number {
  const ranks = new Map([...new Set(scores)].sort((a, b) => a - b).map((score, rank) => [score, rank]));
  const counts = new Float64Array(ranks.size + 1);
  const below = (rank: number): number => {
    let sum = 0;
    for (let at = rank; at > 0; at -= at & -at) sum += counts[at]!;
    return sum;
  };
  const longest = Array.from(labels.keys()).sort((a, b) => labels[b]! - labels[a]!);
  const ended = Array.from(labels.keys()).sort((a, b) => upper[b]! - upper[a]!);
  let added = 0;
  let won = 0;
  let pairs = 0;
  for (const row of ended) {
    if (Number.isNaN(scores[row]!)) return Number.NaN;
    // All that are known to have lasted longer than the time by which this one had ended.
    for (; added < longest.length && labels[longest[added]!]! > upper[row]!; added += 1)
      for (let at = ranks.get(scores[longest[added]!]!)! + 1; at < counts.length; at += at & -at)
        counts[at] = counts[at]! + 1;
    const rank = ranks.get(scores[row]!)!;
    const atMost = below(rank + 1);
    won += added - atMost + (atMost - below(rank)) / 2;
    pairs += added;
  }
  return won / pairs;
}
