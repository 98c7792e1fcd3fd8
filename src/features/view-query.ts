// A view's features as SQL over a point-in-time join, for whoever asks about the view itself and not about a model's rows.

import type { ColumnSchema, DataType, Instant } from "../core/core.ts";
import {
  type DerivedViewSpec,
  type FeatureRule,
  type FeatureViewSpec,
  leavesOf,
  type ReadableViewSpec,
} from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";
import { type PointInTimePlan, pointInTimePlan } from "./point-in-time-sql.ts";
import { keyColumn, timeColumns } from "./view-events-sql.ts";

/** A view, taken apart into what is stored and how its features come out of that. */
export interface ViewQuery {
  readonly name: string;
  readonly keys: readonly ColumnSchema[];
  /** The views that are joined. */
  readonly stored: readonly FeatureViewSpec[];
  readonly features: readonly {
    readonly name: string;
    readonly type: DataType;
    /** The stored features that its value is made of. */
    readonly rules: readonly { readonly view: string; readonly rule: FeatureRule }[];
    readonly sql: (dialect: SqlDialect, plan: PointInTimePlan) => string;
  }[];
}

/** A view as a query; a derived one is its expressions over the stored views. */
export function viewQuery(view: ReadableViewSpec): ViewQuery {
  if (view.kind === "derivedView") return derivedQuery(view);
  return {
    name: view.name,
    keys: view.keys,
    stored: [view],
    features: view.features.map(({ name, type, rule }) => ({
      name,
      type,
      rules: [{ view: view.name, rule }],
      sql: (_, plan) => plan.feature(view.name, name),
    })),
  };
}

function derivedQuery({ name, keys, views, features }: DerivedViewSpec): ViewQuery {
  const stored = new Map(
    views.flatMap((view) => view.features.map((each) => [`${view.name}.${each.name}`, each.rule])),
  );
  return {
    name,
    keys,
    stored: views,
    features: features.map((feature) => ({
      name: feature.name,
      type: feature.type,
      rules: leavesOf(feature.value).flatMap((leaf) => {
        const rule = leaf.kind === "feature" ? stored.get(`${leaf.view}.${leaf.name}`) : undefined;
        return leaf.kind === "feature" && rule !== undefined ? [{ view: leaf.view, rule }] : [];
      }),
      sql: (dialect, plan) =>
        dialect.expression(feature.value, (leaf) =>
          leaf.kind === "feature" ? plan.feature(leaf.view, leaf.name) : "NULL",
        ),
    })),
  };
}

/** SELECT of a view's features for asking `rows` (`t`, keys as keyColumn): `f0`, `f1`, … in the view's order, after SQL columns of the rows. */
export function askView(dialect: SqlDialect, query: ViewQuery, rows: string, passed: readonly string[] = []): string {
  const plan = pointInTimePlan(dialect, { rows, views: query.stored });
  const values = query.features.map(
    ({ sql, type }, index) => `(${sql(dialect, plan)})::${dialect.typeName(type)} AS f${index}`,
  );
  return `${plan.with} SELECT ${[...passed, ...values].join(", ")} ${plan.from} ${plan.orderBy}`;
}

/** Whether one of a query's stored views has all of its keys, so that there are keys to ask about. */
export function hasMoments({ keys, stored }: ViewQuery): boolean {
  return stored.some((view) => keys.every(({ name }) => view.keys.some((own) => own.name === name)));
}

/**
 * SELECT of the keys and moments at which a view's sources knew something new up to `now`: `t`, just after a row became known, and the keys as
 * keyColumn. A static source knows its rows at `now`.
 */
export function knownMoments(dialect: SqlDialect, { keys, stored }: ViewQuery, now: Instant): string {
  const selects = stored.map((view) => {
    const own = new Set(view.keys.map(({ name }) => name));
    // A view that is keyed by a part of the keys says nothing of whole ones.
    if (keys.some(({ name }) => !own.has(name))) return undefined;
    const shown = keys.map(({ name }) => `s.${dialect.identifier(name)} AS ${keyColumn(dialect, name)}`);
    const present = keys.map(({ name }) => `s.${dialect.identifier(name)} IS NOT NULL`);
    const { event, known } = timeColumns(dialect, view);
    const isStatic = view.source.eventTime === undefined;
    const at = isStatic ? `${now}::BIGINT` : `${known} + 1`;
    const limits = isStatic ? present : [...present, `${event} IS NOT NULL`, `${known} < ${now}`];
    return `SELECT ${[`${at} AS t`, ...shown].join(", ")} FROM ${dialect.scan(view.source)} s WHERE ${limits.join(" AND ")}`;
  });
  return selects.filter((sql) => sql !== undefined).join(" UNION ALL ");
}
