// How measured values lie in the records: each once, whoever sends it again, and the last of each metric at hand. Last is the greatest
// step, then the latest time, then the greatest value, so that the order of arrival does not matter.

import { CompiledQuery } from "kysely";
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

const COLUMNS = ["run_id", "key", "step", "value", "at", "model_id", "dataset_name", "dataset_digest"] as const;

/** A row's cells, in the order of the columns. */
type Cells = readonly [string, string, number, number | null, number, string | null, string | null, string | null];

const KEPT = COLUMNS.slice(2);
const LATER = `on conflict (run_id, key) do update set ${KEPT.map((name) => `${name} = excluded.${name}`).join(", ")}
  where (excluded.step, excluded.at, coalesce(excluded.value, -1e308)) >= (latest_metrics.step, latest_metrics.at, coalesce(latest_metrics.value, -1e308))`;

/** Adds values to a run's metrics inside a transaction. */
export async function insertMetrics(
  tx: RecordsTransaction,
  runId: string,
  metrics: readonly MetricRow[],
): Promise<void> {
  const rows = metrics.map(
    (metric): Cells => [
      runId,
      metric.key,
      metric.step,
      numberToSql(metric.value),
      metric.at,
      metric.modelId ?? null,
      metric.datasetName ?? null,
      metric.datasetDigest ?? null,
    ],
  );
  await insert(tx, "metrics", rows, "on conflict do nothing");
  const latest = new Map<string, Cells>();
  for (const row of rows) {
    const known = latest.get(row[1]);
    if (known === undefined || isLater(row, known)) latest.set(row[1], row);
  }
  await insert(tx, "latest_metrics", [...latest.values()], LATER);
}

/** Rows per statement: few sizes, so that each statement's text is made and prepared once. */
const SIZES = [64, 8, 1];

const texts = new Map<string, string>();

/** One statement's text; `$1` is understood by SQLite and Postgres alike. */
function textOf(table: string, rowCount: number, ending: string): string {
  const id = `${table} ${rowCount}`;
  const known = texts.get(id);
  if (known !== undefined) return known;
  const row = (_: unknown, index: number): string =>
    `(${COLUMNS.map((_name, column) => `$${index * COLUMNS.length + column + 1}`).join(", ")})`;
  const text = `insert into ${table} (${COLUMNS.join(", ")}) values ${Array.from({ length: rowCount }, row).join(", ")} ${ending}`;
  texts.set(id, text);
  return text;
}

async function insert(tx: RecordsTransaction, table: string, rows: readonly Cells[], ending: string): Promise<void> {
  let start = 0;
  for (const size of SIZES)
    for (; rows.length - start >= size; start += size) {
      const cells = rows.slice(start, start + size).flat();
      await tx.executeQuery(CompiledQuery.raw(textOf(table, size, ending), cells));
    }
}

function isLater(one: Cells, other: Cells): boolean {
  if (one[2] !== other[2]) return one[2] > other[2];
  if (one[4] !== other[4]) return one[4] > other[4];
  return (one[3] ?? Number.NEGATIVE_INFINITY) >= (other[3] ?? Number.NEGATIVE_INFINITY);
}
