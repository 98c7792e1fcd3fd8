// What a view's features look like: figures and examples of their values as they were known, computed offline. The values are those of a
// sample of moments: just after each of some source rows became known, so that they cover the whole history and not only today.

import { type DataType, type Instant, isDecimal, isNumeric, type Value, valueAt } from "../core/core.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import { keyColumn } from "./view-events-sql.ts";
import { askView, knownMoments, type ViewQuery } from "./view-query.ts";

/** One feature in figures; those that its type does not have are null. */
export interface FeatureStatistics {
  readonly name: string;
  readonly nulls: number;
  readonly nans: number;
  /** About how many different values there are. */
  readonly distinct: number;
  readonly mean: number | null;
  /** Sample standard deviation. */
  readonly sd: number | null;
  readonly min: number | null;
  readonly q05: number | null;
  readonly q25: number | null;
  readonly q50: number | null;
  readonly q75: number | null;
  readonly q95: number | null;
  readonly max: number | null;
  /** The most frequent values as text, most frequent first. */
  readonly top: readonly { readonly value: string; readonly count: number }[];
}

/** The figures of a view's features. */
export interface ViewStatistics {
  /** How many values each figure is of. */
  readonly rows: number;
  /** How many source rows there are to ask about. */
  readonly of: number;
  readonly features: readonly FeatureStatistics[];
}

/** One key's values just after the newest row of it that was known. */
export interface ExampleRow {
  readonly key: Readonly<Record<string, Value>>;
  readonly at: Instant;
  readonly values: Readonly<Record<string, Value>>;
}

const TOP = 5;
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95];

/** A view's values at a sample of moments: a table expression with `f0`, `f1`, … in the view's order, and how many moments there are in all. */
export async function sampledValues(
  offline: OfflineEngine,
  query: ViewQuery,
  { now, atMost }: { readonly now: Instant; readonly atMost: number },
): Promise<{ readonly sql: string; readonly of: number }> {
  const { dialect } = offline;
  for (const { source } of query.stored) await offline.check(source);
  const moments = knownMoments(dialect, query, now);
  const [of = 0n] = await firstRow(offline, `SELECT count(*)::BIGINT AS n FROM (${moments})`);
  const step = (BigInt(of as bigint) + BigInt(atMost) - 1n) / BigInt(atMost);
  const names = ["t", ...query.keys.map(({ name }) => keyColumn(dialect, name))].join(", ");
  // Equal moments fall together, so a source whose rows all tie is thinned out by its row number too.
  const sampled =
    step <= 1n
      ? moments
      : `SELECT ${names} FROM (SELECT *, row_number() OVER (PARTITION BY ${names}) AS copy FROM (${moments})) WHERE hash(${names}, copy) % ${step} = 0`;
  return { sql: `(${askView(dialect, query, sampled)})`, of: Number(of) };
}

/** Figures of a view's features over at most about `atMost` moments, evenly spread by hash, so that the same data gives the same figures. */
export async function viewStatistics(
  offline: OfflineEngine,
  query: ViewQuery,
  { now, atMost = 10_000 }: { readonly now: Instant; readonly atMost?: number },
): Promise<ViewStatistics> {
  const { sql: values, of } = await sampledValues(offline, query, { now, atMost });
  const figures = query.features.map(({ type }, index) => figuresSql(type, `f${index}`));
  const row = await firstRow(
    offline,
    `SELECT count(*)::BIGINT AS n, ${figures.flatMap((each, index) => each.map((sql, place) => `${sql} AS c${index}_${place}`)).join(", ")} FROM ${values}`,
  );
  const top = await topValues(offline, query, values);
  let at = 1;
  const features = query.features.map(({ name }, index): FeatureStatistics => {
    const cells = row.slice(at, at + (figures[index]?.length ?? 0));
    at += cells.length;
    const figure = (place: number): number | null => {
      const cell = cells[place] ?? null;
      return cell === null ? null : Number(cell);
    };
    const [mean, sd, min, max, q05, q25, q50, q75, q95] = [3, 4, 5, 6, 7, 8, 9, 10, 11].map(figure) as (
      | number
      | null
    )[];
    return {
      name,
      nulls: figure(0) ?? 0,
      nans: figure(1) ?? 0,
      distinct: figure(2) ?? 0,
      mean: mean ?? null,
      sd: sd ?? null,
      min: min ?? null,
      q05: q05 ?? null,
      q25: q25 ?? null,
      q50: q50 ?? null,
      q75: q75 ?? null,
      q95: q95 ?? null,
      max: max ?? null,
      top: top.get(index) ?? [],
    };
  });
  return { rows: Number(row[0] ?? 0), of, features };
}

function figuresSql(type: DataType, column: string): readonly string[] {
  const isNumber = isNumeric(type) || isDecimal(type);
  const double = `${column}::DOUBLE`;
  const finite = `(CASE WHEN isfinite(${double}) THEN ${double} END)`;
  const real = `(CASE WHEN NOT isnan(${double}) THEN ${double} END)`;
  const number = (sql: string): string => (isNumber ? sql : "NULL::DOUBLE");
  return [
    `(count(*) - count(${column}))::BIGINT`,
    isNumber ? `(count(*) FILTER (WHERE isnan(${double})))::BIGINT` : "0::BIGINT",
    `approx_count_distinct(${column})::BIGINT`,
    number(`avg(${finite})`),
    number(`stddev_samp(${finite})`),
    number(`min(${real})`),
    number(`max(${real})`),
    ...QUANTILES.map((q) => number(`quantile_cont(${finite}, ${q})`)),
  ];
}

async function topValues(
  offline: OfflineEngine,
  { features }: ViewQuery,
  values: string,
): Promise<ReadonlyMap<number, { readonly value: string; readonly count: number }[]>> {
  const found = new Map<number, { readonly value: string; readonly count: number }[]>();
  const parts = features.map(
    (_, index) =>
      `(SELECT ${index} AS feature, f${index}::VARCHAR AS value, count(*)::BIGINT AS n FROM vals WHERE f${index} IS NOT NULL GROUP BY ALL ORDER BY n DESC, value LIMIT ${TOP})`,
  );
  const sql = `WITH vals AS MATERIALIZED (SELECT * FROM ${values}) SELECT * FROM (${parts.join(" UNION ALL ")}) ORDER BY feature, n DESC, value`;
  for await (const table of offline.stream(sql)) {
    const [feature, value, n] = table.columns;
    for (let row = 0; row < table.rowCount; row += 1) {
      const place = Number(feature?.values[row]);
      const list = found.get(place) ?? [];
      list.push({ value: String(value?.values[row]), count: Number(n?.values[row]) });
      found.set(place, list);
    }
  }
  return found;
}

/** The newest keys with their values just after their newest row was known. */
export async function exampleRows(
  offline: OfflineEngine,
  query: ViewQuery,
  { now, count = 5 }: { readonly now: Instant; readonly count?: number },
): Promise<readonly ExampleRow[]> {
  const { dialect } = offline;
  const names = query.keys.map(({ name }) => keyColumn(dialect, name)).join(", ");
  const newest = `SELECT max(t) AS t, ${names} FROM (${knownMoments(dialect, query, now)}) GROUP BY ${names} ORDER BY t DESC, ${names} LIMIT ${count}`;
  const passed = ["r.t", ...query.keys.map(({ name }, index) => `r.${keyColumn(dialect, name)} AS k${index}`)];
  const examples: ExampleRow[] = [];
  for await (const table of offline.stream(askView(dialect, query, newest, passed)))
    for (let row = 0; row < table.rowCount; row += 1) {
      const cells = table.columns.map((column) => valueAt(column, row));
      const at = cells[0] as bigint;
      examples.push({
        key: Object.fromEntries(query.keys.map(({ name }, index) => [name, cells[1 + index] ?? null])),
        at,
        values: Object.fromEntries(
          query.features.map(({ name }, index) => [name, cells[1 + query.keys.length + index] ?? null]),
        ),
      });
    }
  return examples;
}

async function firstRow(offline: OfflineEngine, sql: string): Promise<readonly Value[]> {
  for await (const table of offline.stream(sql)) return table.columns.map((column) => valueAt(column, 0));
  return [];
}
