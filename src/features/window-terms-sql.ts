// The pieces that both ways of summing a window share: what a plan is about, where a window's tail lies, and a term's sum in SQL.

import { windowHop } from "../core/core.ts";
import type { FeatureViewSpec } from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";
import {
  type FloatSumTerm,
  type ItemTerm,
  MOMENTS_LIMIT,
  type RowTerm,
  type Term,
  type WindowPlan,
} from "./aggregate-terms.ts";
import type { ViewRelations } from "./view-events-sql.ts";

/** The names and pieces that both ways of summing share. */
export interface WindowContext extends Omit<ViewRelations, "events"> {
  readonly plan: WindowPlan;
  /** The relation of events: kid, e, k, and one column `v<term>` per term with a value. */
  readonly events: string;
  readonly isLate: boolean;
}

/** The tail of a window that ends at `t`, as SQL. */
export function tailSql(window: bigint, t = "t"): string {
  const hop = windowHop(window);
  // SQL division truncates; instants before 1970 need rounding down.
  return `(((${t} - ${window}) - (((${t} - ${window}) % ${hop}) + ${hop}) % ${hop}))`;
}

/** A term that is one value per group of events in SQL. */
export type MergedTerm = Exclude<Term, ItemTerm | FloatSumTerm>;

/** A term's sum over a group of events, as SQL. */
export function termSql(term: MergedTerm, index: number): string {
  switch (term.kind) {
    case "rows":
      return "count(*)";
    case "count":
      return `count(v${index})`;
    case "true":
      return `count(*) FILTER (WHERE v${index})`;
    case "wholeSum":
      return `coalesce(sum(v${index}), 0)`;
    case "min":
      return `min(v${index})`;
    case "max":
      return `max(v${index})`;
    case "moments":
      return momentsSql(`v${index}`);
    case "first":
    case "last":
      return `${extremeOf(term)}({o: ${ROW_ORDER}, v: v${index}}${term.size === undefined ? "" : `, ${term.size}`}) FILTER (WHERE v${index} IS NOT NULL)`;
    default:
      return term satisfies never;
  }
}

/**
 * The moments of some events as {n, mean, m2}, null when there are none. Equal values have exactly that mean and no distance from it,
 * whatever rounding a sum would bring.
 */
function momentsSql(value: string): string {
  const tame = `FILTER (WHERE abs(${value}) < ${MOMENTS_LIMIT})`;
  const ordered = (name: string): string => `${name}(${value} ORDER BY e, ${value}) ${tame}`;
  const isWild = `count(${value}) > count(${value}) ${tame}`;
  const mean = `CASE WHEN min(${value}) = max(${value}) THEN min(${value}) ELSE ${ordered("avg")} END`;
  const m2 = `CASE WHEN min(${value}) = max(${value}) THEN 0 ELSE ${ordered("var_pop")} * count(${value}) END`;
  const tamed = (sql: string): string => `(CASE WHEN ${isWild} THEN 'NaN' ELSE ${sql} END)::DOUBLE`;
  return `CASE WHEN count(${value}) > 0 THEN {n: count(${value})::DOUBLE, mean: ${tamed(mean)}, m2: ${tamed(m2)}} END`;
}

/** Partial sums of one term merged into one, taken in an order that makes floating-point sums come out the same every time. */
export function mergeSql(term: MergedTerm, partial: string, order: string): string {
  switch (term.kind) {
    case "min":
    case "max":
      return `${term.kind}(${partial})`;
    case "first":
    case "last":
      // Several last rows are a list, the newest first.
      return term.size === undefined
        ? `${extremeOf(term)}(${partial})`
        : `list_slice(list_reverse_sort(flatten(list(${partial}) FILTER (WHERE ${partial} IS NOT NULL))), 1, ${term.size})`;
    case "moments":
      return `list_reduce(list(${partial} ORDER BY ${order}) FILTER (WHERE ${partial} IS NOT NULL), lambda a, b: ${mergedMoments})`;
    default:
      return `sum(${partial} ORDER BY ${order})`;
  }
}

const mergedMoments =
  "{n: a.n + b.n, mean: a.mean + (b.mean - a.mean) * (b.n / (a.n + b.n)), m2: a.m2 + b.m2 + (b.mean - a.mean) * (b.mean - a.mean) * (a.n * b.n / (a.n + b.n))}";

const extremeOf = ({ kind }: RowTerm): string => (kind === "first" ? "min" : "max");

/** The column of an events relation whose order is that of rows: event time, created time, then value by value, null least, NaN greatest. */
export const ROW_ORDER = "row_order";

/** {@link ROW_ORDER} as SQL over a source's row `s`. */
export function rowOrderSql(dialect: SqlDialect, { source }: FeatureViewSpec, event: string): string {
  const column = (name: string): string => `s.${dialect.identifier(name)}`;
  const { createdAt, columns } = source;
  const created = createdAt === undefined ? [] : [`coalesce(epoch_us(${column(createdAt)}), ${event})`];
  const parts = [event, ...created, ...columns.map(({ name }) => column(name))];
  return `create_sort_key(${parts.map((part) => `${part}, 'ASC NULLS FIRST'`).join(", ")}) AS ${ROW_ORDER}`;
}

/** A 128-bit number as the nearest float64. DuckDB rounds it twice on its way there, but a 64-bit number or a text once. */
export const wideFloatSql = (sum: string): string =>
  `coalesce(TRY_CAST(${sum} AS BIGINT)::DOUBLE, ${sum}::VARCHAR::DOUBLE)`;
