// What cannot be subtracted and is one value per tile (minima and maxima, moments, first and last rows) over [tail, t), merged from three parts:
// whole tiles between the tail and the last hop before t, the events of the part tile after that, and events that became known later than
// they happened, one by one. Moments are taken in event order, so that they do not depend on threads.

import type { WindowSpans } from "./window-spans-sql.ts";
import { type MergedTerm, mergeSql, termSql, type WindowContext } from "./window-terms-sql.ts";

/** What one window adds to the plan: relations, the last of which has at most one row per asking `idx`, and its columns. */
export interface MergedWindow {
  readonly ctes: readonly string[];
  readonly relation: string;
  readonly columns: readonly string[];
}

/** Merges the terms at `indexes` over one window. */
export function mergedWindow(
  context: WindowContext,
  { query, spans, tile, bucket, buckets }: WindowSpans,
  place: number,
  indexes: readonly number[],
): MergedWindow {
  const { name, events } = context;
  const part = (label: string): string => name(`${label} ${place}`);
  const sums = (from: string): string =>
    indexes.map((index) => `${termSql(context.plan.terms[index] as MergedTerm, index)} AS ${from}${index}`).join(", ");
  const again = (from: string, order: string): string =>
    indexes
      .map((index) => `${mergeSql(context.plan.terms[index] as MergedTerm, `${from}${index}`, order)} AS m${index}`)
      .join(", ");
  const ctes = [
    `${part("tiles")} AS (SELECT kid, ${tile("e")} AS tile, ${bucket("e")} AS bucket, ${sums("p")} FROM ${events} WHERE k = e GROUP BY ALL)`,
    `${part("whole")} AS (SELECT q.kid, q.tail, q.head, ${again("p", "tile")} FROM (SELECT *, ${buckets("tail", "head")} FROM ${spans}) q JOIN ${part("tiles")} s ON q.kid = s.kid AND q.bucket = s.bucket AND s.tile >= q.tail AND s.tile < q.head GROUP BY ALL)`,
    `${part("part")} AS (SELECT q.idx, ${sums("m")} FROM ${query} q JOIN (SELECT *, ${tile("e")} AS tile FROM ${events} WHERE k = e) s ON q.kid = s.kid AND q.head = s.tile AND s.e >= q.tail AND s.e < q.x GROUP BY q.idx)`,
    ...(context.isLate
      ? [
          `${part("late")} AS (SELECT q.idx, ${sums("m")} FROM (SELECT *, ${buckets("tail", "t")} FROM ${query}) q JOIN (SELECT *, ${bucket("e")} AS bucket FROM ${events} WHERE k > e) s ON q.kid = s.kid AND q.bucket = s.bucket AND s.e >= q.tail AND s.e < q.t AND s.k <= least(q.t, q.cutoff) GROUP BY q.idx)`,
        ]
      : []),
  ];
  const columns = indexes.map((index) => `m${index}`).join(", ");
  const all = [
    `SELECT q.idx, 0 AS turn, ${columns} FROM ${query} q JOIN ${part("whole")} s ON q.kid = s.kid AND q.tail = s.tail AND q.head = s.head`,
    `SELECT idx, 1, ${columns} FROM ${part("part")}`,
    ...(context.isLate ? [`SELECT idx, 2, ${columns} FROM ${part("late")}`] : []),
  ];
  const relation = part("merged");
  const merged = `${relation} AS (SELECT idx, ${again("m", "turn")} FROM (${all.join(" UNION ALL ")}) GROUP BY idx)`;
  return {
    ctes: [...ctes, merged],
    relation,
    columns: indexes.map((index) => `${relation}.m${index} AS w${place}_${index}`),
  };
}
