// The point-in-time join: for every asking row, each view's features as they were known at its time. It is one SQL query, or for
// many rows a table per view, one after the other, so that memory is needed for one view at a time. Row order and row count are the
// asking relation's own. A row may also carry a cutoff (what was known to an online store that lagged behind): then
// nothing known after the cutoff is seen, while windows and ages still end at t.

import type { ColumnSchema } from "../core/core.ts";
import type { FeatureViewSpec } from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";
import type { KeyShare } from "./key-shares.ts";
import { latestJoin } from "./latest-sql.ts";
import { guardedSql } from "./value-guard.ts";
import { type KeptRelation, type ViewJoin, viewRelations } from "./view-events-sql.ts";
import { windowJoin } from "./window-sql.ts";

/** A query's asking rows and the views to join to them. */
export interface PointInTimeQuery {
  /**
   * A SELECT with `t` (microseconds), every key of the views as {@link keyColumn}, optionally `cutoff` (microseconds), and whatever is to be
   * passed on under other names. Its row order is the result's.
   */
  readonly rows: string;
  readonly hasCutoff?: boolean;
  readonly views: readonly FeatureViewSpec[];
}

/** The finished query, to be completed with a SELECT list. */
export interface PointInTimePlan {
  /** `WITH ...`. */
  readonly with: string;
  /** `FROM ... `: the asking rows are `r`. */
  readonly from: string;
  /** SQL of one feature's value. */
  readonly feature: (view: string, feature: string) => string;
  /** Keeps the asking order. */
  readonly orderBy: string;
}

/** The join as tables of one session, to be selected from. */
export interface PointInTimeTables {
  /** Statements that make the tables, to be run in this order; tables in between are dropped as soon as nothing reads them. */
  readonly statements: readonly string[];
  /** The tables that are there in the end. */
  readonly names: readonly string[];
  /** `FROM ... `: the asking rows are `r`. They come in their order. */
  readonly from: string;
  /** SQL of one feature's value. */
  readonly feature: (view: string, feature: string) => string;
  /** A table of one more relation's columns for every asking row, beside the others. `columns` and `join` call the asking rows `r`. */
  readonly beside: (alias: string, columns: readonly string[], join: string) => PointInTimeTables;
}

/** Plans the join. Views with the same name are one view. */
export function pointInTimePlan(dialect: SqlDialect, query: PointInTimeQuery): PointInTimePlan {
  const { shared, joins } = parts(dialect, query);
  const ctes = [
    `asking AS MATERIALIZED (${askingSql(query)})`,
    ...shared.map(({ name, sql, isInline }) => `${name} AS ${isInline ? "NOT " : ""}MATERIALIZED (${sql})`),
    ...joins.flatMap(({ join }) => [
      ...join.kept.map(({ name, sql }) => `${name} AS MATERIALIZED (${sql})`),
      ...join.ctes,
    ]),
  ];
  return {
    with: `WITH ${ctes.join(",\n")}`,
    from: `FROM asking r ${joins.map(({ join }, place) => `LEFT JOIN ${join.relation} j${place} ON j${place}.idx = r.idx`).join(" ")}`,
    feature: features(dialect, joins, (place, { sql }) => sql(`j${place}`)),
    orderBy: "ORDER BY r.idx",
  };
}

/**
 * Plans the same join as tables. Rows that `partition`, SQL over the asking rows, puts together come together; those in their own order. Windows are
 * put together for `shares` shares of the keys, one after the other, which says nothing else and needs less memory.
 */
export function pointInTimeTables(
  dialect: SqlDialect,
  query: PointInTimeQuery & { readonly partition?: string; readonly shares?: number },
): PointInTimeTables {
  const { shared, joins } = parts(dialect, query);
  const inShares = joins.map(({ join, ofShare }) => shareStatements(join, ofShare, query.shares ?? 1));
  const aligned = joins.map(({ join }, place): KeptRelation => {
    const columns = join.columns.map(({ sql }, index) => `${sql("v")} AS f${index}`).join(", ");
    const isMade = inShares[place] !== undefined;
    const ctes = isMade ? "" : withCtes(join);
    const relation = isMade ? SHARED_TABLE : join.relation;
    const rows = join.isWhole ? `${relation} v` : `asking r LEFT JOIN ${relation} v ON v.idx = r.idx`;
    return { name: `j${place}`, sql: `${ctes}SELECT ${columns} FROM ${rows} ORDER BY ${join.isWhole ? "v" : "r"}.idx` };
  });
  const statements = [
    tableOf({ name: "asking", sql: askingSql(query) }),
    ...shared.map((relation) => (relation.isInline ? viewOf(relation) : tableOf(relation))),
    ...joins.flatMap(({ join }, place) => [
      ...join.kept.map(tableOf),
      ...(inShares[place] ?? []),
      ...aligned.slice(place, place + 1).map(tableOf),
      ...(inShares[place] === undefined ? [] : [`DROP TABLE ${SHARED_TABLE}`]),
      ...join.kept.map(({ name }) => `DROP TABLE ${name}`),
    ]),
    ...shared.toReversed().map(({ name, isInline }) => `DROP ${isInline ? "VIEW" : "TABLE"} ${name}`),
  ];
  const plan = (made: readonly string[], names: readonly string[]): PointInTimeTables => ({
    statements: made,
    // Every table has the asking rows in their order, so rows of the same place belong together.
    from: `FROM asking r${names.map((name) => ` POSITIONAL JOIN ${name}`).join("")}`,
    names: ["asking", ...names],
    feature: features(dialect, joins, (place, _, index) => `j${place}.f${index}`),
    beside(name, columns, join) {
      const sql = `SELECT ${columns.join(", ")} FROM asking r ${join} ORDER BY r.idx`;
      return plan([...made, tableOf({ name, sql })], [...names, name]);
    },
  });
  return plan(
    statements,
    aligned.map(({ name }) => name),
  );
}

/** Where the windows of one view are gathered, a share of the keys after the other. */
const SHARED_TABLE = '"window shares"';

const withCtes = ({ ctes }: ViewJoin): string => (ctes.length > 0 ? `WITH ${ctes.join(",\n")} ` : "");

/** The statements that gather a view's join from shares of the keys; undefined where it is made at once. */
function shareStatements(join: ViewJoin, ofShare: Joined["ofShare"], shares: number): readonly string[] | undefined {
  if (ofShare === undefined || shares === 1) return undefined;
  return Array.from({ length: shares }, (_, index) => {
    const into = index === 0 ? `CREATE TEMP TABLE ${SHARED_TABLE} AS` : `INSERT INTO ${SHARED_TABLE}`;
    const share = ofShare({ index, of: shares }) ?? join;
    return `${into} ${withCtes(share)}SELECT * FROM ${share.relation}`;
  });
}

const tableOf = ({ name, sql }: KeptRelation): string => `CREATE TEMP TABLE ${name} AS ${sql}`;
const viewOf = ({ name, sql }: KeptRelation): string => `CREATE TEMP VIEW ${name} AS ${sql}`;

interface Joined {
  readonly view: FeatureViewSpec;
  readonly join: ViewJoin;
  /** The same join of a share of the keys, where it can be made of shares. */
  readonly ofShare?: (share: KeyShare) => ViewJoin | undefined;
}

function parts(dialect: SqlDialect, query: PointInTimeQuery) {
  const views = [...new Map(query.views.map((view) => [view.name, view])).values()];
  const relations = views.map((view) => viewRelations(dialect, view, "asking"));
  const joins = relations.flatMap((each): readonly Joined[] => {
    const [newest, windows] = [latestJoin(each), windowJoin(each)];
    const { view } = each;
    return [
      ...(newest ? [{ view, join: newest }] : []),
      ...(windows ? [{ view, join: windows, ofShare: (share: KeyShare) => windowJoin(each, share) }] : []),
    ];
  });
  const shared = new Map(relations.flatMap((each) => each.shared).map((relation) => [relation.name, relation]));
  return { shared: [...shared.values()], joins };
}

function askingSql({ rows, hasCutoff, partition }: PointInTimeQuery & { readonly partition?: string }): string {
  const cutoff = hasCutoff === true ? "" : ", t AS cutoff";
  if (partition === undefined) return `SELECT row_number() OVER () AS idx, *${cutoff} FROM (${rows})`;
  const placed = `SELECT row_number() OVER () AS place, *${cutoff} FROM (${rows})`;
  return `SELECT row_number() OVER (ORDER BY part, place) AS idx, * EXCLUDE (place) FROM (SELECT ${partition} AS part, * FROM (${placed})) ORDER BY part, place`;
}

/** Finds a feature's SQL by its view and name, held to what the view expects. */
function features(
  dialect: SqlDialect,
  joins: readonly Joined[],
  sqlOf: (place: number, column: ViewJoin["columns"][number], index: number) => string,
): (view: string, feature: string) => string {
  const columns = new Map<string, string>();
  joins.forEach(({ view, join }, place) => {
    join.columns.forEach((column, index) => {
      columns.set(`${view.name}.${column.feature}`, sqlOf(place, column, index));
    });
  });
  return (view, feature) => {
    const raw = (name: string): string => {
      const sql = columns.get(`${view}.${name}`);
      if (sql === undefined) throw new RangeError(`The plan has no feature ${view}.${name}.`);
      return sql;
    };
    const spec = joins.find((each) => each.view.name === view)?.view;
    return spec === undefined ? raw(feature) : guardedSql(dialect, spec, feature, raw);
  };
}

/** Every key column that some of the views need, once. */
export function keyColumns(views: readonly FeatureViewSpec[]): readonly ColumnSchema[] {
  return [...new Map(views.flatMap((view) => view.keys).map((key) => [key.name, key])).values()];
}
