// The newest row as of a time, for every row that asks. Among rows known by then the latest event wins, then the latest created, then
// the greatest row value by value in schema order. It is found in two steps, because sorting wide rows is what costs: first the event
// time of the winner, from times alone; then the values of the rows that won, which are few. Only where several rows share
// a key and an event time are they put in order by all of their columns.

import type { ColumnSchema } from "../core/core.ts";
import { leavesOf } from "../define/define.ts";
import type { EventValue, ViewJoin, ViewRelations } from "./view-events-sql.ts";

/** The join of a view's `latest` and `age` features, or undefined when it has none. */
export function latestJoin(relations: ViewRelations): ViewJoin | undefined {
  const { dialect, view, name } = relations;
  const wanted = view.features.filter(({ rule }) => rule.kind !== "window");
  if (wanted.length === 0) return undefined;
  const values: EventValue[] = wanted.flatMap(({ rule }, index) =>
    rule.kind === "latest" ? [{ name: `v${index}`, value: rule.value }] : [],
  );
  const shown = wanted.map(({ rule }, index) => {
    if (rule.kind === "latest") return `, n.v${index} AS f${index}`;
    const unit = rule.kind === "age" ? rule.unit : 1n;
    // t is never before e, so truncating division rounds down.
    return `, ((w.t - w.e) // ${unit})::BIGINT AS f${index}`;
  });
  const rows = view.source.eventTime === undefined ? staticRows : values.length === 0 ? agedRows : timedRows;
  return {
    ctes: rows(relations, values, shown.join("")),
    relation: name("latest"),
    columns: wanted.map(({ name: feature, type }, index) => ({
      feature,
      sql: (alias) => `${alias}.f${index}::${dialect.typeName(type)}`,
    })),
  };
}

/** Relations, the last of which is `latest`: per asking row `idx` what is shown of it (`w`) and of the row that won (`n`). */
type LatestRows = (relations: ViewRelations, values: readonly EventValue[], shown: string) => readonly string[];

const agedRows: LatestRows = (relations, _values, shown) => [
  winners(relations),
  `${relations.name("latest")} AS (SELECT w.idx${shown} FROM ${relations.name("winners")} w)`,
];

const staticRows: LatestRows = (relations, values, shown) => {
  const { view, name, asked, events } = relations;
  const columns = columnNames(relations, view.source.columns);
  const rows = events(
    values,
    columns.map((column) => column.sql),
  );
  const order = columns.map((column) => column.greatest).join(", ");
  return [
    `${name("newest")} AS (SELECT kid${values.map((value) => `, ${value.name}`).join("")} FROM (${rows}) QUALIFY row_number() OVER (PARTITION BY kid ORDER BY ${order}) = 1)`,
    `${name("latest")} AS (SELECT w.idx${shown} FROM ${asked} w JOIN ${name("newest")} n ON w.kid = n.kid)`,
  ];
};

const timedRows: LatestRows = (relations, values, shown) => {
  const { dialect, view, name, eventsAt } = relations;
  const [won, found, ties, best] = [name("winners"), name("found"), name("ties"), name("best")];
  const { createdAt } = view.source;
  const isLate = createdAt !== undefined;
  const used = new Set(values.flatMap(({ value }) => leavesOf(value).map((leaf) => leaf.name)));
  // What one key's rows of one moment have in common cannot put them in order.
  const same = new Set([view.source.eventTime, ...view.keys.map((key) => key.name)]);
  const all = view.source.columns.filter(
    (column) => used.has(column.name) || !same.has(column.name) || column.name === createdAt,
  );
  // Reading a few columns too many is cheaper than reading the source once more for the sake of some ties.
  const isRead = all.length <= 2 * used.size;
  const read = isRead ? all : all.filter((column) => used.has(column.name));
  const own = columnNames(relations, all);
  const kept = `kid, e, k${columnNames(relations, read)
    .map((column) => `, ${column.own}`)
    .join("")}`;
  const again = eventsAt(
    ties,
    own.map((column) => column.sql),
  );
  const created = isLate ? [`coalesce(epoch_us(${dialect.identifier(`=${createdAt}`)}), e) DESC`] : [];
  const order = [...created, ...own.map((column) => column.greatest)].join(", ") || "k";
  const shownValues = values
    .map(
      ({ name: as, value }) => `, ${dialect.expression(value, (leaf) => dialect.identifier(`=${leaf.name}`))} AS ${as}`,
    )
    .join("");
  const single = `SELECT kid, e${shownValues} FROM ${found} ANTI JOIN ${ties} USING (kid, e)`;
  const greatest = `SELECT kid, e, k${shownValues} FROM ${best}`;
  const equal = "w.kid = n.kid AND w.e = n.e";
  const ctes = [
    winners(relations),
    `${found} AS MATERIALIZED (${eventsAt(
      won,
      columnNames(relations, read).map((column) => column.sql),
    )})`,
    `${ties} AS MATERIALIZED (SELECT kid, e FROM ${found} GROUP BY ALL HAVING count(*) > 1)`,
    // Of rows that happened together, those created later were known later: the winner at x is the last one known by then.
    `${best} AS (SELECT ${kept} FROM (${isRead ? `SELECT * FROM ${found} SEMI JOIN ${ties} USING (kid, e)` : again}) QUALIFY row_number() OVER (PARTITION BY kid, e, k ORDER BY ${order}) = 1)`,
  ];
  const latest = isLate
    ? `SELECT w.idx${shown} FROM ${won} w JOIN (${single}) n ON ${equal} UNION ALL SELECT w.idx${shown} FROM (SELECT * FROM ${won} SEMI JOIN ${ties} USING (kid, e)) w ASOF JOIN (${greatest}) n ON ${equal} AND w.x >= n.k`
    : `SELECT w.idx${shown} FROM ${won} w JOIN (${single} UNION ALL SELECT kid, e${shownValues} FROM ${best}) n ON ${equal}`;
  return [...ctes, `${name("latest")} AS (${latest})`];
};

/**
 * The event time `e` of each asking row's winner, where it has one within the ttl. Rows known as they happen are joined by their event time;
 * of the others it is first worked out which is the newest at each moment at which one became known (a running maximum).
 */
function winners({ view, name, asked, events }: ViewRelations): string {
  const within = view.ttl === undefined ? "" : ` AND e >= t - ${view.ttl}`;
  const q = `(SELECT idx, kid, t, least(t, cutoff) AS x FROM ${asked}) q`;
  const times = (when: string): string => `(SELECT kid, e, k FROM (${events([])})${when})`;
  const running = `(SELECT kid, k, max(e) OVER (PARTITION BY kid ORDER BY k RANGE UNBOUNDED PRECEDING) AS e FROM ${times(" WHERE k > e")})`;
  const joined =
    view.source.createdAt === undefined
      ? `SELECT q.*, n.e FROM ${q} ASOF JOIN ${times("")} n ON q.kid = n.kid AND q.x >= n.e`
      : `SELECT q.*, greatest(n.e, l.e) AS e FROM ${q} ASOF LEFT JOIN ${times(" WHERE k = e")} n ON q.kid = n.kid AND q.x >= n.e ASOF LEFT JOIN ${running} l ON q.kid = l.kid AND q.x >= l.k`;
  return `${name("winners")} AS MATERIALIZED (SELECT idx, kid, t, x, e FROM (${joined}) WHERE e IS NOT NULL${within})`;
}

/** Columns of the source under names of their own, and each one's part in the order that puts the greatest row first. */
function columnNames(
  { dialect }: ViewRelations,
  columns: readonly ColumnSchema[],
): readonly { readonly own: string; readonly sql: string; readonly greatest: string }[] {
  return columns.map(({ name }) => {
    const own = dialect.identifier(`=${name}`);
    return { own, sql: `s.${dialect.identifier(name)} AS ${own}`, greatest: `${own} DESC NULLS LAST` };
  });
}
