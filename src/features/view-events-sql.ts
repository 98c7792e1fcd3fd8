// What every part of a view's plan starts from: the rows that ask, and the source's rows with their event time `e`, known time `k`
// (microseconds) and the values that features need. Rows without a key or an event time, and those of a key that nobody asks for, are
// never found by a join, so they are left out here.

import type { ExpressionNode, FeatureViewSpec } from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";

/** One column of an events relation: an expression of the source, under a name. */
export interface EventValue {
  readonly name: string;
  readonly value: ExpressionNode;
}

/** One view's part of the query: relations, the last of which, `relation`, has at most one row per `idx`. */
export interface ViewJoin {
  /**
   * Relations that several others read, in the order in which they are made. As tables, one after the other, they need the memory of one
   * step at a time, where one query for all of them holds what every step took until its end.
   */
  readonly kept: readonly KeptRelation[];
  /** The other relations, which read those. */
  readonly ctes: readonly string[];
  readonly relation: string;
  /** Whether every asking row has its row in `relation`. */
  readonly isWhole: boolean;
  readonly columns: readonly { readonly feature: string; readonly sql: (alias: string) => string }[];
}

/** A relation that is read more than once. */
export interface KeptRelation {
  readonly name: string;
  readonly sql: string;
}

/** A relation that several parts of a plan read. */
export interface SharedRelation extends KeptRelation {
  /** Cheap enough to be computed again wherever it is read. */
  readonly isInline: boolean;
}

/** SQL that reads an expression of a source's row, whose columns are called `prefix.<name>`. */
export function sourceExpression(dialect: SqlDialect, node: ExpressionNode, prefix: string): string {
  return dialect.expression(node, (leaf) => `${prefix}.${dialect.identifier(leaf.name)}`);
}

/** When a row happened and when it was known, in microseconds. */
export function timeColumns(
  dialect: SqlDialect,
  { source }: Pick<FeatureViewSpec, "source">,
): { readonly event: string; readonly known: string } {
  const { eventTime, createdAt } = source;
  const event = `epoch_us(s.${dialect.identifier(eventTime ?? "")})`;
  if (createdAt === undefined) return { event, known: event };
  return { event, known: `greatest(${event}, coalesce(epoch_us(s.${dialect.identifier(createdAt)}), ${event}))` };
}

/** A key's column inside a plan: marked, so that a key called "t" or "e" cannot meet a column of the plan's own. */
export function keyColumn(dialect: SqlDialect, name: string): string {
  return dialect.identifier(`#${name}`);
}

/**
 * What the parts of one view's plan share. In every relation but the source, a key is its number, `kid`: a whole number is sorted, hashed
 * and compared faster than a tuple of texts. Views with the same keys share the numbers.
 */
export interface ViewRelations {
  readonly dialect: SqlDialect;
  readonly view: FeatureViewSpec;
  /** A relation name for a part of this view's plan. */
  readonly name: (part: string) => string;
  /** All rows that ask: idx, t, cutoff, kid, which is null where t or a part of the key is. */
  readonly all: string;
  /** Those of them with a time and a whole key. */
  readonly asked: string;
  /** A SELECT of the source rows whose key is asked for: kid, e, k, the values, and `extra` SQL columns. */
  readonly events: (values: readonly EventValue[], extra?: readonly string[]) => string;
  /**
   * The same of only those source rows whose key and event time are in a relation of (kid, e). Wide values are best read by this, once it is
   * known which of them are wanted.
   */
  readonly eventsAt: (moments: string, extra: readonly string[]) => string;
  /** The relations of the names above; those of another view with the same keys are the same. */
  readonly shared: readonly SharedRelation[];
}

/** The relations that every part of a view's plan starts from; `rows` is the relation that asks. */
export function viewRelations(dialect: SqlDialect, view: FeatureViewSpec, rows: string): ViewRelations {
  const name = (part: string): string => dialect.identifier(`${view.name}: ${part}`);
  const keys = view.keys.map((key) => ({
    inSource: `s.${dialect.identifier(key.name)}`,
    inPlan: keyColumn(dialect, key.name),
  }));
  const names = keys.map(({ inPlan }) => inPlan).join(", ");
  const present = keys.map(({ inPlan }) => `${inPlan} IS NOT NULL`).join(" AND ");
  const same = (left: (key: (typeof keys)[number]) => string): string =>
    keys.map((key) => `${left(key)} = n.${key.inPlan}`).join(" AND ");
  const together = (part: string): string =>
    dialect.identifier(`${part} by ${view.keys.map((key) => key.name).join(", ")}`);
  const numbers = together("keys");
  const [all, asked] = [together("all"), together("asked")];
  // One whole number is its own number.
  const isNumber = view.keys.length === 1 && ["int32", "int64"].includes(String(view.keys[0]?.type));
  const number = isNumber ? `${names}::BIGINT` : "row_number() OVER ()";
  const select = (join: string, kid: string, values: readonly EventValue[], extra: readonly string[]): string => {
    const isStatic = view.source.eventTime === undefined;
    const { event, known } = timeColumns(dialect, view);
    const columns = [
      `${kid} AS kid`,
      ...(isStatic ? [] : [`${event} AS e`, `${known} AS k`]),
      ...values.map((value) => `${sourceExpression(dialect, value.value, "s")} AS ${value.name}`),
      ...extra,
    ];
    return `SELECT ${columns.join(", ")} FROM ${dialect.scan(view.source)} s ${join}${isStatic ? "" : ` WHERE ${event} IS NOT NULL`}`;
  };
  return {
    dialect,
    view,
    name,
    all,
    asked,
    events: (values, extra = []) =>
      select(`JOIN ${numbers} n ON ${same((key) => key.inSource)}`, "n.kid", values, extra),
    eventsAt(moments, extra) {
      // The columns themselves, so that a file's statistics can leave out what lies before or after all of the moments.
      const happened = `s.${dialect.identifier(view.source.eventTime ?? "")} = n.happened`;
      const at = "make_timestamp(m.e) AS happened";
      const [key] = keys;
      return isNumber && key
        ? select(
            `SEMI JOIN (SELECT kid, ${at} FROM ${moments} m) n ON ${key.inSource} = n.kid AND ${happened}`,
            `${key.inSource}::BIGINT`,
            [],
            extra,
          )
        : select(
            `JOIN (SELECT n.*, ${at} FROM (SELECT DISTINCT kid, e FROM ${moments}) m JOIN ${numbers} n USING (kid)) n ON ${same((each) => each.inSource)} AND ${happened}`,
            "n.kid",
            [],
            extra,
          );
    },
    shared: [
      {
        name: numbers,
        sql: `SELECT ${number} AS kid, * FROM (SELECT DISTINCT ${names} FROM ${rows} WHERE t IS NOT NULL AND ${present})`,
        isInline: false,
      },
      {
        name: all,
        sql: `SELECT r.idx, r.t, r.cutoff, CASE WHEN r.t IS NOT NULL THEN ${isNumber ? `r.${number}` : "n.kid"} END AS kid FROM ${rows} r${isNumber ? "" : ` LEFT JOIN ${numbers} n ON ${same((key) => `r.${key.inPlan}`)}`}`,
        isInline: isNumber,
      },
      { name: asked, sql: `SELECT * FROM ${all} WHERE kid IS NOT NULL`, isInline: true },
    ],
  };
}
