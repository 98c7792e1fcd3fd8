// The point-in-time join as one SQL query: for every asking row, each view's features as they were known at its time. Row order and
// row count are the asking relation's own. A row may also carry a cutoff (what was known to an online store that lagged behind): then
// nothing known after the cutoff is seen, while windows and ages still end at t.

import type { ColumnSchema } from "../core/core.ts";
import type { FeatureViewSpec } from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";
import { latestJoin } from "./latest-sql.ts";
import { guardedSql } from "./value-guard.ts";
import { viewRelations } from "./view-events-sql.ts";
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

/** Plans the join. Views with the same name are one view. */
export function pointInTimePlan(dialect: SqlDialect, query: PointInTimeQuery): PointInTimePlan {
  const views = [...new Map(query.views.map((view) => [view.name, view])).values()];
  const shared = views.map((view) => viewRelations(dialect, view, "asking"));
  const joins = shared.flatMap((relations) =>
    [latestJoin(relations), windowJoin(relations)]
      .filter((join) => join !== undefined)
      .map((join) => ({ view: relations.view, join })),
  );
  const cutoff = query.hasCutoff === true ? "" : ", t AS cutoff";
  const ctes = [...new Set(shared.flatMap((relations) => relations.ctes))];
  const asking = `asking AS MATERIALIZED (SELECT row_number() OVER () AS idx, *${cutoff} FROM (${query.rows}))`;
  const columns = new Map<string, string>();
  joins.forEach(({ view, join }, place) => {
    for (const { feature, sql } of join.columns) columns.set(`${view.name}.${feature}`, sql(`j${place}`));
  });
  return {
    with: `WITH ${[asking, ...ctes, ...joins.flatMap(({ join }) => join.ctes)].join(",\n")}`,
    from: `FROM asking r ${joins.map(({ join }, place) => `LEFT JOIN ${join.relation} j${place} ON j${place}.idx = r.idx`).join(" ")}`,
    feature: (view, feature) => {
      const raw = (name: string): string => {
        const sql = columns.get(`${view}.${name}`);
        if (sql === undefined) throw new RangeError(`The plan has no feature ${view}.${name}.`);
        return sql;
      };
      const spec = views.find(({ name }) => name === view);
      return spec === undefined ? raw(feature) : guardedSql(dialect, spec, feature, raw);
    },
    orderBy: "ORDER BY r.idx",
  };
}

/** Every key column that some of the views need, once. */
export function keyColumns(views: readonly FeatureViewSpec[]): readonly ColumnSchema[] {
  return [...new Map(views.flatMap((view) => view.keys).map((key) => [key.name, key])).values()];
}
