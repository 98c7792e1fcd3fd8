// The newest row as of a time, for every row that asks. Among rows known by then the latest event wins, then the latest created, then
// the greatest row value by value in schema order. It is found in two steps, because sorting wide rows is what costs: first the event
// time of the winner, from times alone; then the values of the rows that won, which are few. Only where several rows share
// a key and an event time are they put in order by all of their columns.

import type { ColumnSchema } from "../core/core.ts";
import { leavesOf } from "../define/define.ts";
import type { EventValue, KeptRelation, ViewJoin, ViewRelations } from "./view-events-sql.ts";

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
  const { kept, latest, ctes = [] } = rows(relations, values, shown.join(""));
  return {
    kept,
    ctes: [...ctes, `${name("latest")} AS (${latest})`],
    relation: name("latest"),
    isWhole: true,
    columns: wanted.map(({ name: feature, type }, index) => ({
      feature,
      sql: (alias) => `${alias}.f${index}::${dialect.typeName(type)}`,
    })),
  };
}

/** `latest` as SQL: for every asking row `idx` what is shown of it (`w`) and of the row that won (`n`); and what that SQL reads. */
type LatestRows = (
  relations: ViewRelations,
  values: readonly EventValue[],
  shown: string,
) => { readonly kept: readonly KeptRelation[]; readonly ctes?: readonly string[]; readonly latest: string };

const agedRows: LatestRows = (relations, _values, shown) => {
  const won = winners(relations);
  return { kept: [won], latest: `SELECT w.idx${shown} FROM ${won.name} w` };
};

const staticRows: LatestRows = (relations, values, shown) => {
  const { view, name, all, events } = relations;
  const columns = columnNames(relations, view.source.columns);
  const rows = events(
    values,
    columns.map((column) => column.sql),
  );
  const order = columns.map((column) => column.greatest).join(", ");
  const newest = {
    name: name("newest"),
    sql: `SELECT kid${values.map((value) => `, ${value.name}`).join("")} FROM (${rows}) QUALIFY row_number() OVER (PARTITION BY kid ORDER BY ${order}) = 1`,
  };
  return {
    kept: [newest],
    latest: `SELECT w.idx${shown} FROM ${all} w LEFT JOIN ${newest.name} n ON w.kid = n.kid`,
  };
};

const timedRows: LatestRows = (relations, values, shown) => {
  const { dialect, view, name, eventsAt } = relations;
  const { createdAt } = view.source;
  const isLate = createdAt !== undefined;
  const used = new Set(values.flatMap(({ value }) => leavesOf(value).map((leaf) => leaf.name)));
  // What one key's rows of one moment have in common cannot put them in order.
  const same = new Set([view.source.eventTime, ...view.keys.map((key) => key.name)]);
  const columns = view.source.columns.filter(
    (column) => used.has(column.name) || !same.has(column.name) || column.name === createdAt,
  );
  // Reading a few columns too many is cheaper than reading the source once more for the sake of some ties.
  const isRead = columns.length <= 2 * used.size;
  const read = isRead ? columns : columns.filter((column) => used.has(column.name));
  const own = columnNames(relations, columns);
  const won = winners(relations);
  const rowsAt = (moments: string, wanted: ReturnType<typeof columnNames>): string =>
    `SELECT * ${isLate ? "" : "EXCLUDE (k) "}FROM (${eventsAt(
      moments,
      wanted.map(({ sql }) => sql),
    )})`;
  const found = { name: name("found"), sql: rowsAt(won.name, columnNames(relations, read)) };
  const ties = {
    name: name("ties"),
    sql: `SELECT kid, e FROM ${found.name} GROUP BY ALL HAVING count(*) > 1`,
  };
  const created = isLate ? [`coalesce(epoch_us(${dialect.identifier(`=${createdAt}`)}), e) DESC`] : [];
  const order = [...created, ...own.map((column) => column.greatest)].join(", ") || "e";
  const shownValues = values
    .map(
      ({ name: as, value }) => `, ${dialect.expression(value, (leaf) => dialect.identifier(`=${leaf.name}`))} AS ${as}`,
    )
    .join("");
  const tied = isRead ? `SELECT * FROM ${found.name} SEMI JOIN ${ties.name} USING (kid, e)` : rowsAt(ties.name, own);
  // Of rows that happened together, those created later were known later: the winner at x is the last one known by then.
  const moment = isLate ? "kid, e, k" : "kid, e";
  const best = `SELECT ${moment}${shownValues} FROM (SELECT * FROM (${tied}) QUALIFY row_number() OVER (PARTITION BY ${moment} ORDER BY ${order}) = 1)`;
  const single = `SELECT kid, e${shownValues} FROM ${found.name} ANTI JOIN ${ties.name} USING (kid, e)`;
  const equal = "w.kid = n.kid AND w.e = n.e";
  const latest = isLate
    ? `SELECT w.idx${shown} FROM (SELECT * FROM ${won.name} ANTI JOIN ${ties.name} USING (kid, e)) w LEFT JOIN (${single}) n ON ${equal} UNION ALL SELECT w.idx${shown} FROM (SELECT * FROM ${won.name} SEMI JOIN ${ties.name} USING (kid, e)) w ASOF LEFT JOIN (${best}) n ON ${equal} AND w.x >= n.k`
    : `SELECT w.idx${shown} FROM ${won.name} w LEFT JOIN (${single} UNION ALL ${best}) n ON ${equal}`;
  return { kept: [won, found, ties], latest };
};

/**
 * For every asking row the event time `e` of its winner, null where it has none within the ttl. Rows known as they happen are joined by their
 * event time; of the others it is first worked out which is the newest at each moment at which one became known (a running maximum).
 */
function winners({ view, name, all, events }: ViewRelations): KeptRelation {
  const isLate = view.source.createdAt !== undefined;
  const { ttl } = view;
  const isAged = view.features.some(({ rule }) => rule.kind === "age");
  const needsT = isAged || ttl !== undefined;
  const q = `(SELECT idx, kid${needsT ? ", t" : ""}, least(t, cutoff) AS x FROM ${all}) q`;
  const times = (when: string): string => `(SELECT kid, e, k FROM (${events([])})${when})`;
  const running = `(SELECT kid, k, max(e) OVER (PARTITION BY kid ORDER BY k RANGE UNBOUNDED PRECEDING) AS e FROM ${times(" WHERE k > e")})`;
  const joined = isLate
    ? `SELECT q.*, greatest(n.e, l.e) AS e FROM ${q} ASOF LEFT JOIN ${times(" WHERE k = e")} n ON q.kid = n.kid AND q.x >= n.e ASOF LEFT JOIN ${running} l ON q.kid = l.kid AND q.x >= l.k`
    : `SELECT q.*, n.e FROM ${q} ASOF LEFT JOIN ${times("")} n ON q.kid = n.kid AND q.x >= n.e`;
  const e = ttl === undefined ? "e" : `CASE WHEN e >= t - ${ttl} THEN e END AS e`;
  return {
    name: name("winners"),
    sql: `SELECT idx, kid${isAged ? ", t" : ""}${isLate ? ", x" : ""}, ${e} FROM (${joined})`,
  };
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
