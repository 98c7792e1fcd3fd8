import { instantFromSql, numberFromSql, type Records, type RunRow } from "../records/records.ts";
import type { RunRecord } from "./runs.ts";

/** Rows as runs with everything that belongs to them, in the same order; four queries, however many runs. */
export async function withBelongings({ db }: Records, rows: readonly RunRow[]): Promise<readonly RunRecord[]> {
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return [];
  const params = byRun(await db.selectFrom("params").selectAll().where("run_id", "in", ids).orderBy("key").execute());
  const tags = byRun(await db.selectFrom("tags").selectAll().where("run_id", "in", ids).orderBy("key").execute());
  const metrics = byRun(
    await db.selectFrom("latest_metrics").selectAll().where("run_id", "in", ids).orderBy("key").execute(),
  );
  const datasets = byRun(await db.selectFrom("run_datasets").selectAll().where("run_id", "in", ids).execute());
  return rows.map((row) => ({
    id: row.id,
    experimentId: row.experiment_id,
    name: row.name,
    kind: row.kind,
    status: row.status,
    startedAt: instantFromSql(row.started_at),
    endedAt: row.ended_at === null ? null : instantFromSql(row.ended_at),
    error: row.error,
    model: row.model,
    actor: row.actor,
    git: row.git_commit === null ? null : { commit: row.git_commit, dirty: row.git_dirty === 1 },
    params: Object.fromEntries((params.get(row.id) ?? []).map(({ key, value }) => [key, value])),
    tags: Object.fromEntries((tags.get(row.id) ?? []).map(({ key, value }) => [key, value])),
    metrics: Object.fromEntries((metrics.get(row.id) ?? []).map(({ key, value }) => [key, numberFromSql(value)])),
    datasets: (datasets.get(row.id) ?? []).map(({ dataset_id }) => dataset_id),
  }));
}

/** Rows by the run that they belong to. */
export function byRun<T extends { readonly run_id: string }>(rows: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.run_id);
    if (group) group.push(row);
    else groups.set(row.run_id, [row]);
  }
  return groups;
}
