// Looks at a source's rows or a view's values and proposes what to expect of them.

import { rm } from "node:fs/promises";
import { type Instant, newId, type Table, type Value, valueAt } from "../core/core.ts";
import type { FeatureViewSpec, SourceSpec } from "../define/define.ts";
import { sampledValues, timeColumns, viewQuery } from "../features/features.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import type { GuardContext } from "./context.ts";
import { type LookedAt, rowPlace, type TableFigures, tableFigures } from "./figures.ts";
import { columnProposals, dailyCounts, freshness, LEAST_ROWS, type Proposal, uniqueness } from "./infer.ts";

/** What is proposed for a source or a view. */
export interface Proposals {
  /** Rows or values that were looked at. */
  readonly rows: number;
  /** Of so many. */
  readonly of: number;
  readonly proposals: readonly Proposal[];
}

/** Proposes expectations for a source, from at most about `sample` of the rows known at `now`. Keys, arrival and counts are of all rows. */
export async function proposeForSource(
  context: GuardContext,
  source: SourceSpec,
  now: Instant,
  sample: number,
): Promise<Proposals> {
  const { offline } = context;
  await offline.check(source);
  const { dialect } = offline;
  const isTimed = source.eventTime !== undefined;
  const { event, known } = isTimed ? timeColumns(dialect, { source }) : { event: "0", known: "0" };
  const limit = isTimed ? ` WHERE ${known} <= ${now}` : "";
  const scan = `${dialect.scanAll(source)} s${limit}`;
  const [total = 0n] = await oneRow(offline, `SELECT count(*)::BIGINT AS n FROM ${scan}`);
  const of = Number(total);
  const step = Math.max(1, Math.ceil(of / sample));
  const names = source.columns.map(({ name }) => `s.${dialect.identifier(name)}`);
  // By hash, so that the same rows give the same proposals.
  const thinned = step === 1 ? "" : `${isTimed ? " AND" : " WHERE"} hash(${names.join(", ")}) % ${step} = 0`;
  const order = isTimed ? `ORDER BY ${known}` : "";
  const looked = `SELECT ${names.join(", ")}, row_number() OVER (${order}) AS ${dialect.identifier(rowPlace)} FROM ${scan}${thinned}`;
  const figures = await figuresOf(context, looked, source.columns);
  const whole = [
    ...(source.id === undefined ? await uniqueColumns(offline, source, figures, scan, of) : []),
    ...(isTimed ? await arrivals(offline, scan, known) : []),
    ...(isTimed ? await counts(offline, scan, event, now) : []),
  ];
  return { rows: figures.rows, of, proposals: [...columnProposals(figures), ...whole] };
}

/** Proposes expectations for a view's values, from at most about `sample` moments of its history. */
export async function proposeForView(
  context: GuardContext,
  view: FeatureViewSpec,
  now: Instant,
  sample: number,
): Promise<Proposals> {
  const { offline } = context;
  const query = viewQuery(view);
  const { sql, of } = await sampledValues(offline, query, { now, atMost: sample });
  const { dialect } = offline;
  const values = query.features.map(({ name }, index) => `f${index} AS ${dialect.identifier(name)}`);
  const looked = `SELECT ${values.join(", ")}, row_number() OVER () AS ${dialect.identifier(rowPlace)} FROM ${sql}`;
  const columns = view.features.map(({ name, type, rule }) => ({
    name,
    type,
    optional: rule.kind !== "window" || rule.aggregate !== "count",
  }));
  const figures = await figuresOf(context, looked, columns);
  return { rows: figures.rows, of, proposals: columnProposals(figures) };
}

/** Figures of a query's rows, which are computed once and kept in a file meanwhile. */
async function figuresOf(
  { offline, temporaryFolder, clock, random }: GuardContext,
  sql: string,
  columns: LookedAt["columns"],
): Promise<TableFigures> {
  const file = `${temporaryFolder}/expect-${newId(clock.now(), random)}.parquet`;
  try {
    await offline.writeParquet(sql, file);
    return await tableFigures(offline, { sql: offline.dialect.scanOwn([file]), columns });
  } finally {
    await rm(file, { force: true });
  }
}

/** One column that names a row, or one together with the event time. */
async function uniqueColumns(
  offline: OfflineEngine,
  { columns, eventTime }: SourceSpec,
  figures: TableFigures,
  scan: string,
  rows: number,
): Promise<readonly Proposal[]> {
  if (rows < LEAST_ROWS) return [];
  const { dialect } = offline;
  const keys = columns.filter(
    ({ type }) => type === "string" || type === "int64" || type === "int32" || type === "uuid",
  );
  const isFull = (name: string): boolean => figures.columns.find((each) => each.name === name)?.nulls === 0;
  const full = keys.filter(({ name }) => isFull(name));
  const isUnique = async (names: readonly string[]): Promise<boolean> => {
    const tuple = names.map((name) => `s.${dialect.identifier(name)}`).join(", ");
    const [different] = await oneRow(
      offline,
      `SELECT count(*)::BIGINT AS n FROM (SELECT DISTINCT ${tuple} FROM ${scan})`,
    );
    return Number(different) === rows;
  };
  for (const { name } of full) {
    const distinct = figures.columns.find((each) => each.name === name)?.distinct ?? 0;
    // The count is approximate; only what may be unique is counted exactly.
    if (distinct > figures.rows * 0.9 && (await isUnique([name]))) return [uniqueness([name], rows)];
  }
  if (eventTime === undefined) return [];
  for (const { name } of full) if (await isUnique([name, eventTime])) return [uniqueness([name, eventTime], rows)];
  return [];
}

async function arrivals(offline: OfflineEngine, scan: string, known: string): Promise<readonly Proposal[]> {
  const [moments, gap] = await oneRow(
    offline,
    `SELECT count(*)::BIGINT AS n, coalesce(max(g), 0)::BIGINT AS gap FROM (SELECT k - lag(k) OVER (ORDER BY k) AS g FROM (SELECT DISTINCT ${known} AS k FROM ${scan}))`,
  );
  return freshness({ moments: Number(moments), longestGap: BigInt((gap as bigint | undefined) ?? 0n) });
}

const DAY = 86_400_000_000n;

/** Whole days between the first event and the last, those without an event included. */
async function counts(offline: OfflineEngine, scan: string, event: string, now: Instant): Promise<readonly Proposal[]> {
  const byDay = new Map<number, number>();
  for await (const table of offline.stream(
    `SELECT (${event} // ${DAY})::BIGINT AS d, count(*)::BIGINT AS n FROM ${scan} AND ${event} <= ${now} GROUP BY d ORDER BY d`,
  ))
    for (let row = 0; row < table.rowCount; row += 1) {
      const [day, count] = rowValues(table, row);
      byDay.set(Number(day), Number(count));
    }
  const days = [...byDay.keys()];
  const [first = 0, last = 0] = [days[0], days.at(-1)];
  const whole = Array.from({ length: Math.max(0, last - first - 1) }, (_, index) => byDay.get(first + 1 + index) ?? 0);
  return dailyCounts(whole);
}

function rowValues(table: Table, row: number): readonly Value[] {
  return table.columns.map((column) => valueAt(column, row));
}

async function oneRow(offline: OfflineEngine, sql: string): Promise<readonly Value[]> {
  for await (const table of offline.stream(sql)) return rowValues(table, 0);
  return [];
}
