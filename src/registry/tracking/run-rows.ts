// Rows of runs with everything that belongs to them, for answers of one run or of thousands: a handful of queries, however many runs.

import type { RunRow } from "../../records/records.ts";
import { fromJson, numberFromSql, type Records } from "../../records/records.ts";
import { anyOf, byRun, IDS_AT_ONCE } from "../run-rows.ts";
import { runNotFound } from "../runs.ts";
import { type Tag, type TrackingContext, toMillis } from "./context.ts";
import type { InputDataset } from "./run-inputs.ts";
import type { TrackedMetric } from "./run-log.ts";
import type { TrackedStatus } from "./runs.ts";

/** A run as a tracking client sees it; times in milliseconds. */
export interface TrackedRun {
  readonly id: string;
  readonly name: string;
  readonly experimentId: string;
  readonly artifactRoot: string | null;
  readonly user: string;
  readonly status: TrackedStatus;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly isDeleted: boolean;
  readonly metrics: readonly TrackedMetric[];
  readonly params: readonly Tag[];
  readonly tags: readonly Tag[];
  readonly datasets: readonly InputDataset[];
  readonly modelInputs: readonly string[];
  readonly modelOutputs: readonly { readonly modelId: string; readonly step: number }[];
}

/** The run of that id, also one that was set aside; RUN_NOT_FOUND. */
export async function trackedRun({ records }: TrackingContext, id: string): Promise<TrackedRun> {
  const row = await records.db.selectFrom("runs").selectAll().where("id", "=", id).executeTakeFirst();
  const [run] = await trackedRuns(records, row ? [row] : []);
  if (!run) throw runNotFound(id);
  return run;
}

/** Rows as runs, in the same order. */
export async function trackedRuns(records: Records, rows: readonly RunRow[]): Promise<readonly TrackedRun[]> {
  const runs: TrackedRun[] = [];
  for (let start = 0; start < rows.length; start += IDS_AT_ONCE)
    runs.push(...(await someRuns(records, rows.slice(start, start + IDS_AT_ONCE))));
  return runs;
}

async function someRuns(records: Records, rows: readonly RunRow[]): Promise<readonly TrackedRun[]> {
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
  const inputs = byRun(
    await db
      .selectFrom("run_inputs")
      .innerJoin("inputs", "inputs.id", "run_inputs.input_id")
      .select(["run_id", "tags", "name", "digest", "source_type", "source", "columns", "profile"])
      .where("run_id", "in", ids)
      .execute(),
  );
  const models = byRun(
    await db.selectFrom("run_models").selectAll().where("run_id", "in", ids).orderBy("model_id").execute(),
  );
  const roots = await db
    .selectFrom("experiments")
    .select(["id", "artifact_root"])
    .where("id", "in", [...new Set(rows.map(({ experiment_id }) => experiment_id))])
    .execute();
  return rows.map((row): TrackedRun => {
    const ofRun = models.get(row.id) ?? [];
    return {
      id: row.id,
      name: row.name,
      experimentId: row.experiment_id,
      artifactRoot: roots.find(({ id }) => id === row.experiment_id)?.artifact_root ?? null,
      user: row.actor,
      status: row.scheduled === 1 && row.status === "running" ? "scheduled" : row.status,
      startedAt: toMillis(row.started_at),
      endedAt: row.ended_at === null ? null : toMillis(row.ended_at),
      isDeleted: row.deleted_at !== null,
      metrics: (metrics.get(row.id) ?? []).map(trackedMetric),
      params: params.get(row.id) ?? [],
      tags: tags.get(row.id) ?? [],
      datasets: (inputs.get(row.id) ?? []).map((input) => ({
        name: input.name,
        digest: input.digest,
        sourceType: input.source_type,
        source: input.source,
        schema: input.columns ?? undefined,
        profile: input.profile ?? undefined,
        tags: fromJson<readonly [string, string][]>(input.tags).map(([key, value]) => ({ key, value })),
      })),
      modelInputs: ofRun.filter(({ role }) => role === "input").map(({ model_id }) => model_id),
      modelOutputs: ofRun
        .filter(({ role }) => role === "output")
        .map(({ model_id, step }) => ({ modelId: model_id, step })),
    };
  });
}

/** A stored metric as a client is told it. */
export function trackedMetric(row: {
  readonly key: string;
  readonly value: number | null;
  readonly at: number;
  readonly step: number;
  readonly model_id: string | null;
  readonly dataset_name: string | null;
  readonly dataset_digest: string | null;
}): TrackedMetric {
  return {
    key: row.key,
    value: numberFromSql(row.value),
    timestamp: toMillis(row.at),
    step: row.step,
    modelId: row.model_id ?? undefined,
    datasetName: row.dataset_name ?? undefined,
    datasetDigest: row.dataset_digest ?? undefined,
  };
}
