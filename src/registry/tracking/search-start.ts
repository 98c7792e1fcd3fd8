// Where a search begins on SQLite, which keeps no figures about its tables and would look at every run of an experiment, in tables of text keys.
// Two beginnings cost less: the few runs that have a parameter or a tag of a value that the filter asks for, and the best values of the metric
// that the answer is sorted by. Both give what the plain search gives, or say that they cannot. Postgres chooses by itself.

import { sql } from "kysely";
import type { Records, RunRow } from "../../records/records.ts";
import type { Condition } from "./compare-sql.ts";

/** A value that runs must have. */
export interface WantedValue {
  readonly table: "params" | "tags";
  readonly key: string;
  readonly value: string;
}

/** The longest value that the indexes hold (records/migrations/012-run-values.ts). */
const MOST_INDEXED = 256;

/** From so many runs on, a value says too little to begin with. */
const FEW = 2000;

/** From so many runs on that have a value, the best of a metric are looked at first: in an index alone, where each costs a fraction of a whole run. */
export const WALKED = 500;

const isIndexed = sql.raw(`length(d.value) <= ${MOST_INDEXED}`);

/** The value that the fewest runs have, when these are few; undefined when none is worth beginning with. */
export async function rarestValue<T extends WantedValue>(
  { db }: Records,
  wanted: readonly T[],
): Promise<(T & { readonly count: number }) | undefined> {
  let rarest: (T & { readonly count: number }) | undefined;
  for (const one of wanted) {
    if (one.value.length > MOST_INDEXED) continue;
    const { rows } = await sql<{ count: number }>`select count(*) as count from (select 1 from ${sql.raw(
      one.table,
    )} d where d.key = ${one.key} and d.value = ${one.value} and ${isIndexed} limit ${FEW + 1})`.execute(db);
    const count = Number(rows[0]?.count);
    if (count <= FEW && (rarest === undefined || count < rarest.count)) rarest = { ...one, count };
  }
  return rarest;
}

/** `from` for runs `r` that have a value, looked up from the value. */
export function runsWith({ table, key, value }: WantedValue): { readonly from: Condition; readonly where: Condition } {
  return {
    from: sql`${sql.raw(table)} d cross join runs r on r.id = d.run_id`,
    where: sql`d.key = ${key} and d.value = ${value} and ${isIndexed}`,
  };
}

/** A condition on the best values `o0` of a metric, that their runs have a value; asked of the index by value, before anything else of a run is read. None for a value that is not in it. */
export function isAmongBest({ table, key, value }: WantedValue): readonly Condition[] {
  if (value.length > MOST_INDEXED) return [];
  return [
    sql`exists (select 1 from ${sql.raw(`${table} d indexed by ${table}_by_value`)} where d.key = ${key} and d.value = ${value} and d.run_id = o0.run_id and ${isIndexed})`,
  ];
}

/** A search sorted by a metric first, as far as its best values may answer it. */
export interface MetricSearch {
  readonly key: string;
  readonly isAscending: boolean;
  readonly joins: readonly Condition[];
  readonly conditions: readonly Condition[];
  /** By what runs of the same value are sorted. */
  readonly ties: readonly Condition[];
  /** Rows wanted. */
  readonly count: number;
}

/** The first rows of a search, found among the best values of its metric; undefined when these do not settle it. */
export async function bestByMetric({ db }: Records, search: MetricSearch): Promise<readonly RunRow[] | undefined> {
  const { key, joins, conditions, ties, count } = search;
  const direction = sql.raw(search.isAscending ? "asc" : "desc");
  // Conditions let some of them through only; how many, nobody knows.
  const looked = conditions.length > 2 ? Math.max(FEW, 4 * count) : count + 100;
  const { rows: ends } = await sql<{
    value: number;
  }>`select value from latest_metrics where key = ${key} and value is not null order by value ${direction} limit 1 offset ${looked - 1}`.execute(
    db,
  );
  const last = ends[0]?.value;
  // Of the last value there may be more than were looked at, so it is left out.
  const beyond =
    last === undefined ? sql`o0.value is not null` : sql`o0.value ${sql.raw(search.isAscending ? "<" : ">")} ${last}`;
  const { rows } =
    await sql<RunRow>`select r.* from latest_metrics o0 cross join runs r on r.id = o0.run_id ${sql.join(joins, sql` `)} where o0.key = ${key} and ${beyond} and ${sql.join(conditions, sql` and `)} order by o0.value ${direction}, ${sql.join(ties)} limit ${count}`.execute(
      db,
    );
  return rows.length === count ? rows : undefined;
}
