// Registered models as a tracking client sees them. A model that is trained from a definition is one of them too, but its name belongs
// to the definition: a client may read, describe and tag it, not rename or remove it.

import { SlipwayError } from "../../core/core.ts";
import type { RecordsTransaction, VersionRow } from "../../records/records.ts";
import { moveAliasIn } from "../aliases.ts";
import { writeAudit } from "../audit.ts";
import { noteEvent } from "../webhook-events.ts";
import { nowMicros, type Tag, type TrackingContext, toMillis } from "./context.ts";
import { giveToMaker } from "./makers.ts";
import { type ModelVersion, modelVersionsOf } from "./model-versions.ts";

/** A registered model; times in milliseconds. */
export interface RegisteredModel {
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly Tag[];
  readonly aliases: readonly { readonly alias: string; readonly version: number }[];
  /** The newest version of each stage. */
  readonly latestVersions: readonly ModelVersion[];
}

/** Makes a registered model; ALREADY_EXISTS when the name is taken. */
export async function newRegisteredModel(
  context: TrackingContext,
  given: { readonly name: string; readonly description?: string | undefined; readonly tags: readonly Tag[] },
): Promise<RegisteredModel> {
  const { name, description, tags } = given;
  const now = nowMicros(context);
  await context.write(async (tx) => {
    await refuseTaken(tx, name);
    await tx
      .insertInto("models")
      .values({ name, created_at: now, updated_at: now, description: description ?? null })
      .execute();
    for (const tag of tags) await putModelTag(tx, name, tag);
    await giveToMaker(tx, context, "model", name);
    await writeAudit(tx, context, { action: "model.created", subject: name, details: {} });
    await noteEvent(tx, context, "registered_model.created", {
      name,
      tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
      description: description ?? null,
    });
  });
  return registeredModel(context, name);
}

async function refuseTaken(tx: RecordsTransaction, name: string): Promise<void> {
  const taken = await tx.selectFrom("models").select("name").where("name", "=", name).executeTakeFirst();
  if (taken)
    throw new SlipwayError("ALREADY_EXISTS", `Registered Model (name=${name}) already exists.`, {
      details: { model: name },
    });
}

/** The error for a name that no registered model has. */
export function registeredModelNotFound(name: string): SlipwayError {
  return new SlipwayError("MODEL_NOT_FOUND", `Registered Model with name=${name} not found`, {
    details: { model: name },
  });
}

/** The registered model of that name; MODEL_NOT_FOUND. */
export async function registeredModel(context: TrackingContext, name: string): Promise<RegisteredModel> {
  const [model] = await registeredModelsOf(context, [name]);
  if (!model) throw registeredModelNotFound(name);
  return model;
}

/** Registered models by name, in the order of the names; names that are not there are left out. */
export async function registeredModelsOf(
  context: TrackingContext,
  names: readonly string[],
): Promise<readonly RegisteredModel[]> {
  if (names.length === 0) return [];
  const { db } = context.records;
  const rows = await db.selectFrom("models").selectAll().where("name", "in", names).execute();
  const tags = await db.selectFrom("model_tags").selectAll().where("model", "in", names).orderBy("key").execute();
  const aliases = await db.selectFrom("aliases").selectAll().where("model", "in", names).orderBy("alias").execute();
  const newest = await db
    .selectFrom("versions as v")
    .selectAll()
    .where("model", "in", names)
    .where((where) =>
      where(
        "number",
        "=",
        where
          .selectFrom("versions as w")
          .select(({ fn }) => fn.max("w.number").as("newest"))
          .whereRef("w.model", "=", "v.model")
          .whereRef("w.stage", "=", "v.stage"),
      ),
    )
    .orderBy("number")
    .execute();
  const versions = await modelVersionsOf(context, newest as VersionRow[]);
  const byName = new Map(rows.map((row) => [row.name, row]));
  return names.flatMap((name) => {
    const row = byName.get(name);
    if (!row) return [];
    return [
      {
        name,
        description: row.description,
        createdAt: toMillis(row.created_at),
        updatedAt: toMillis(row.updated_at ?? row.created_at),
        tags: tags.filter(({ model }) => model === name).map(({ key, value }) => ({ key, value })),
        aliases: aliases.filter(({ model }) => model === name).map(({ alias, version }) => ({ alias, version })),
        latestVersions: versions.filter(({ model }) => model === name),
      },
    ];
  });
}

/** Describes a registered model. */
export async function describeRegisteredModel(
  context: TrackingContext,
  name: string,
  description: string | null,
): Promise<RegisteredModel> {
  await context.write(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable("models")
      .set({ description, updated_at: nowMicros(context) })
      .where("name", "=", name)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw registeredModelNotFound(name);
  });
  return registeredModel(context, name);
}

/** Gives a registered model another name, with all that belongs to it. */
export async function renameRegisteredModel(
  context: TrackingContext,
  from: string,
  to: string,
): Promise<RegisteredModel> {
  if (from !== to)
    await context.write(async (tx) => {
      await requireFree(tx, from, "renamed");
      await refuseTaken(tx, to);
      const model = await tx.selectFrom("models").selectAll().where("name", "=", from).executeTakeFirstOrThrow();
      await tx
        .insertInto("models")
        .values({ ...model, name: to, updated_at: nowMicros(context) })
        .execute();
      // Rows refer to each other by name: new ones are made before the old ones go.
      const versions = await tx.selectFrom("versions").selectAll().where("model", "=", from).execute();
      for (const version of versions)
        await tx
          .insertInto("versions")
          .values({ ...version, model: to })
          .execute();
      await tx.updateTable("aliases").set({ model: to }).where("model", "=", from).execute();
      await tx.updateTable("version_tags").set({ model: to }).where("model", "=", from).execute();
      await tx.updateTable("version_files").set({ model: to }).where("model", "=", from).execute();
      await tx.updateTable("approvals").set({ model: to }).where("model", "=", from).execute();
      await tx.updateTable("grants").set({ thing: to }).where("kind", "=", "model").where("thing", "=", from).execute();
      await tx.updateTable("model_tags").set({ model: to }).where("model", "=", from).execute();
      await tx.deleteFrom("versions").where("model", "=", from).execute();
      await tx.deleteFrom("models").where("name", "=", from).execute();
      await writeAudit(tx, context, { action: "model.renamed", subject: from, details: { to } });
    });
  return registeredModel(context, to);
}

/** Removes a registered model with its versions and aliases; the audit trail keeps what they were. */
export async function deleteRegisteredModel(context: TrackingContext, name: string): Promise<void> {
  await context.write(async (tx) => {
    await requireFree(tx, name, "deleted");
    const versions = await tx
      .selectFrom("versions")
      .select(["number", "artifact_hash", "source", "run_id"])
      .where("model", "=", name)
      .execute();
    const aliases = await tx.selectFrom("aliases").select(["alias", "version"]).where("model", "=", name).execute();
    await tx.deleteFrom("aliases").where("model", "=", name).execute();
    await tx.deleteFrom("version_tags").where("model", "=", name).execute();
    await tx.deleteFrom("version_files").where("model", "=", name).execute();
    await tx.deleteFrom("versions").where("model", "=", name).execute();
    await tx.deleteFrom("model_tags").where("model", "=", name).execute();
    await tx.deleteFrom("approvals").where("model", "=", name).execute();
    await tx.deleteFrom("grants").where("kind", "=", "model").where("thing", "=", name).execute();
    await tx.deleteFrom("models").where("name", "=", name).execute();
    await writeAudit(tx, context, { action: "model.deleted", subject: name, details: { versions, aliases } });
  });
}

async function requireFree(tx: RecordsTransaction, name: string, verb: string): Promise<void> {
  const model = await tx.selectFrom("models").select("name").where("name", "=", name).executeTakeFirst();
  if (!model) throw registeredModelNotFound(name);
  const trained = await tx
    .selectFrom("versions")
    .select("number")
    .where("model", "=", name)
    .where("definitions_hash", "!=", "")
    .executeTakeFirst();
  if (trained)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Registered Model (name=${name}) is trained from a definition, so it cannot be ${verb} by a client.`,
      { details: { model: name } },
    );
}

/** Sets a tag of a registered model. */
export async function setModelTag(context: TrackingContext, name: string, tag: Tag): Promise<void> {
  await registeredModel(context, name);
  await context.write((tx) => putModelTag(tx, name, tag));
}

/** Removes a tag of a registered model, if it is there. */
export async function deleteModelTag(context: TrackingContext, name: string, key: string): Promise<void> {
  await registeredModel(context, name);
  await context.write((tx) => tx.deleteFrom("model_tags").where("model", "=", name).where("key", "=", key).execute());
}

async function putModelTag(tx: RecordsTransaction, model: string, { key, value }: Tag): Promise<void> {
  await tx
    .insertInto("model_tags")
    .values({ model, key, value })
    .onConflict((conflict) => conflict.columns(["model", "key"]).doUpdateSet({ value }))
    .execute();
}

/** Points an alias at a version. */
export async function setModelAlias(
  context: TrackingContext,
  move: { readonly model: string; readonly alias: string; readonly version: number; readonly reason: string },
): Promise<void> {
  await context.write((tx) => moveAliasIn(tx, context, move, "alias.moved"));
}

/** Takes an alias away, if it is there. */
export async function deleteModelAlias(context: TrackingContext, model: string, alias: string): Promise<void> {
  await registeredModel(context, model);
  await context.write(async (tx) => {
    const gone = await tx
      .deleteFrom("aliases")
      .where("model", "=", model)
      .where("alias", "=", alias)
      .returning("version")
      .executeTakeFirst();
    if (gone)
      await writeAudit(tx, context, {
        action: "alias.removed",
        subject: `${model}@${alias}`,
        details: { from: gone.version },
      });
    if (gone) await noteEvent(tx, context, "model_version_alias.deleted", { name: model, alias });
  });
}
