// Floating-point sums, minima and maxima over [tail, t), merged from three parts: whole tiles between the tail and the last hop before t,
// the events of the part tile after that, and events that became known later than they happened, one by one. Each join is on
// keys and a bucket, so that it stays a hash join. Sums are taken in event order, so that they do not depend on threads.

import { windowHop } from "../core/core.ts";
import type { Term } from "./aggregate-terms.ts";
import { mergeSql, tailSql, termSql, type WindowContext } from "./window-terms-sql.ts";

/** What one window adds to the plan: relations, the last of which has a row per asking `idx`, and its columns. */
export interface MergedWindow {
  readonly ctes: readonly string[];
  readonly relation: string;
  readonly columns: readonly string[];
}

/** Merges the terms at `indexes` over one window. */
export function mergedWindow(
  context: WindowContext,
  window: bigint,
  place: number,
  indexes: readonly number[],
): MergedWindow {
  const { name, events, asked } = context;
  const hop = windowHop(window);
  // Whole tiles, so that each lies in one bucket; a window and its ragged ends then meet three at most.
  const width = ((window + hop - 1n) / hop) * hop;
  const part = (label: string): string => name(`${label} ${place}`);
  const floor = (at: string, step: bigint): string => `(${at} - ((${at} % ${step}) + ${step}) % ${step})`;
  const sums = (from: string): string =>
    indexes.map((index) => `${termSql(context.plan.terms[index] as Term, index)} AS ${from}${index}`).join(", ");
  const again = (from: string, order: string): string =>
    indexes
      .map((index) => `${mergeSql(context.plan.terms[index] as Term, `${from}${index}`, order)} AS m${index}`)
      .join(", ");
  const buckets = (from: string, to: string): string =>
    `unnest(range(${floor(from, width)} // ${width}, ${floor(to, width)} // ${width} + 1)) AS bucket`;
  const ctes = [
    `${part("query")} AS (SELECT idx, kid, ${tailSql(window)} AS tail, t, cutoff, least(t, cutoff + 1) AS x, ${floor("least(t, cutoff + 1)", hop)} AS head FROM ${asked})`,
    `${part("tiles")} AS (SELECT kid, ${floor("e", hop)} AS tile, ${floor("e", width)} // ${width} AS bucket, ${sums("p")} FROM ${events} WHERE k = e GROUP BY ALL)`,
    `${part("spans")} AS (SELECT DISTINCT kid, tail, head FROM ${part("query")})`,
    `${part("whole")} AS (SELECT q.kid, q.tail, q.head, ${again("p", "tile")} FROM (SELECT *, ${buckets("tail", "head")} FROM ${part("spans")}) q JOIN ${part("tiles")} s ON q.kid = s.kid AND q.bucket = s.bucket AND s.tile >= q.tail AND s.tile < q.head GROUP BY ALL)`,
    `${part("part")} AS (SELECT q.idx, ${sums("m")} FROM ${part("query")} q JOIN (SELECT *, ${floor("e", hop)} AS tile FROM ${events} WHERE k = e) s ON q.kid = s.kid AND q.head = s.tile AND s.e >= q.tail AND s.e < q.x GROUP BY q.idx)`,
    ...(context.isLate
      ? [
          `${part("late")} AS (SELECT q.idx, ${sums("m")} FROM (SELECT *, ${buckets("tail", "t")} FROM ${part("query")}) q JOIN (SELECT *, ${floor("e", width)} // ${width} AS bucket FROM ${events} WHERE k > e) s ON q.kid = s.kid AND q.bucket = s.bucket AND s.e >= q.tail AND s.e < q.t AND s.k <= least(q.t, q.cutoff) GROUP BY q.idx)`,
        ]
      : []),
  ];
  const columns = indexes.map((index) => `m${index}`).join(", ");
  const all = [
    `SELECT q.idx, 0 AS turn, ${columns} FROM ${part("query")} q JOIN ${part("whole")} s ON q.kid = s.kid AND q.tail = s.tail AND q.head = s.head`,
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
