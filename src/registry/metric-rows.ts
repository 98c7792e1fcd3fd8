// How measured values lie in the records: each once, whoever sends it again, and the last of each metric at hand. Last is the greatest
// step, then the latest time, then the greatest value, so that the order of arrival does not matter.

import { sql } from "kysely";
import { numberToSql, type RecordsTransaction } from "../records/records.ts";

/** One measured value, as it is to be stored; `at` in microseconds. */
export interface MetricRow {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  readonly at: number;
  readonly modelId?: string | null;
  readonly datasetName?: string | null;
  readonly datasetDigest?: string | null;
}

/** Rows per insert: SQLite takes 32766 parameters in one statement. */
const ROWS_AT_ONCE = 1000;

/** Adds values to a run's metrics inside a transaction. */
export async function insertMetrics(
  tx: RecordsTransaction,
  runId: string,
  metrics: readonly MetricRow[],
): Promise<void> {
  const rows = metrics.map((metric) => ({
    run_id: runId,
    key: metric.key,
    step: metric.step,
    value: numberToSql(metric.value),
    at: metric.at,
    model_id: metric.modelId ?? null,
    dataset_name: metric.datasetName ?? null,
    dataset_digest: metric.datasetDigest ?? null,
  }));
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE)
    await tx
      .insertInto("metrics")
      .values(rows.slice(start, start + ROWS_AT_ONCE))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  const latest = new Map<string, (typeof rows)[number]>();
  for (const row of rows) {
    const known = latest.get(row.key);
    if (known === undefined || isLater(row, known)) latest.set(row.key, row);
  }
  const last = [...latest.values()];
  for (let start = 0; start < last.length; start += ROWS_AT_ONCE)
    await tx
      .insertInto("latest_metrics")
      .values(last.slice(start, start + ROWS_AT_ONCE))
      .onConflict((conflict) =>
        conflict
          .columns(["run_id", "key"])
          .doUpdateSet(({ ref }) => ({
            step: ref("excluded.step"),
            value: ref("excluded.value"),
            at: ref("excluded.at"),
            model_id: ref("excluded.model_id"),
            dataset_name: ref("excluded.dataset_name"),
            dataset_digest: ref("excluded.dataset_digest"),
          }))
          .where(
            sql<boolean>`(excluded.step, excluded.at, coalesce(excluded.value, -1e308)) >= (latest_metrics.step, latest_metrics.at, coalesce(latest_metrics.value, -1e308))`,
          ),
      )
      .execute();
}

interface Placed {
  readonly step: number;
  readonly at: number;
  readonly value: number | null;
}

function isLater(one: Placed, other: Placed): boolean {
  if (one.step !== other.step) return one.step > other.step;
  if (one.at !== other.at) return one.at > other.at;
  return (one.value ?? Number.NEGATIVE_INFINITY) >= (other.value ?? Number.NEGATIVE_INFINITY);
}
