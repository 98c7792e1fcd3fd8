// A version is made in two steps: the artifact's bytes go to the blob store under their own hash, then one transaction gives it the
// next number. A process killed in between leaves bytes that nobody names, never a version without them.

import { sql } from "kysely";
import { type Instant, SlipwayError, sha256 } from "../core/core.ts";
import { instantFromSql, instantToSql, type RecordsTransaction, toJson } from "../records/records.ts";
import { writeAudit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { checkedName } from "./names.ts";
import { byRun, IDS_AT_ONCE } from "./run-rows.ts";
import { runNotFound } from "./runs.ts";
import { every, seenModels, sightOf } from "./sight.ts";
import { type VersionRecord, versionOf } from "./version.ts";
import { CALIBRATION_FILE, contentBlob, INPUTS_FILE, inputsBytes, modelFile } from "./version-content.ts";
import { noteEvent } from "./webhook-events.ts";

/** What to register; `artifact` is the model's bytes. */
export interface NewVersion
  extends Omit<
    VersionRecord,
    "number" | "createdAt" | "artifactBlob" | "artifactHash" | "artifactSize" | "origin" | "importance"
  > {
  readonly artifact: Uint8Array;
  /** The bytes of what corrects its scores. */
  readonly calibration?: Uint8Array;
  /** Total gain by input, greatest first. */
  readonly importance?: VersionRecord["importance"];
}

/** Registers a version under the model's next number. */
export async function registerVersion(context: RegistryContext, version: NewVersion): Promise<VersionRecord> {
  const model = checkedName(version.model, "a model");
  const hash = sha256(version.artifact);
  const blob = contentBlob(hash);
  await context.blobs.put(blob, version.artifact);
  const prepared = inputsBytes(version.inputs);
  if (prepared) await context.blobs.put(contentBlob(sha256(prepared)), prepared);
  const created_at = instantToSql(context.clock.now());
  return context.records.transact(async (tx) => {
    await requireOrigins(tx, version);
    const row = {
      model,
      number: await nextNumber(tx, model, created_at),
      created_at,
      run_id: version.runId,
      dataset_id: version.datasetId,
      definitions_hash: version.definitionsHash,
      artifact_blob: blob,
      artifact_hash: hash,
      artifact_size: version.artifact.length,
      format: version.format,
      best_round: version.bestRound,
      inputs: toJson(version.inputs),
      features: toJson(version.features),
      metrics: toJson(version.metrics),
      importance: version.importance === undefined ? null : toJson(version.importance),
      profile: toJson(version.profile),
      environment: toJson(version.environment),
    };
    const inserted = await tx.insertInto("versions").values(row).returningAll().executeTakeFirstOrThrow();
    // A clearing may have come between; nothing can, once this row is there.
    await tx
      .insertInto("version_files")
      .values({ model, number: row.number, path: modelFile(version.format), hash, size: row.artifact_size })
      .execute();
    if (prepared) {
      const file = { path: INPUTS_FILE, hash: sha256(prepared), size: prepared.length };
      await tx
        .insertInto("version_files")
        .values({ model, number: row.number, ...file })
        .execute();
      if ((await context.blobs.state(contentBlob(file.hash))) === undefined)
        await context.blobs.put(contentBlob(file.hash), prepared);
    }
    if ((await context.blobs.state(blob)) === undefined) await context.blobs.put(blob, version.artifact);
    if (version.calibration !== undefined) await putCalibration(tx, context, row, version.calibration);
    const details = { artifact: hash, run: row.run_id, dataset: row.dataset_id };
    await writeAudit(tx, context, { action: "version.registered", subject: `${model}/${row.number}`, details });
    await noteEvent(tx, context, "model_version.created", {
      name: model,
      version: String(row.number),
      source: "",
      run_id: row.run_id,
      tags: {},
      description: null,
    });
    return versionOf(inserted);
  });
}

async function putCalibration(
  tx: RecordsTransaction,
  { blobs }: RegistryContext,
  { model, number }: { readonly model: string; readonly number: number },
  bytes: Uint8Array,
): Promise<void> {
  const hash = sha256(bytes);
  const file = { path: CALIBRATION_FILE, hash, size: bytes.length };
  await tx
    .insertInto("version_files")
    .values({ model, number, ...file })
    .execute();
  await blobs.put(contentBlob(hash), bytes);
}

/** The next number of a model, which is made when it is not there. */
export async function nextNumber(tx: RecordsTransaction, model: string, created_at: number): Promise<number> {
  await tx
    .insertInto("models")
    .values({ name: model, created_at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const last = await tx
    .selectFrom("versions")
    .select("number")
    .where("model", "=", model)
    .orderBy("number", "desc")
    .executeTakeFirst();
  return (last?.number ?? 0) + 1;
}

/** The version of that number, or MODEL_NOT_FOUND or VERSION_NOT_FOUND. */
export async function getVersion({ records }: RegistryContext, model: string, number: number): Promise<VersionRecord> {
  const row = await records.db
    .selectFrom("versions")
    .selectAll()
    .where("model", "=", model)
    .where("number", "=", number)
    .executeTakeFirst();
  if (row) return versionOf(row);
  await requireModel(records.db, model);
  throw versionNotFound(model, number);
}

/** A model's versions, newest first; MODEL_NOT_FOUND when it has none. */
export async function listVersions({ records }: RegistryContext, model: string): Promise<readonly VersionRecord[]> {
  await requireModel(records.db, model);
  const rows = await records.db
    .selectFrom("versions")
    .selectAll()
    .where("model", "=", model)
    .orderBy("number", "desc")
    .execute();
  return rows.map(versionOf);
}

/** Every model that has a version, by name. */
export async function listModels({
  records,
}: RegistryContext): Promise<readonly { readonly name: string; readonly createdAt: Instant }[]> {
  const rows = await records.db.selectFrom("models").selectAll().orderBy("name").execute();
  return rows.map(({ name, created_at }) => ({ name, createdAt: instantFromSql(created_at) }));
}

/** The versions that runs have made, as `model@version` by the run's id; those of models kept from the onlooker are left out. */
export async function versionsOfRuns(
  context: RegistryContext,
  runs: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const named: { readonly run_id: string; readonly name: string }[] = [];
  const seen = every(seenModels(await sightOf(context), sql`versions.model`));
  for (let start = 0; start < runs.length; start += IDS_AT_ONCE) {
    const rows = await context.records.db
      .selectFrom("versions")
      .select(["model", "number", "run_id"])
      .where(seen)
      .where("run_id", "in", runs.slice(start, start + IDS_AT_ONCE))
      .orderBy("model")
      .orderBy("number")
      .execute();
    for (const { run_id, model, number } of rows) named.push({ run_id: run_id ?? "", name: `${model}@${number}` });
  }
  return new Map([...byRun(named)].map(([run, made]) => [run, made.map(({ name }) => name)]));
}

/** The versions with exactly these bytes, by their SHA-256, as `model@version`. */
export async function versionsByContent({ records }: RegistryContext, hash: string): Promise<readonly string[]> {
  const rows = await records.db
    .selectFrom("versions")
    .select(["model", "number"])
    .where("artifact_hash", "=", hash)
    .orderBy("model")
    .orderBy("number")
    .execute();
  return rows.map(({ model, number }) => `${model}@${number}`);
}

/** The versions whose run was at a commit, as `model@version`. */
export async function versionsOfCommit({ records }: RegistryContext, commit: string): Promise<readonly string[]> {
  const rows = await records.db
    .selectFrom("versions")
    .innerJoin("runs", "runs.id", "versions.run_id")
    .select(["versions.model", "versions.number"])
    .where("runs.git_commit", "=", commit)
    .orderBy("versions.model")
    .orderBy("versions.number")
    .execute();
  return rows.map(({ model, number }) => `${model}@${number}`);
}

/** The version's bytes, held against their hash; the fitted steps of its inputs are held against theirs. */
export async function readArtifact({ blobs, records }: RegistryContext, version: VersionRecord): Promise<Uint8Array> {
  const { artifactBlob, artifactHash, model, number } = version;
  const prepared = inputsBytes(version.inputs);
  if (prepared) {
    const file = await records.db
      .selectFrom("version_files")
      .select("hash")
      .where("model", "=", model)
      .where("number", "=", number)
      .where("path", "=", INPUTS_FILE)
      .executeTakeFirst();
    if (file?.hash !== sha256(prepared))
      throw new SlipwayError(
        "ARTIFACT_CORRUPT",
        `The inputs of ${model} version ${number} are not those that were registered (${INPUTS_FILE}). Restore the records from a backup, or train the version again.`,
      );
  }
  const content = await blobs.get(artifactBlob);
  if (content && sha256(content) === artifactHash) return content;
  const problem = content ? "has other bytes than were registered" : "is missing";
  throw new SlipwayError(
    "ARTIFACT_CORRUPT",
    `The artifact of ${model} version ${number} (${artifactBlob}) ${problem}. Restore it from a backup, or train the version again.`,
  );
}

/** Refuses a model that has no version. */
export async function requireModel(db: RegistryContext["records"]["db"], model: string): Promise<void> {
  const row = await db.selectFrom("models").select("name").where("name", "=", model).executeTakeFirst();
  if (row) return;
  throw new SlipwayError("MODEL_NOT_FOUND", `No version of a model "${model}" has been registered. Train it first.`);
}

/** Refuses a number that no version of the model has. */
export async function requireVersion(
  db: RegistryContext["records"]["db"],
  model: string,
  number: number,
): Promise<void> {
  const row = await db
    .selectFrom("versions")
    .select("number")
    .where("model", "=", model)
    .where("number", "=", number)
    .executeTakeFirst();
  if (!row) throw versionNotFound(model, number);
}

/** The error for a number that no version has. */
export function versionNotFound(model: string, number: number): SlipwayError {
  return new SlipwayError("VERSION_NOT_FOUND", `Model "${model}" has no version ${number}.`);
}

async function requireOrigins(tx: RecordsTransaction, { runId, datasetId }: NewVersion): Promise<void> {
  if (runId !== null) {
    const run = await tx.selectFrom("runs").select("id").where("id", "=", runId).executeTakeFirst();
    if (!run) throw runNotFound(runId);
  }
  if (datasetId === null) return;
  const dataset = await tx.selectFrom("datasets").select("id").where("id", "=", datasetId).executeTakeFirst();
  if (!dataset) throw new SlipwayError("INPUT_INVALID", `There is no dataset ${datasetId}; record it first.`);
}
