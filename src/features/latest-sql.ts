// The newest row as of a time, for every row that asks: one ASOF join. Among rows known by then the latest event wins, then the latest
// created, then the greatest row value by value in schema order. Where rows are known later than they happen, the winner is
// first worked out for each moment at which something became known (a running maximum), so that the join is on known time alone.

import type { FeatureViewSpec } from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";
import { type EventValue, keyList, keysEqual, keysPresent, type ViewJoin, viewEventsSql } from "./view-events-sql.ts";

/** The join of a view's `latest` and `age` features, or undefined when it has none. */
export function latestJoin(dialect: SqlDialect, view: FeatureViewSpec, rows: string): ViewJoin | undefined {
  const wanted = view.features.filter(({ rule }) => rule.kind !== "window");
  if (wanted.length === 0) return undefined;
  const name = (part: string): string => dialect.identifier(`${view.name}: ${part}`);
  const values: EventValue[] = wanted.flatMap(({ rule }, index) =>
    rule.kind === "latest" ? [{ name: `v${index}`, value: rule.value }] : [],
  );
  const keys = keyList(dialect, view);
  const isStatic = view.source.eventTime === undefined;
  const isLate = view.source.createdAt !== undefined;
  const { createdAt, columns } = view.source;
  const ordering = (column: string): string => dialect.identifier(`=${column}`);
  const order = [
    ...(isStatic ? [] : ["e"]),
    ...(createdAt === undefined ? [] : [`coalesce(epoch_us(${ordering(createdAt)}), e)`]),
    ...columns.map((column) => ordering(column.name)),
  ];
  const greatestFirst = order.map((column) => `${column} DESC NULLS LAST`).join(", ");
  const leastFirst = order.map((column) => `${column} ASC NULLS FIRST`).join(", ");
  const ordered = columns.map((column) => `s.${dialect.identifier(column.name)} AS ${ordering(column.name)}`);
  const raw = viewEventsSql(dialect, view, values, ordered);
  const valueList = values.map((value) => `, ${value.name}`).join("");
  const ctes = isLate
    ? [
        `${name("ranked")} AS (SELECT *, row_number() OVER (PARTITION BY ${keys} ORDER BY ${leastFirst}) AS place FROM (${raw}))`,
        `${name("winners")} AS (SELECT DISTINCT ${keys}, k AS moment, max(place) OVER (PARTITION BY ${keys} ORDER BY k RANGE UNBOUNDED PRECEDING) AS place FROM ${name("ranked")})`,
        `${name("newest")} AS (SELECT ${keyList(dialect, view, "w.")}, w.moment, r.e${values.map((value) => `, r.${value.name}`).join("")} FROM ${name("winners")} w JOIN ${name("ranked")} r ON ${keysEqual(dialect, view, "w", "r")} AND w.place = r.place)`,
      ]
    : [
        `${name("newest")} AS (SELECT ${keys}${isStatic ? "" : ", e AS moment, e"}${valueList} FROM (${raw}) QUALIFY row_number() OVER (PARTITION BY ${keys}${isStatic ? "" : ", e"} ORDER BY ${greatestFirst}) = 1)`,
      ];
  const asked = `SELECT idx, t, least(t, cutoff) AS x, ${keys} FROM ${rows} WHERE t IS NOT NULL AND ${keysPresent(dialect, view)}`;
  const on = keysEqual(dialect, view, "q", "n");
  const within = isStatic ? "" : view.ttl === undefined ? "" : ` AND n.e >= q.t - ${view.ttl}`;
  const shown = wanted.map(({ rule }, index) => {
    if (rule.kind === "latest") return `n.v${index} AS f${index}`;
    const unit = rule.kind === "age" ? rule.unit : 1n;
    // t is never before e, so truncating division rounds down.
    return `((q.t - n.e) // ${unit})::BIGINT AS f${index}`;
  });
  const joined = isStatic
    ? `SELECT q.idx, ${shown.join(", ")} FROM (${asked}) q JOIN ${name("newest")} n ON ${on}`
    : `SELECT q.idx, ${shown.join(", ")} FROM (${asked}) q ASOF JOIN ${name("newest")} n ON ${on} AND q.x >= n.moment WHERE true${within}`;
  return {
    ctes: [...ctes, `${name("latest")} AS (${joined})`],
    relation: name("latest"),
    columns: wanted.map(({ name: feature, type }, index) => ({
      feature,
      sql: (alias) => `${alias}.f${index}::${dialect.typeName(type)}`,
    })),
  };
}
