// One key's values through time, computed offline as they were known: never from the online store, which only goes forward. A feature changes at
// few moments, and these follow from the rows: a row becomes known, an event starts to count just after it happened, a window's tail moves past
// an event, the newest row grows too old. Each such moment is asked for, and those at which nothing differed are left out. What grows with the
// clock alone (an age, the time since the last event, a rate, whose window's length moves with it) is shown, but is no reason for a change.

import { type Duration, type Instant, SlipwayError, type Value, valueAt, windowHop } from "../core/core.ts";
import { compareValues, type FeatureRule, type FeatureViewSpec } from "../define/define.ts";
import type { OfflineEngine, SqlDialect } from "../ports/ports.ts";
import { keyColumn, timeColumns } from "./view-events-sql.ts";
import { askView, type ViewQuery } from "./view-query.ts";

/** Why a value may have changed at a moment. */
export interface ChangeReason {
  /** `event`: rows became known as they happened; `late`: later than that; `window`: events left it; `expired`: the newest row is too old. */
  readonly kind: "event" | "late" | "window" | "expired";
  readonly view: string;
  /** The window that moved. */
  readonly window?: Duration;
  /** How many events it is about, and when the first and the last of them happened. */
  readonly events: number;
  readonly first: Instant;
  readonly last: Instant;
}

/** One moment at which something changed. */
export interface HistoryChange {
  readonly at: Instant;
  /** Every feature from this moment on. */
  readonly values: readonly Value[];
  /** The places of the features that changed. */
  readonly changed: readonly number[];
  readonly reasons: readonly ChangeReason[];
}

/** A part of a key's history. */
export interface History {
  /** The values that the first change changed. */
  readonly before: readonly Value[];
  readonly changes: readonly HistoryChange[];
  /** Where to go on; undefined at the end. */
  readonly next: Instant | undefined;
}

/** What part of a history to give. */
export interface HistoryRange {
  /** Changes after this moment; default from the first. */
  readonly after?: Instant | undefined;
  /** Up to this moment. */
  readonly to: Instant;
  /** At most so many changes. */
  readonly limit: number;
}

/** So many moments are asked for in one query: enough for a page even where most of them change nothing, and never too many. */
const chunkOf = (limit: number): number => Math.min(1000, Math.max(32, 4 * limit));

/** A key's values as they were known at some moments, in the moments' order. */
export async function valuesAsOf(
  offline: OfflineEngine,
  query: ViewQuery,
  key: readonly Value[],
  moments: readonly Instant[],
): Promise<readonly (readonly Value[])[]> {
  const { dialect } = offline;
  for (const { source } of query.stored) await offline.check(source);
  const keys = keyLiterals(dialect, query, key).map(
    (literal, index) => `${literal} AS ${keyColumn(dialect, query.keys[index]?.name ?? "")}`,
  );
  const times = moments.map((moment, index) => `(${index}, ${moment}::BIGINT)`).join(", ");
  const rows = `SELECT t, ${keys.join(", ")} FROM (VALUES ${times}) v(place, t) ORDER BY place`;
  const found: (readonly Value[])[] = [];
  for await (const table of offline.stream(askView(dialect, query, rows)))
    for (let row = 0; row < table.rowCount; row += 1) found.push(table.columns.map((column) => valueAt(column, row)));
  return found;
}

/** The moments at which one key's values changed, with why. Throws INPUT_INVALID for a view whose sources have no times. */
export async function keyHistory(
  offline: OfflineEngine,
  query: ViewQuery,
  key: readonly Value[],
  { after, to, limit }: HistoryRange,
): Promise<History> {
  const timed = query.stored.filter(({ source }) => source.eventTime !== undefined);
  if (timed.length === 0)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Feature view "${query.name}" reads a source without times: its rows count as always known, so it has no history.`,
    );
  for (const { source } of query.stored) await offline.check(source);
  const { dialect } = offline;
  const chunk = chunkOf(limit);
  const candidates = timed.map((view) => momentsSql(dialect, view, query, key)).join(" UNION ALL ");
  const changes: HistoryChange[] = [];
  let before: readonly Value[] | undefined;
  let last: readonly Value[] = [];
  for (let from = after; ; ) {
    const moments = await momentsAfter(offline, candidates, { after: from, to, chunk });
    const [first] = moments;
    const start = from ?? (first === undefined ? to : first - 1n);
    const [at, ...rest] = await valuesAsOf(offline, query, key, [start, ...moments]);
    before ??= at ?? [];
    last = at ?? [];
    const reasons = await reasonsOf(offline, candidates, start, moments.at(-1) ?? start);
    for (const [index, values] of rest.entries()) {
      const moment = moments[index] as Instant;
      const changed = values.flatMap((value, place) => (same(value, last[place] ?? null) ? [] : [place]));
      last = values;
      const meant = changed.filter((place) => !isClock(query, place));
      if (meant.length === 0) continue;
      if (changes.length === limit) return { before, changes, next: changes.at(-1)?.at };
      const why = (reasons.get(moment) ?? []).filter((reason) => explains(query, reason, meant));
      changes.push({ at: moment, values, changed: meant, reasons: why });
    }
    if (moments.length < chunk) return { before, changes, next: undefined };
    from = moments.at(-1);
  }
}

function same(a: Value, b: Value): boolean {
  return a === null || b === null ? a === b : compareValues(a, b) === 0;
}

const growsWithTime = (rule: FeatureRule): boolean =>
  rule.kind === "age" || (rule.kind === "window" && ["timeSinceLast", "rate"].includes(rule.aggregate));

/** Whether a feature can change by the clock alone. */
function isClock({ features }: ViewQuery, place: number): boolean {
  return (features[place]?.rules ?? []).some(({ rule }) => growsWithTime(rule));
}

/** Whether a reason can have changed one of these features: a window that moved only matters to what looks through it. */
function explains({ features }: ViewQuery, reason: ChangeReason, changed: readonly number[]): boolean {
  const rules = changed.flatMap((place) => features[place]?.rules ?? []).filter(({ view }) => view === reason.view);
  if (reason.kind === "window")
    return rules.some(({ rule }) => rule.kind === "window" && rule.window === reason.window);
  if (reason.kind === "expired") return rules.some(({ rule }) => rule.kind !== "window");
  return rules.length > 0;
}

function keyLiterals(dialect: SqlDialect, { keys }: ViewQuery, values: readonly Value[]): readonly string[] {
  return keys.map(({ type }, index) =>
    dialect.expression({ kind: "literal", value: values[index] ?? null, type }, () => ""),
  );
}

/** SELECT of moment, kind, view, window (0 for none) and e: every moment at which one key's values of a view may change, and by which event. */
function momentsSql(dialect: SqlDialect, view: FeatureViewSpec, query: ViewQuery, key: readonly Value[]): string {
  const { event, known } = timeColumns(dialect, view);
  const literals = new Map(
    query.keys.map(({ name }, index) => [name, keyLiterals(dialect, query, key)[index] ?? "NULL"]),
  );
  const own = view.keys.map(({ name }) => `s.${dialect.identifier(name)} = ${literals.get(name) ?? "NULL"}`);
  const rows = `(SELECT ${event} AS e, ${known} AS k FROM ${dialect.scan(view.source)} s WHERE ${own.join(" AND ")} AND ${event} IS NOT NULL)`;
  const kind = "CASE WHEN k > e THEN 'late' ELSE 'event' END";
  const select = (moment: string, what: string, window: Duration | 0, limit = ""): string =>
    `SELECT ${moment} AS moment, ${what} AS kind, ${dialect.text(view.name)} AS view, ${window}::BIGINT AS win, e FROM ${rows}${limit}`;
  const windows = new Set(view.features.flatMap(({ rule }) => (rule.kind === "window" ? [rule.window] : [])));
  const hasNewest = view.features.some(({ rule }) => rule.kind !== "window");
  const floored = (step: bigint): string => `(e - ((e % ${step}) + ${step}) % ${step})`;
  return [
    // A row that is known late counts for both from one moment on, and is told of once.
    ...(hasNewest ? [select("k", kind, 0, windows.size > 0 ? " WHERE k = e" : "")] : []),
    ...(windows.size > 0 ? [select("greatest(e + 1, k)", kind, 0)] : []),
    // The tail is on a grid: it passes an event when t - window reaches the next line of the grid.
    ...[...windows].map((window) => {
      const hop = windowHop(window);
      return select(`${floored(hop)} + ${hop + window}`, "'window'", window);
    }),
    ...(hasNewest && view.ttl !== undefined ? [select(`e + ${view.ttl + 1n}`, "'expired'", 0)] : []),
  ].join(" UNION ALL ");
}

async function momentsAfter(
  offline: OfflineEngine,
  candidates: string,
  { after, to, chunk }: { readonly after: Instant | undefined; readonly to: Instant; readonly chunk: number },
): Promise<readonly Instant[]> {
  const later = after === undefined ? "" : ` AND moment > ${after}`;
  const found: Instant[] = [];
  const sql = `SELECT DISTINCT moment::BIGINT AS moment FROM (${candidates}) WHERE moment <= ${to}${later} ORDER BY moment LIMIT ${chunk}`;
  for await (const table of offline.stream(sql))
    for (let row = 0; row < table.rowCount; row += 1) found.push(table.columns[0]?.values[row] as bigint);
  return found;
}

async function reasonsOf(
  offline: OfflineEngine,
  candidates: string,
  after: Instant,
  to: Instant,
): Promise<ReadonlyMap<Instant, readonly ChangeReason[]>> {
  const found = new Map<Instant, ChangeReason[]>();
  const sql = `SELECT moment::BIGINT AS moment, kind, view, win::BIGINT AS win, count(*)::BIGINT AS n, min(e)::BIGINT AS a, max(e)::BIGINT AS b FROM (${candidates}) WHERE moment > ${after} AND moment <= ${to} GROUP BY moment, kind, view, win ORDER BY moment, view, kind, win`;
  for await (const table of offline.stream(sql))
    for (let row = 0; row < table.rowCount; row += 1) {
      const [moment, kind, view, window, events, first, last] = table.columns.map((column) => valueAt(column, row));
      const list = found.get(moment as bigint) ?? [];
      list.push({
        kind: kind as ChangeReason["kind"],
        view: String(view),
        ...(kind === "window" ? { window: window as bigint } : {}),
        events: Number(events),
        first: first as bigint,
        last: last as bigint,
      });
      found.set(moment as bigint, list);
    }
  return found;
}
