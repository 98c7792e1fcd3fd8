// A view's source rows as SQL that every other planner starts from: keys, event time `e`, known time `k` (microseconds), and the
// values that features need. Rows without a key or an event time are never found by a join, so they are left out here.

import type { ExpressionNode, FeatureViewSpec } from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";

/** One column of an events relation: an expression of the source, under a name. */
export interface EventValue {
  readonly name: string;
  readonly value: ExpressionNode;
}

/** One view's part of the query: relations, the last of which has at most one row per `idx`. */
export interface ViewJoin {
  readonly ctes: readonly string[];
  readonly relation: string;
  readonly columns: readonly { readonly feature: string; readonly sql: (alias: string) => string }[];
}

/** SQL that reads an expression of a source's row, whose columns are called `prefix.<name>`. */
export function sourceExpression(dialect: SqlDialect, node: ExpressionNode, prefix: string): string {
  return dialect.expression(node, (leaf) => `${prefix}.${dialect.identifier(leaf.name)}`);
}

/** When a row happened and when it was known, in microseconds. */
export function timeColumns(
  dialect: SqlDialect,
  view: FeatureViewSpec,
): { readonly event: string; readonly known: string } {
  const { eventTime, createdAt } = view.source;
  const event = `epoch_us(s.${dialect.identifier(eventTime ?? "")})`;
  if (createdAt === undefined) return { event, known: event };
  return { event, known: `greatest(${event}, coalesce(epoch_us(s.${dialect.identifier(createdAt)}), ${event}))` };
}

/** A key's column inside a plan: marked, so that a key called "t" or "e" cannot meet a column of the plan's own. */
export function keyColumn(dialect: SqlDialect, name: string): string {
  return dialect.identifier(`#${name}`);
}

/** `"#a" IS NOT NULL AND ...`: rows whose keys are all there. */
export function keysPresent(dialect: SqlDialect, view: FeatureViewSpec): string {
  return view.keys.map(({ name }) => `${keyColumn(dialect, name)} IS NOT NULL`).join(" AND ");
}

/** `SELECT keys, e, k, values FROM source`, and `extra` SQL columns. */
export function viewEventsSql(
  dialect: SqlDialect,
  view: FeatureViewSpec,
  values: readonly EventValue[],
  extra: readonly string[] = [],
): string {
  const keys = view.keys.map(({ name }) => `s.${dialect.identifier(name)}`);
  const named = view.keys.map(({ name }, index) => `${keys[index]} AS ${keyColumn(dialect, name)}`);
  const isStatic = view.source.eventTime === undefined;
  const { event, known } = timeColumns(dialect, view);
  const columns = [
    ...named,
    ...(isStatic ? [] : [`${event} AS e`, `${known} AS k`]),
    ...values.map(({ name, value }) => `${sourceExpression(dialect, value, "s")} AS ${name}`),
    ...extra,
  ];
  const present = [...keys, ...(isStatic ? [] : [event])].map((column) => `${column} IS NOT NULL`);
  return `SELECT ${columns.join(", ")} FROM ${dialect.scan(view.source)} s WHERE ${present.join(" AND ")}`;
}

/** `a.k1 = b.k1 AND a.k2 = b.k2`: keys compared as typed tuples. */
export function keysEqual(dialect: SqlDialect, view: FeatureViewSpec, left: string, right: string): string {
  return view.keys
    .map(({ name }) => keyColumn(dialect, name))
    .map((key) => `${left}.${key} = ${right}.${key}`)
    .join(" AND ");
}

/** The view's key columns, comma-separated, with an optional table prefix. */
export function keyList(dialect: SqlDialect, view: FeatureViewSpec, prefix = ""): string {
  return view.keys.map(({ name }) => `${prefix}${keyColumn(dialect, name)}`).join(", ");
}
