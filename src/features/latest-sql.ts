// The newest row as of a time, for every row that asks: one ASOF join. Among rows known by then the latest event wins, then the latest
// created, then the greatest row value by value in schema order. Where rows are known later than they happen, the winner is
// first worked out for each moment at which something became known (a running maximum), so that the join is on known time alone.

import type { EventValue, ViewJoin, ViewRelations } from "./view-events-sql.ts";

/** The join of a view's `latest` and `age` features, or undefined when it has none. */
export function latestJoin(relations: ViewRelations): ViewJoin | undefined {
  const { dialect, view, name, asked } = relations;
  const wanted = view.features.filter(({ rule }) => rule.kind !== "window");
  if (wanted.length === 0) return undefined;
  const values: EventValue[] = wanted.flatMap(({ rule }, index) =>
    rule.kind === "latest" ? [{ name: `v${index}`, value: rule.value }] : [],
  );
  const isStatic = view.source.eventTime === undefined;
  const within = isStatic || view.ttl === undefined ? "" : ` WHERE n.e >= q.t - ${view.ttl}`;
  const shown = wanted.map(({ rule }, index) => {
    if (rule.kind === "latest") return `n.v${index} AS f${index}`;
    const unit = rule.kind === "age" ? rule.unit : 1n;
    // t is never before e, so truncating division rounds down.
    return `((q.t - n.e) // ${unit})::BIGINT AS f${index}`;
  });
  const join = isStatic
    ? `JOIN ${name("newest")} n ON q.kid = n.kid`
    : `ASOF JOIN ${name("newest")} n ON q.kid = n.kid AND q.x >= n.moment${within}`;
  return {
    ctes: [
      ...newestRows(relations, values),
      `${name("latest")} AS (SELECT q.idx, ${shown.join(", ")} FROM (SELECT idx, kid, t, least(t, cutoff) AS x FROM ${asked}) q ${join})`,
    ],
    relation: name("latest"),
    columns: wanted.map(({ name: feature, type }, index) => ({
      feature,
      sql: (alias) => `${alias}.f${index}::${dialect.typeName(type)}`,
    })),
  };
}

/** Relations, the last of which, `newest`, has per key and `moment` the row that is the newest from then on, with its event time. */
function newestRows({ dialect, view, name, events }: ViewRelations, values: readonly EventValue[]): readonly string[] {
  const { createdAt, eventTime, columns } = view.source;
  const ordering = (column: string): string => dialect.identifier(`=${column}`);
  const ordered = columns.map((column) => `s.${dialect.identifier(column.name)} AS ${ordering(column.name)}`);
  const rows = `${name("rows")} AS (${events(values, ordered)})`;
  const greatest = columns.map((column) => `${ordering(column.name)} DESC NULLS LAST`).join(", ");
  const valueList = (prefix: string): string => values.map((value) => `, ${prefix}${value.name}`).join("");
  if (eventTime === undefined)
    return [
      rows,
      `${name("newest")} AS (SELECT kid${valueList("")} FROM ${name("rows")} QUALIFY row_number() OVER (PARTITION BY kid ORDER BY ${greatest}) = 1)`,
    ];
  if (createdAt === undefined) {
    const shown = `kid, e AS moment, e${valueList("")}`;
    // Ties are few: only they are put in order by all their columns.
    return [
      rows,
      `${name("ties")} AS MATERIALIZED (SELECT kid, e FROM ${name("rows")} GROUP BY ALL HAVING count(*) > 1)`,
      `${name("newest")} AS (SELECT ${shown} FROM ${name("rows")} ANTI JOIN ${name("ties")} USING (kid, e) UNION ALL SELECT ${shown} FROM (SELECT * FROM ${name("rows")} SEMI JOIN ${name("ties")} USING (kid, e)) QUALIFY row_number() OVER (PARTITION BY kid, e ORDER BY ${greatest}) = 1)`,
    ];
  }
  const least = [
    "e",
    `coalesce(epoch_us(${ordering(createdAt)}), e)`,
    ...columns.map((column) => ordering(column.name)),
  ];
  return [
    rows,
    `${name("ranked")} AS (SELECT kid, e, k${valueList("")}, row_number() OVER (PARTITION BY kid ORDER BY ${least.map((column) => `${column} ASC NULLS FIRST`).join(", ")}) AS place FROM ${name("rows")})`,
    `${name("winners")} AS (SELECT DISTINCT kid, k AS moment, max(place) OVER (PARTITION BY kid ORDER BY k RANGE UNBOUNDED PRECEDING) AS place FROM ${name("ranked")})`,
    `${name("newest")} AS (SELECT w.kid, w.moment, r.e${valueList("r.")} FROM ${name("winners")} w JOIN ${name("ranked")} r ON w.kid = r.kid AND w.place = r.place)`,
  ];
}
