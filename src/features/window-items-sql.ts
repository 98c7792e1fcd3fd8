// Aggregates over the items in a window: how many different ones there are, the most frequent, quantiles of buckets. A tile's partial is each of its
// items with how often it occurred, a row per item, so that merging is a GROUP BY, which DuckDB spills to disk where it must. The parts
// are those of window-merge-sql.ts: whole tiles, the part tile before t, and late events.

import { isFloat } from "../core/core.ts";
import { type FloatSumTerm, type ItemTerm, isItemTerm, type Term } from "./aggregate-terms.ts";
import { exactSumSql, sumPartSql, sumWeightSql } from "./exact-sum-sql.ts";
import { bucketSql, estimateDistinctSql, registerCodeSql } from "./sketch-sql.ts";
import type { MergedWindow } from "./window-merge-sql.ts";
import type { WindowSpans } from "./window-spans-sql.ts";
import type { WindowContext } from "./window-terms-sql.ts";

/** A term that is a row per item in SQL: what is kept as items online, and sums of float64, whose items are parts of a number. */
export type RowsTerm = ItemTerm | FloatSumTerm;

/** Whether a term is a row per item in SQL. */
export function isRowsTerm(term: Term): term is RowsTerm {
  return isItemTerm(term) || term.kind === "floatSum";
}

/** The relation of a term's items, shared by all windows: kid, e, k, item, and n: how much of it there is. */
export function itemRelation({ name, events }: WindowContext, term: RowsTerm, index: number): string {
  const value = `v${index}`;
  const weight = term.kind === "floatSum" ? sumWeightSql(value) : "1";
  return `${name(`items ${index}`)} AS (SELECT kid, e, k, ${itemSql(term, value)} AS item, ${weight} AS n FROM ${events} WHERE ${value} IS NOT NULL)`;
}

function itemSql({ kind, value: { type } }: RowsTerm, value: string): string {
  switch (kind) {
    case "distinct":
      return value;
    case "tally":
      // Plus 0, because -0 and 0 are one value, and which of them is shown must not depend on the order of rows.
      return isFloat(type) ? `${value} + 0` : value;
    case "registers":
      return registerCodeSql(value, type);
    case "buckets":
      return bucketSql(value);
    case "floatSum":
      return sumPartSql(value);
    default:
      return kind satisfies never;
  }
}

/** Merges the items of the term at `index` over one window. `asked`: the ranks of quantiles, or how many of the most frequent items. */
export function itemWindow(
  context: WindowContext,
  { query, spans, tile, bucket, buckets }: WindowSpans,
  place: number,
  index: number,
  asked: readonly number[],
): MergedWindow {
  const { name, isLate, plan, dialect } = context;
  const items = name(`items ${index}`);
  const part = (label: string): string => name(`${label} ${place} ${index}`);
  const { kind } = plan.terms[index] as RowsTerm;
  const [sum, whole] = kind === "floatSum" ? ["sum(n)", "HUGEINT"] : ["count(*)", "BIGINT"];
  const all = [
    `SELECT q.idx, s.item, s.n FROM ${query} q JOIN ${part("whole")} s ON q.kid = s.kid AND q.tail = s.tail AND q.head = s.head`,
    `SELECT q.idx, s.item, s.n FROM ${query} q JOIN (SELECT *, ${tile("e")} AS tile FROM ${items} WHERE k = e) s ON q.kid = s.kid AND q.head = s.tile AND s.e >= q.tail AND s.e < q.x`,
    ...(isLate
      ? [
          `SELECT q.idx, s.item, s.n FROM (SELECT *, ${buckets("tail", "t")} FROM ${query}) q JOIN (SELECT *, ${bucket("e")} AS bucket FROM ${items} WHERE k > e) s ON q.kid = s.kid AND q.bucket = s.bucket AND s.e >= q.tail AND s.e < q.t AND s.k <= least(q.t, q.cutoff)`,
        ]
      : []),
  ];
  const ctes = [
    `${part("tiles")} AS (SELECT kid, ${tile("e")} AS tile, ${bucket("e")} AS bucket, item, ${sum} AS n FROM ${items} WHERE k = e GROUP BY ALL)`,
    `${part("whole")} AS (SELECT q.kid, q.tail, q.head, s.item, sum(s.n)::${whole} AS n FROM (SELECT *, ${buckets("tail", "head")} FROM ${spans}) q JOIN ${part("tiles")} s ON q.kid = s.kid AND q.bucket = s.bucket AND s.tile >= q.tail AND s.tile < q.head GROUP BY ALL)`,
    `${part("contents")} AS (SELECT idx, item, sum(n)::${whole} AS n FROM (${all.join(" UNION ALL ")}) GROUP BY ALL)`,
  ];
  const relation = part("answers");
  return {
    ctes: [...ctes, `${relation} AS (${answersSql(kind, part("contents"), asked)})`],
    relation,
    columns:
      kind === "buckets" || kind === "tally"
        ? asked.map((each, at) => `${relation}.a${at} AS ${dialect.identifier(answerColumn(place, index, each))}`)
        : [`${relation}.a0 AS w${place}_${index}`],
  };
}

/** The column of a window that holds the answer about one rank or number of items. */
export function answerColumn(place: number, index: number, asked: number): string {
  return `w${place}_${index}_${asked}`;
}

function answersSql(kind: RowsTerm["kind"], contents: string, asked: readonly number[]): string {
  switch (kind) {
    case "floatSum":
      return exactSumSql(contents);
    case "distinct":
      return `SELECT idx, count(*) AS a0 FROM ${contents} GROUP BY idx`;
    case "tally": {
      const answers = asked.map(
        (size, each) => `list_slice(list(item ORDER BY n DESC, item ASC), 1, ${size}) AS a${each}`,
      );
      return `SELECT idx, ${answers.join(", ")} FROM ${contents} GROUP BY idx`;
    }
    case "registers": {
      const registers = `SELECT idx, item // 64 AS register, max(item % 64) AS rank FROM ${contents} GROUP BY ALL`;
      const sums = `SELECT idx, count(*) AS filled, sum(1::BIGINT << (53 - rank)) AS total FROM (${registers}) GROUP BY idx`;
      return `SELECT idx, ${estimateDistinctSql("total", "filled")} AS a0 FROM (${sums})`;
    }
    case "buckets": {
      const upTo = `SELECT idx, item, sum(n) OVER (PARTITION BY idx ORDER BY item)::BIGINT AS up_to, sum(n) OVER (PARTITION BY idx)::BIGINT AS total FROM ${contents}`;
      const answers = asked.map(
        (rank, each) => `min(item) FILTER (WHERE up_to > floor('${rank}'::DOUBLE * (total - 1)::DOUBLE)) AS a${each}`,
      );
      return `SELECT idx, ${answers.join(", ")} FROM (${upTo}) GROUP BY idx`;
    }
    default:
      return kind satisfies never;
  }
}
