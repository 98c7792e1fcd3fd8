// Versions as a tracking client registers them: a source among the artifacts of a run or of a logged model. What is known of the files there
// is settled when the version is made: when one of them is a model that Slipway can load, the version names that content for good.

import { SlipwayError } from "../../core/core.ts";
import { fromJson, type RecordsTransaction, type VersionRow } from "../../records/records.ts";
import { writeAudit } from "../audit.ts";
import { VERSIONS_TAG } from "../client-words.ts";
import { contentBlob, loadableFile, manifestHash, type VersionFile, writeVersionFiles } from "../version-content.ts";
import { putVersionTag } from "../version-notes.ts";
import { noteEvent } from "../webhook-events.ts";
import { loggedModelArtifacts, runArtifacts } from "./artifact-places.ts";
import { filesBelow } from "./artifacts.ts";
import { nowMicros, type Tag, type TrackingContext, toMillis } from "./context.ts";
import { loggedModel } from "./logged-models.ts";
import { trackedRun } from "./run-rows.ts";
import { filesOfVersion, versionFolder } from "./version-folder.ts";
import { modelVersionNotFound, sourceOwner } from "./version-source.ts";

/** A version as a tracking client sees it; times in milliseconds. */
export interface ModelVersion {
  readonly model: string;
  readonly number: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly user: string | null;
  readonly stage: string;
  readonly description: string | null;
  readonly source: string;
  readonly runId: string | null;
  readonly runLink: string | null;
  readonly loggedModelId: string | null;
  readonly tags: readonly Tag[];
  readonly aliases: readonly string[];
}

/** What to register. */
export interface NewModelVersion {
  readonly model: string;
  readonly source: string;
  readonly runId?: string | undefined;
  readonly runLink?: string | undefined;
  readonly description?: string | undefined;
  readonly loggedModelId?: string | undefined;
  readonly tags: readonly Tag[];
}

type VersionFacts = Pick<
  VersionRow,
  | "dataset_id"
  | "definitions_hash"
  | "artifact_blob"
  | "artifact_hash"
  | "artifact_size"
  | "format"
  | "best_round"
  | "inputs"
  | "features"
  | "metrics"
  | "profile"
  | "environment"
>;

/** The stages that older clients move versions between. */
export const STAGES: readonly string[] = ["None", "Staging", "Production", "Archived"];

/** Registers a version under the model's next number. Throws MODEL_NOT_FOUND, or INPUT_INVALID for a source that is not the client's. */
export async function newModelVersion(context: TrackingContext, given: NewModelVersion): Promise<ModelVersion> {
  const { model } = given;
  const owner = await sourceOwner(context, given);
  const original = owner.version;
  const loggedModelId = given.loggedModelId ?? original?.logged_model_id ?? undefined;
  const now = nowMicros(context);
  const number = await context.write(async (tx) => {
    const known = await tx.selectFrom("models").select("name").where("name", "=", model).executeTakeFirst();
    if (!known)
      throw new SlipwayError("MODEL_NOT_FOUND", `Registered Model with name=${model} not found`, {
        details: { model },
      });
    // Inside the transaction, so that what the version names cannot be cleared away in between.
    const files = original ? await filesOfVersion(tx, original) : await filesAt(tx, owner.path);
    // A version whose files lie elsewhere is copied by naming that place, so that the copy outlives it.
    const source = original && files.length === 0 ? (original.source ?? "") : given.source;
    const last = await tx
      .selectFrom("versions")
      .select(({ fn }) => fn.max("number").as("number"))
      .where("model", "=", model)
      .executeTakeFirst();
    const next = (last?.number ?? 0) + 1;
    await tx
      .insertInto("versions")
      .values({
        model,
        number: next,
        created_at: now,
        updated_at: now,
        run_id: owner.runId ?? null,
        ...(original ? factsOf(original) : factsFrom(files)),
        description: given.description ?? null,
        actor: context.actor,
        source,
        run_link: given.runLink ?? null,
        logged_model_id: loggedModelId ?? null,
      })
      .execute();
    await writeVersionFiles(tx, context, { model, number: next }, files);
    for (const tag of given.tags) await putVersionTag(tx, model, next, tag);
    await tx.updateTable("models").set({ updated_at: now }).where("name", "=", model).execute();
    if (loggedModelId !== undefined) await noteRegistration(tx, loggedModelId, model, next);
    const details = { source: given.source, run: owner.runId ?? null, artifact: loadableFile(files)?.hash ?? null };
    await writeAudit(tx, context, { action: "version.registered", subject: `${model}/${next}`, details });
    await noteEvent(tx, context, "model_version.created", {
      name: model,
      version: String(next),
      source,
      run_id: owner.runId ?? null,
      tags: Object.fromEntries(given.tags.map(({ key, value }) => [key, value])),
      description: given.description ?? null,
    });
    return next;
  });
  return modelVersion(context, model, number);
}

async function filesAt(tx: RecordsTransaction, path: string | undefined): Promise<readonly VersionFile[]> {
  return path === undefined ? [] : filesBelow(tx, path);
}

/** What is known of a version from its files alone. */
function factsFrom(files: readonly VersionFile[]): VersionFacts {
  const loadable = loadableFile(files);
  return {
    dataset_id: null,
    definitions_hash: "",
    artifact_blob: loadable ? contentBlob(loadable.hash) : "",
    artifact_hash: loadable?.hash ?? manifestHash(files),
    artifact_size: loadable?.size ?? files.reduce((sum, { size }) => sum + size, 0),
    format: loadable?.format ?? "files",
    best_round: 0,
    inputs: "[]",
    features: "null",
    metrics: "{}",
    profile: "null",
    environment: "{}",
  };
}

/** What is known of a version, for a copy of it. */
function factsOf(version: VersionRow): VersionFacts {
  const { dataset_id, definitions_hash, artifact_blob, artifact_hash, artifact_size, format } = version;
  const { best_round, inputs, features, metrics, profile, environment } = version;
  const content = { artifact_blob, artifact_hash, artifact_size, format };
  return { dataset_id, definitions_hash, ...content, best_round, inputs, features, metrics, profile, environment };
}

/** Keeps on a logged model which versions it became. */
async function noteRegistration(tx: RecordsTransaction, modelId: string, name: string, version: number): Promise<void> {
  const known = await tx
    .selectFrom("logged_model_tags")
    .select("value")
    .where("model_id", "=", modelId)
    .where("key", "=", VERSIONS_TAG)
    .executeTakeFirst();
  const value = JSON.stringify([...(known ? fromJson<unknown[]>(known.value) : []), { name, version }]);
  await tx
    .insertInto("logged_model_tags")
    .values({ model_id: modelId, key: VERSIONS_TAG, value })
    .onConflict((conflict) => conflict.columns(["model_id", "key"]).doUpdateSet({ value }))
    .execute();
}

/** The version of that number; VERSION_NOT_FOUND. */
export async function modelVersion(context: TrackingContext, model: string, number: number): Promise<ModelVersion> {
  const row = await context.records.db
    .selectFrom("versions")
    .selectAll()
    .where("model", "=", model)
    .where("number", "=", number)
    .executeTakeFirst();
  const [version] = await modelVersionsOf(context, row ? [row] : []);
  if (!version) throw modelVersionNotFound(model, number);
  return version;
}

/** Rows as versions, in the same order. */
export async function modelVersionsOf(
  { records }: TrackingContext,
  rows: readonly VersionRow[],
): Promise<readonly ModelVersion[]> {
  const models = [...new Set(rows.map(({ model }) => model))];
  if (models.length === 0) return [];
  const tags = await records.db.selectFrom("version_tags").selectAll().where("model", "in", models).execute();
  const aliases = await records.db.selectFrom("aliases").selectAll().where("model", "in", models).execute();
  return rows.map((row) => ({
    model: row.model,
    number: row.number,
    createdAt: toMillis(row.created_at),
    updatedAt: toMillis(row.updated_at ?? row.created_at),
    user: row.actor,
    stage: row.stage,
    description: row.description,
    source: row.source ?? "",
    runId: row.run_id,
    runLink: row.run_link,
    loggedModelId: row.logged_model_id,
    tags: tags
      .filter(({ model, number }) => model === row.model && number === row.number)
      .map(({ key, value }) => ({ key, value })),
    aliases: aliases
      .filter(({ model, version }) => model === row.model && version === row.number)
      .map(({ alias }) => alias),
  }));
}

/** Describes a version. */
export async function describeVersion(
  context: TrackingContext,
  model: string,
  number: number,
  description: string | null,
): Promise<ModelVersion> {
  await context.write((tx) => changeVersion(tx, context, model, number, { description }));
  return modelVersion(context, model, number);
}

/** Moves a version to a stage; with `archiveOthers` whatever was there goes to Archived. */
export async function moveToStage(
  context: TrackingContext,
  move: { readonly model: string; readonly number: number; readonly stage: string; readonly archiveOthers: boolean },
): Promise<ModelVersion> {
  const { model, number, archiveOthers } = move;
  const stage = STAGES.find((each) => each.toLowerCase() === move.stage.toLowerCase());
  if (stage === undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Invalid Model Version stage: ${move.stage}. Value must be one of ${STAGES.join(", ")}.`,
    );
  if (archiveOthers && stage !== "Staging" && stage !== "Production")
    throw new SlipwayError(
      "INPUT_INVALID",
      `Model version transition cannot archive existing model versions because '${stage}' is not an Active stage. Valid stages are Staging, Production`,
    );
  await context.write(async (tx) => {
    await changeVersion(tx, context, model, number, { stage });
    if (archiveOthers)
      await tx
        .updateTable("versions")
        .set({ stage: "Archived", updated_at: nowMicros(context) })
        .where("model", "=", model)
        .where("stage", "=", stage)
        .where("number", "!=", number)
        .execute();
    await writeAudit(tx, context, { action: "version.staged", subject: `${model}/${number}`, details: { stage } });
  });
  return modelVersion(context, model, number);
}

async function changeVersion(
  tx: RecordsTransaction,
  context: TrackingContext,
  model: string,
  number: number,
  set: { readonly description?: string | null; readonly stage?: string },
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable("versions")
    .set({ ...set, updated_at: nowMicros(context) })
    .where("model", "=", model)
    .where("number", "=", number)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw modelVersionNotFound(model, number);
}

/** Removes a version and the aliases that point to it; one that Slipway trained stays. */
export async function deleteModelVersion(context: TrackingContext, model: string, number: number): Promise<void> {
  await context.write(async (tx) => {
    const row = await tx
      .selectFrom("versions")
      .selectAll()
      .where("model", "=", model)
      .where("number", "=", number)
      .executeTakeFirst();
    if (!row) throw modelVersionNotFound(model, number);
    if (row.definitions_hash !== "")
      throw new SlipwayError(
        "INPUT_INVALID",
        `Model Version (name=${model}, version=${number}) is trained from a definition; such versions are kept as facts and cannot be deleted by a client.`,
      );
    const aliases = await tx
      .deleteFrom("aliases")
      .where("model", "=", model)
      .where("version", "=", number)
      .returning("alias")
      .execute();
    await tx.deleteFrom("version_tags").where("model", "=", model).where("number", "=", number).execute();
    await tx.deleteFrom("version_files").where("model", "=", model).where("number", "=", number).execute();
    // The number may come again, and whoever approved this one said nothing of that.
    await tx.deleteFrom("approvals").where("model", "=", model).where("number", "=", number).execute();
    await tx.deleteFrom("versions").where("model", "=", model).where("number", "=", number).execute();
    const details = { artifact: row.artifact_hash, source: row.source, run: row.run_id, aliases };
    await writeAudit(tx, context, { action: "version.deleted", subject: `${model}/${number}`, details });
  });
}

/** Sets a tag of a version. */
export async function setVersionTag(context: TrackingContext, model: string, number: number, tag: Tag): Promise<void> {
  await modelVersion(context, model, number);
  await context.write(async (tx) => {
    await putVersionTag(tx, model, number, tag);
    await noteEvent(tx, context, "model_version_tag.set", { name: model, version: String(number), ...tag });
  });
}

/** Removes a tag of a version, if it is there. */
export async function deleteVersionTag(
  context: TrackingContext,
  model: string,
  number: number,
  key: string,
): Promise<void> {
  await modelVersion(context, model, number);
  await context.write(async (tx) => {
    const { numDeletedRows } = await tx
      .deleteFrom("version_tags")
      .where("model", "=", model)
      .where("number", "=", number)
      .where("key", "=", key)
      .executeTakeFirst();
    if (numDeletedRows > 0n)
      await noteEvent(tx, context, "model_version_tag.deleted", { name: model, version: String(number), key });
  });
}

/** Where a client finds a version's files. */
export async function downloadUri(context: TrackingContext, model: string, number: number): Promise<string> {
  const { source } = await modelVersion(context, model, number);
  const ofModel = /^models:\/(m-[0-9a-f]{32})$/.exec(source)?.[1];
  if (ofModel !== undefined) return loggedModelArtifacts(await loggedModel(context, ofModel));
  // Trained here, imported, or copied: its files lie among no run's artifacts.
  if (source === "" || source.startsWith("models:/")) return versionFolder(model, number);
  const [, runId, path] = /^runs:\/+([^/]+)\/(.+)$/.exec(source) ?? [];
  if (runId === undefined) return source;
  return `${runArtifacts(await trackedRun(context, runId))}/${path}`;
}
