// What a client tells of a run while it goes on: metrics, parameters and tags in one transaction, all or none.

import { SlipwayError } from "../../core/core.ts";
import type { RecordsTransaction } from "../../records/records.ts";
import { insertMetrics } from "../metric-rows.ts";
import { type Tag, type TrackingContext, toMicros } from "./context.ts";
import { putRunTag, requireActiveRun } from "./runs.ts";

/** A measured value as a client tells it; `timestamp` in milliseconds. */
export interface TrackedMetric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
  readonly modelId?: string | undefined;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
}

/** What to add to a run. */
export interface RunEntries {
  readonly metrics?: readonly TrackedMetric[];
  readonly params?: readonly Tag[];
  readonly tags?: readonly Tag[];
}

/** Adds to a run, all or nothing; a parameter that has another value already is INPUT_INVALID. */
export async function logToRun(context: TrackingContext, id: string, entries: RunEntries): Promise<void> {
  const { metrics = [], params = [], tags = [] } = entries;
  await context.write(async (tx) => {
    await requireActiveRun(tx, id);
    if (params.length > 0) await putParams(tx, id, params);
    if (metrics.length > 0) await putMetrics(tx, id, metrics);
    for (const tag of tags) await putRunTag(tx, id, tag);
  });
}

async function putParams(tx: RecordsTransaction, run_id: string, params: readonly Tag[]): Promise<void> {
  const known = await tx
    .selectFrom("params")
    .select(["key", "value"])
    .where("run_id", "=", run_id)
    .where(
      "key",
      "in",
      params.map(({ key }) => key),
    )
    .execute();
  const before = new Map(known.map(({ key, value }) => [key, value]));
  const fresh = params.filter(({ key, value }) => {
    const old = before.get(key);
    if (old === undefined) return true;
    if (old === value) return false;
    throw new SlipwayError(
      "INPUT_INVALID",
      `Changing param values is not allowed. Param with key='${key}' was already logged with value='${old}' for run ID='${run_id}'. Attempted logging new value '${value}'.`,
      { details: { run: run_id, param: key } },
    );
  });
  if (fresh.length > 0)
    await tx
      .insertInto("params")
      .values(fresh.map(({ key, value }) => ({ run_id, key, value })))
      .execute();
}

async function putMetrics(tx: RecordsTransaction, run_id: string, metrics: readonly TrackedMetric[]): Promise<void> {
  await insertMetrics(
    tx,
    run_id,
    metrics.map((metric) => ({
      key: metric.key,
      value: metric.value,
      step: metric.step,
      at: toMicros(metric.timestamp),
      modelId: metric.modelId ?? null,
      datasetName: metric.datasetName ?? null,
      datasetDigest: metric.datasetDigest ?? null,
    })),
  );
  const ofModels = metrics.flatMap(({ modelId, key, value, step, timestamp, datasetName, datasetDigest }) =>
    modelId === undefined
      ? []
      : [
          {
            model_id: modelId,
            run_id,
            key,
            step,
            value: Number.isNaN(value) ? null : value,
            at: toMicros(timestamp),
            dataset_name: datasetName ?? null,
            dataset_digest: datasetDigest ?? null,
          },
        ],
  );
  if (ofModels.length === 0) return;
  const ids = [...new Set(ofModels.map(({ model_id }) => model_id))];
  const known = await tx.selectFrom("logged_models").select("id").where("id", "in", ids).execute();
  const missing = ids.find((id) => !known.some((model) => model.id === id));
  if (missing !== undefined)
    throw new SlipwayError("MODEL_NOT_FOUND", `Logged model with ID '${missing}' not found.`, {
      details: { loggedModel: missing },
    });
  await tx.insertInto("logged_model_metrics").values(ofModels).execute();
}
