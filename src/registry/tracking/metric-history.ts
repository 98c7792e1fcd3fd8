// The whole of a metric, in the order of time: told page by page, or thinned to what a chart can show.

import { sql } from "kysely";
import { numberFromSql } from "../../records/records.ts";
import { type TrackingContext, toMillis } from "./context.ts";
import { pageToken, placeOf } from "./page-token.ts";
import type { TrackedMetric } from "./run-log.ts";
import { trackedMetric } from "./run-rows.ts";
import type { Page } from "./run-search.ts";

/** One run's values of a metric, by time, step and value; without a limit all of them. */
export async function trackedHistory(
  { records }: TrackingContext,
  runId: string,
  key: string,
  page: { readonly limit?: number | undefined; readonly pageToken?: string | undefined } = {},
): Promise<Page<TrackedMetric>> {
  const question = { history: runId, key };
  const [at, step, seq] = placeOf(page.pageToken, question) ?? [];
  const rows = await records.db
    .selectFrom("metrics")
    .selectAll()
    .where("run_id", "=", runId)
    .where("key", "=", key)
    .$if(seq !== undefined, (query) => query.where(sql<boolean>`(at, step, seq) > (${at}, ${step}, ${seq})`))
    .orderBy("at")
    .orderBy("step")
    .orderBy("seq")
    .$if(page.limit !== undefined, (query) => query.limit((page.limit ?? 0) + 1))
    .execute();
  const shown = page.limit === undefined ? rows : rows.slice(0, page.limit);
  const last = shown.at(-1);
  const more = shown.length < rows.length && last !== undefined;
  return {
    items: shown.map(trackedMetric),
    next: more ? pageToken(question, [last.at, last.step, last.seq]) : undefined,
  };
}

/** One run's whole history as a JSON list named `metrics`, in the words of clients, and how many values it has. */
export interface HistoryText {
  readonly text: string;
  readonly count: number;
}

/**
 * The same as {@link trackedHistory} without pages, written by the database: a long history as rows costs four times as much. Undefined
 * when there are more than `most` values.
 */
export async function historyText(
  { records }: TrackingContext,
  runId: string,
  key: string,
  most: number,
): Promise<HistoryText | undefined> {
  const named = JSON.stringify(key);
  const isSqlite = records.kind === "sqlite";
  // 17 digits are enough to bring every float64 back as it was.
  const number = isSqlite ? sql`format('%!.17g', value)` : sql`value::text`;
  const quoted = (column: string) =>
    isSqlite ? sql`json_quote(${sql.ref(column)})` : sql`to_json(${sql.ref(column)})::text`;
  const own = (column: string) =>
    sql`case when ${sql.ref(column)} is null then '' else ${`,"${column}":`} || ${quoted(column)} end`;
  const infinity = isSqlite ? sql`9e999` : sql`'Infinity'::float8`;
  const value = sql`case when value is null then '"NaN"' when value = ${infinity} then '"Infinity"' when value = -${infinity} then '"-Infinity"' else ${number} end`;
  const millis = isSqlite ? sql`((at - ((at % 1000) + 1000) % 1000) / 1000)` : sql`floor(at / 1000.0)::bigint`;
  const point = sql`${`{"key":${named},"value":`} || ${value} || ',"timestamp":' || ${millis} || ',"step":' || step || ${own("model_id")} || ${own("dataset_name")} || ${own("dataset_digest")} || '}'`;
  const joined = isSqlite
    ? sql`'{"metrics":[' || group_concat(point, ',') || ']}'`
    : sql`'{"metrics":[' || string_agg(point, ',' order by place) || ']}'`;
  const place = isSqlite ? sql`` : sql`, row_number() over (order by at, step, seq) as place`;
  const { rows } = await sql<{
    points: string | null;
    found: number;
  }>`select ${joined} as points, count(*) as found from (select ${point} as point${place} from metrics where run_id = ${runId} and key = ${key} order by at, step, seq limit ${most + 1}) as ordered`.execute(
    records.db,
  );
  const { points, found } = rows[0] ?? { points: null, found: 0 };
  return Number(found) > most ? undefined : { text: points ?? "{}", count: Number(found) };
}

/** A value of one of several runs. */
export interface RunMetric {
  readonly runId: string;
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

/** Several runs' values of a metric, by run, time and step. */
export async function historiesOf(
  { records }: TrackingContext,
  runIds: readonly string[],
  key: string,
  limit: number,
): Promise<readonly RunMetric[]> {
  const rows = await records.db
    .selectFrom("metrics")
    .select(["run_id", "key", "value", "at", "step"])
    .where("run_id", "in", runIds)
    .where("key", "=", key)
    .orderBy("run_id")
    .orderBy("at")
    .orderBy("step")
    .limit(limit)
    .execute();
  return rows.map(runMetric);
}

/** Several runs' values of a metric at no more than `most` steps, spread evenly, each run's first and last among them. */
export async function sampledHistories(
  { records }: TrackingContext,
  runIds: readonly string[],
  key: string,
  range: { readonly startStep?: number | undefined; readonly endStep?: number | undefined; readonly most: number },
): Promise<readonly RunMetric[]> {
  const { startStep, endStep, most } = range;
  const found = await records.db
    .selectFrom("metrics")
    .select(["run_id", "step"])
    .distinct()
    .where("run_id", "in", runIds)
    .where("key", "=", key)
    .$if(startStep !== undefined, (query) => query.where("step", ">=", startStep ?? 0))
    .$if(endStep !== undefined, (query) => query.where("step", "<=", endStep ?? 0))
    .execute();
  const wanted = new Set(
    spread(
      [...new Set(found.map(({ step }) => step))].sort((a, b) => a - b),
      most,
    ),
  );
  const ends = new Map<string, { first: number; last: number }>();
  for (const { run_id, step } of found) {
    const known = ends.get(run_id);
    if (!known) ends.set(run_id, { first: step, last: step });
    else ends.set(run_id, { first: Math.min(known.first, step), last: Math.max(known.last, step) });
  }
  const answer: RunMetric[] = [];
  for (const runId of runIds) {
    const { first, last } = ends.get(runId) ?? {};
    if (first === undefined || last === undefined) continue;
    const steps = JSON.stringify([...wanted, first, last]);
    const among =
      records.kind === "sqlite"
        ? sql<boolean>`step in (select value from json_each(${steps}))`
        : sql<boolean>`step in (select value::bigint from json_array_elements_text(${steps}::json))`;
    const rows = await records.db
      .selectFrom("metrics")
      .select(["run_id", "key", "value", "at", "step"])
      .where("run_id", "=", runId)
      .where("key", "=", key)
      .where(among)
      .orderBy("step")
      .orderBy("at")
      .execute();
    answer.push(...rows.slice(0, most).map(runMetric));
  }
  return answer;
}

/** At most `most` of a list, evenly by place, the first and the last among them. */
function spread(steps: readonly number[], most: number): readonly number[] {
  if (steps.length <= most) return steps;
  if (most === 1) return steps.slice(-1);
  const stride = (steps.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, place) => steps[Math.round(place * stride)] as number);
}

function runMetric(row: {
  readonly run_id: string;
  readonly key: string;
  readonly value: number | null;
  readonly at: number;
  readonly step: number;
}): RunMetric {
  return {
    runId: row.run_id,
    key: row.key,
    value: numberFromSql(row.value),
    timestamp: toMillis(row.at),
    step: row.step,
  };
}
