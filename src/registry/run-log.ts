// What a run tells while it goes on. Parameters are facts and never change; metrics are series, of which the value with the highest
// step is kept at hand; tags are notes that anybody may rewrite.

import { type Instant, SlipwayError } from "../core/core.ts";
import { instantFromSql, instantToSql, numberFromSql, type RecordsTransaction } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";
import { insertMetrics } from "./metric-rows.ts";
import { runNotFound } from "./runs.ts";
import { putDataset } from "./start-run.ts";

/** One measured value. */
export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  /** Default 0. */
  readonly step?: number;
  /** Default now. */
  readonly at?: Instant;
}

/** One measured value as it was stored. */
export type StoredMetric = Required<MetricPoint>;

/** Adds values to a run's metrics, all or none. */
export async function logMetrics(
  context: RegistryContext,
  runId: string,
  points: readonly MetricPoint[],
): Promise<void> {
  const now = context.clock.now();
  const rows = points.map(({ key, value, step = 0, at = now }) => ({ key, step, value, at: instantToSql(at) }));
  await context.records.transact(async (tx) => {
    await requireRun(tx, runId);
    await insertMetrics(tx, runId, rows);
  });
}

/** Every value of a run's metric, in the order of steps, then of logging. */
export async function metricHistory(
  { records }: RegistryContext,
  runId: string,
  key: string,
): Promise<readonly StoredMetric[]> {
  const rows = await records.db
    .selectFrom("metrics")
    .select(["key", "value", "step", "at"])
    .where("run_id", "=", runId)
    .where("key", "=", key)
    .orderBy("step")
    .orderBy("seq")
    .execute();
  return rows.map((row) => ({ ...row, value: numberFromSql(row.value), at: instantFromSql(row.at) }));
}

/** Adds parameters to a run; giving one another value than before is INPUT_INVALID. */
export async function logParams(
  { records }: RegistryContext,
  runId: string,
  params: Readonly<Record<string, string | number | boolean>>,
): Promise<void> {
  await records.transact(async (tx) => {
    await requireRun(tx, runId);
    const rows = await tx.selectFrom("params").select(["key", "value"]).where("run_id", "=", runId).execute();
    const known = new Map(rows.map(({ key, value }) => [key, value]));
    for (const [key, given] of Object.entries(params)) {
      const value = String(given);
      const before = known.get(key);
      if (before === value) continue;
      if (before !== undefined)
        throw new SlipwayError(
          "INPUT_INVALID",
          `Parameter ${key} of run ${runId} is ${before} and cannot become ${value}. Start another run for another value.`,
        );
      await tx.insertInto("params").values({ run_id: runId, key, value }).execute();
    }
  });
}

/** Sets tags of a run, over earlier ones of the same name. */
export async function setTags(
  { records }: RegistryContext,
  runId: string,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  await records.transact(async (tx) => {
    await requireRun(tx, runId);
    for (const [key, value] of Object.entries(tags))
      await tx
        .insertInto("tags")
        .values({ run_id: runId, key, value })
        .onConflict((conflict) => conflict.columns(["run_id", "key"]).doUpdateSet({ value }))
        .execute();
  });
}

/** Notes that a run used a recorded dataset. */
export async function linkDataset(context: RegistryContext, runId: string, datasetId: string): Promise<void> {
  await context.records.transact(async (tx) => {
    await requireRun(tx, runId);
    const run = await tx
      .selectFrom("runs")
      .select(["id", "experiment_id as experiment"])
      .where("id", "=", runId)
      .executeTakeFirstOrThrow();
    await putDataset(tx, context, run, datasetId);
  });
}

async function requireRun(tx: RecordsTransaction, runId: string): Promise<void> {
  const run = await tx.selectFrom("runs").select("id").where("id", "=", runId).executeTakeFirst();
  if (!run) throw runNotFound(runId);
}
