// Runs as rows hold them and as the rest of Slipway sees them. What a tracking client tells of a run is read here as what it means: its commit, its
// command, its parent.

import { type Expression, sql } from "kysely";
import { fromJson, instantFromSql, numberFromSql, type Records, type RunRow } from "../records/records.ts";
import { CLIENT_TAGS, NATIVE_SOURCE } from "./client-words.ts";
import type { RegistryContext } from "./context.ts";
import type { RunRecord } from "./runs.ts";
import { modelsSeen } from "./sight.ts";

/** Ids per query: SQLite takes 32766 parameters in one statement. */
export const IDS_AT_ONCE = 1000;

/** Ids for an `in`, as one parameter: a statement's text is the same however many there are, so it is made and prepared once. */
export function anyOf({ kind }: Pick<Records, "kind">, ids: readonly string[]): Expression<string> {
  const list = JSON.stringify(ids);
  return kind === "sqlite"
    ? sql<string>`(select value from json_each(${list}))`
    : sql<string>`(select json_array_elements_text(${list}::json))`;
}

/** Rows as runs with everything that belongs to them but the names of models kept from the onlooker, in the same order; a handful of queries for every thousand. */
export async function withBelongings(context: RegistryContext, rows: readonly RunRow[]): Promise<readonly RunRecord[]> {
  const { records } = context;
  const isSeen = await modelsSeen(context);
  const runs: RunRecord[] = [];
  for (let start = 0; start < rows.length; start += IDS_AT_ONCE)
    runs.push(...(await someRuns(records, rows.slice(start, start + IDS_AT_ONCE))));
  return runs.map((run) => (run.model === null || isSeen(run.model) ? run : { ...run, model: null }));
}

async function someRuns(records: Records, rows: readonly RunRow[]): Promise<readonly RunRecord[]> {
  const { db } = records;
  const ids = anyOf(
    records,
    rows.map(({ id }) => id),
  );
  const params = byRun(await db.selectFrom("params").selectAll().where("run_id", "in", ids).orderBy("key").execute());
  const tags = byRun(await db.selectFrom("tags").selectAll().where("run_id", "in", ids).orderBy("key").execute());
  const metrics = byRun(
    await db.selectFrom("latest_metrics").selectAll().where("run_id", "in", ids).orderBy("key").execute(),
  );
  const ended = byRun(
    await db.selectFrom("run_provenance").select(["run_id", "resources"]).where("run_id", "in", ids).execute(),
  );
  const inputs = byRun(
    await db
      .selectFrom("run_inputs")
      .innerJoin("inputs", "inputs.id", "run_inputs.input_id")
      .select(["run_id", "tags", "name", "digest", "source_type", "source"])
      .where("run_id", "in", ids)
      .where("source_type", "!=", NATIVE_SOURCE)
      .orderBy("name")
      .execute(),
  );
  const datasets = byRun(await db.selectFrom("run_datasets").selectAll().where("run_id", "in", ids).execute());
  return rows.map((row) => {
    const noted = Object.fromEntries((tags.get(row.id) ?? []).map(({ key, value }) => [key, value]));
    const commit = row.git_commit ?? noted[CLIENT_TAGS.commit];
    const [provenance] = ended.get(row.id) ?? [];
    return {
      id: row.id,
      experimentId: row.experiment_id,
      name: row.name,
      kind: row.kind,
      status: row.status,
      startedAt: instantFromSql(row.started_at),
      endedAt: row.ended_at === null ? null : instantFromSql(row.ended_at),
      error: row.error,
      model: row.model,
      actor: row.actor || (noted[CLIENT_TAGS.user] ?? ""),
      git: commit ? { commit, branch: noted[CLIENT_TAGS.branch] ?? null, dirty: row.git_dirty === 1 } : null,
      command: noted[CLIENT_TAGS.command] ?? null,
      parent: noted[CLIENT_TAGS.parent] ?? null,
      resources: provenance?.resources ? fromJson(provenance.resources) : null,
      params: Object.fromEntries((params.get(row.id) ?? []).map(({ key, value }) => [key, value])),
      tags: noted,
      metrics: Object.fromEntries((metrics.get(row.id) ?? []).map(({ key, value }) => [key, numberFromSql(value)])),
      datasets: (datasets.get(row.id) ?? []).map(({ dataset_id }) => dataset_id),
      inputs: (inputs.get(row.id) ?? []).map((input) => ({
        name: input.name,
        digest: input.digest,
        source: input.source,
        use: new Map(fromJson<readonly [string, string][]>(input.tags)).get("mlflow.data.context") ?? null,
      })),
    };
  });
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
