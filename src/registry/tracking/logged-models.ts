// Logged models: a model that a run made, with parameters, tags and metrics of its own, before anybody registers it.

import { newId, SlipwayError } from "../../core/core.ts";
import { type LoggedModelStatus, numberFromSql, type Schema } from "../../records/records.ts";
import { VERSIONS_TAG } from "../client-words.ts";
import { modelsSeen } from "../sight.ts";
import { nowMicros, type Tag, type TrackingContext, toMillis } from "./context.ts";
import { requireActive } from "./experiments.ts";
import { madeUpName } from "./made-up-name.ts";
import { giveToMaker } from "./makers.ts";

/** A logged model; times in milliseconds. */
export interface LoggedModel {
  readonly id: string;
  readonly experimentId: string;
  readonly artifactRoot: string | null;
  readonly name: string;
  readonly status: LoggedModelStatus;
  readonly statusMessage: string | null;
  readonly type: string | null;
  readonly runId: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly Tag[];
  readonly params: readonly Tag[];
  readonly metrics: readonly LoggedModelMetric[];
}

/** A value measured of a logged model. */
export interface LoggedModelMetric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
  readonly runId: string;
  readonly datasetName: string | null;
  readonly datasetDigest: string | null;
}

/** What to begin. */
export interface NewLoggedModel {
  readonly experimentId: string;
  readonly name?: string | undefined;
  readonly type?: string | undefined;
  readonly runId?: string | undefined;
  readonly tags: readonly Tag[];
  readonly params: readonly Tag[];
}

/** Begins a logged model, pending until its files are there. */
export async function beginLoggedModel(context: TrackingContext, given: NewLoggedModel): Promise<LoggedModel> {
  const id = `m-${newId(context.clock.now(), context.random).replaceAll("-", "")}`;
  const now = nowMicros(context);
  await context.write(async (tx) => {
    await requireActive(tx, given.experimentId);
    await tx
      .insertInto("logged_models")
      .values({
        id,
        experiment_id: given.experimentId,
        name: given.name || madeUpName(context.random),
        status: "pending",
        type: given.type ?? null,
        run_id: given.runId ?? null,
        created_at: now,
        updated_at: now,
      })
      .execute();
    await giveToMaker(tx, context, "loggedModel", id);
    if (given.tags.length > 0)
      await tx
        .insertInto("logged_model_tags")
        .values(given.tags.map(({ key, value }) => ({ model_id: id, key, value })))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    if (given.params.length > 0)
      await tx
        .insertInto("logged_model_params")
        .values(given.params.map(({ key, value }) => ({ model_id: id, key, value })))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
  });
  return loggedModel(context, id);
}

/** The logged model of that id; MODEL_NOT_FOUND. */
export async function loggedModel(context: TrackingContext, id: string): Promise<LoggedModel> {
  const row = await context.records.db
    .selectFrom("logged_models")
    .selectAll()
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  const [model] = await loggedModelsOf(context, row ? [row] : []);
  if (!model) throw loggedModelNotFound(id);
  return model;
}

/** The error for an id that no logged model has. */
export function loggedModelNotFound(id: string): SlipwayError {
  return new SlipwayError("MODEL_NOT_FOUND", `Logged model with ID '${id}' not found.`, {
    details: { loggedModel: id },
  });
}

/** Says how the upload of a logged model ended. */
export async function finishLoggedModel(
  context: TrackingContext,
  id: string,
  status: LoggedModelStatus,
): Promise<LoggedModel> {
  await change(context, id, { status });
  return loggedModel(context, id);
}

/** Sets a logged model aside. */
export async function deleteLoggedModel(context: TrackingContext, id: string): Promise<void> {
  await change(context, id, { deleted_at: nowMicros(context) });
}

async function change(
  context: TrackingContext,
  id: string,
  set: { readonly status?: LoggedModelStatus; readonly deleted_at?: number },
): Promise<void> {
  await context.write(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable("logged_models")
      .set({ ...set, updated_at: nowMicros(context) })
      .where("id", "=", id)
      .where("deleted_at", "is", null)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw loggedModelNotFound(id);
  });
}

/** Sets tags of a logged model. */
export async function setLoggedModelTags(context: TrackingContext, id: string, tags: readonly Tag[]): Promise<void> {
  await loggedModel(context, id);
  await context.write(async (tx) => {
    for (const { key, value } of tags)
      await tx
        .insertInto("logged_model_tags")
        .values({ model_id: id, key, value })
        .onConflict((conflict) => conflict.columns(["model_id", "key"]).doUpdateSet({ value }))
        .execute();
  });
}

/** Removes a tag of a logged model; TAG_NOT_FOUND when there is none. */
export async function deleteLoggedModelTag(context: TrackingContext, id: string, key: string): Promise<void> {
  await loggedModel(context, id);
  await context.write(async (tx) => {
    const { numDeletedRows } = await tx
      .deleteFrom("logged_model_tags")
      .where("model_id", "=", id)
      .where("key", "=", key)
      .executeTakeFirst();
    if (numDeletedRows === 0n)
      throw new SlipwayError("TAG_NOT_FOUND", `No tag with key '${key}' found for model with ID '${id}'.`);
  });
}

/** Adds parameters to a logged model; the first value of a key stays. */
export async function logLoggedModelParams(
  context: TrackingContext,
  id: string,
  params: readonly Tag[],
): Promise<void> {
  await loggedModel(context, id);
  if (params.length === 0) return;
  await context.write((tx) =>
    tx
      .insertInto("logged_model_params")
      .values(params.map(({ key, value }) => ({ model_id: id, key, value })))
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );
}

/** Rows as logged models, in the same order; registered models that are kept from the onlooker are not named. */
export async function loggedModelsOf(
  context: TrackingContext,
  rows: readonly Schema["logged_models"][],
): Promise<readonly LoggedModel[]> {
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return [];
  const { db } = context.records;
  const isSeen = await modelsSeen(context);
  const tags = await db.selectFrom("logged_model_tags").selectAll().where("model_id", "in", ids).execute();
  const params = await db.selectFrom("logged_model_params").selectAll().where("model_id", "in", ids).execute();
  const metrics = await db
    .selectFrom("logged_model_metrics")
    .selectAll()
    .where("model_id", "in", ids)
    .orderBy("key")
    .orderBy("step")
    .execute();
  const roots = await db.selectFrom("experiments").select(["id", "artifact_root"]).execute();
  return rows.map((row) => ({
    id: row.id,
    experimentId: row.experiment_id,
    artifactRoot: roots.find(({ id }) => id === row.experiment_id)?.artifact_root ?? null,
    name: row.name,
    status: row.status,
    statusMessage: row.status_message,
    type: row.type,
    runId: row.run_id,
    createdAt: toMillis(row.created_at),
    updatedAt: toMillis(row.updated_at),
    tags: tags
      .filter(({ model_id }) => model_id === row.id)
      .flatMap(({ key, value }) => (key === VERSIONS_TAG ? seenVersions(value, isSeen) : [{ key, value }])),
    params: params.filter(({ model_id }) => model_id === row.id).map(({ key, value }) => ({ key, value })),
    metrics: lastOf(metrics.filter(({ model_id }) => model_id === row.id)).map((metric) => ({
      key: metric.key,
      value: numberFromSql(metric.value),
      timestamp: toMillis(metric.at),
      step: metric.step,
      runId: metric.run_id,
      datasetName: metric.dataset_name,
      datasetDigest: metric.dataset_digest,
    })),
  }));
}

/** The tag of versions without those of models that are not seen; none when nothing is left. What a client wrote there itself stays. */
function seenVersions(value: string, isSeen: (model: string) => boolean): readonly Tag[] {
  const all = { key: VERSIONS_TAG, value };
  let versions: unknown;
  try {
    versions = JSON.parse(value);
  } catch {
    return [all];
  }
  if (!Array.isArray(versions)) return [all];
  const left = versions.filter((one: { readonly name?: unknown } | null) =>
    typeof one?.name === "string" ? isSeen(one.name) : true,
  );
  if (left.length === versions.length) return [all];
  return left.length === 0 ? [] : [{ key: VERSIONS_TAG, value: JSON.stringify(left) }];
}

/** The last value of each metric and dataset. */
function lastOf(rows: readonly Schema["logged_model_metrics"][]): readonly Schema["logged_model_metrics"][] {
  const last = new Map<string, Schema["logged_model_metrics"]>();
  for (const row of rows) {
    const id = JSON.stringify([row.key, row.run_id, row.dataset_name, row.dataset_digest]);
    const known = last.get(id);
    if (!known || row.step > known.step || (row.step === known.step && row.at >= known.at)) last.set(id, row);
  }
  return [...last.values()];
}
