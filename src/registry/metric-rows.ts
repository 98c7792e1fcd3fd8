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

/** What every value has, and what few have: a cell that is not sent costs nothing. */
const COLUMNS = ["key", "step", "value", "at"] as const;
const ABOUT = ["model_id", "dataset_name", "dataset_digest"] as const;

type Cells = readonly [string, number, number | null, number, string | null, string | null, string | null];

const LATER = `on conflict (run_id, key) do update set ${[...COLUMNS.slice(1), ...ABOUT].map((name) => `${name} = excluded.${name}`).join(", ")}
  where (excluded.step, excluded.at, coalesce(excluded.value, -1e308)) >= (latest_metrics.step, latest_metrics.at, coalesce(latest_metrics.value, -1e308))`;

/** Adds values to a run's metrics inside a transaction. */
export async function insertMetrics(
  tx: RecordsTransaction,
  runId: string,
  metrics: readonly MetricRow[],
): Promise<void> {
  const rows = metrics.map(
    (metric): Cells => [
      metric.key,
      metric.step,
      numberToSql(metric.value),
      metric.at,
      metric.modelId ?? null,
      metric.datasetName ?? null,
      metric.datasetDigest ?? null,
    ],
  );
  await insert(tx, "metrics", runId, rows, "on conflict do nothing");
  const latest = new Map<string, Cells>();
  for (const row of rows) {
    const known = latest.get(row[0]);
    if (known === undefined || isLater(row, known)) latest.set(row[0], row);
  }
  await insert(tx, "latest_metrics", runId, [...latest.values()], LATER);
}

/** Rows per statement: few sizes, so that each statement's text is made and prepared once. */
const SIZES = [64, 8, 1];

const texts = new Map<string, string>();

/** One statement's text; `$1` is the run, and understood by SQLite and Postgres alike. */
function textOf(table: string, columns: readonly string[], rowCount: number, ending: string): string {
  const id = `${table} ${columns.length} ${rowCount}`;
  const known = texts.get(id);
  if (known !== undefined) return known;
  const row = (_: unknown, index: number): string =>
    `($1, ${columns.map((_name, column) => `$${index * columns.length + column + 2}`).join(", ")})`;
  const text = `insert into ${table} (run_id, ${columns.join(", ")}) values ${Array.from({ length: rowCount }, row).join(", ")} ${ending}`;
  texts.set(id, text);
  return text;
}

async function insert(
  tx: RecordsTransaction,
  table: string,
  runId: string,
  rows: readonly Cells[],
  ending: string,
): Promise<void> {
  const isPlain = rows.every(([, , , , model, name, digest]) => model === null && name === null && digest === null);
  const columns = isPlain ? COLUMNS : [...COLUMNS, ...ABOUT];
  let start = 0;
  for (const size of SIZES)
    for (; rows.length - start >= size; start += size) {
      const cells: unknown[] = [runId];
      for (let place = start; place < start + size; place += 1)
        for (let column = 0; column < columns.length; column += 1) cells.push(rows[place]?.[column]);
      await tx.executeQuery(CompiledQuery.raw(textOf(table, columns, size, ending), cells));
    }
}

function isLater(one: Cells, other: Cells): boolean {
  if (one[1] !== other[1]) return one[1] > other[1];
  if (one[3] !== other[3]) return one[3] > other[3];
  return (one[2] ?? Number.NEGATIVE_INFINITY) >= (other[2] ?? Number.NEGATIVE_INFINITY);
}
