// What people say of a version: it changes, unlike the version itself.

import type { RecordsTransaction } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";

/** What people say of a version. */
export interface VersionNotes {
  readonly description: string | null;
  /** By key. */
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

/** A version's description and tags. */
export async function versionNotes(
  { records }: RegistryContext,
  { model, number }: { readonly model: string; readonly number: number },
): Promise<VersionNotes> {
  const row = await records.db
    .selectFrom("versions")
    .select("description")
    .where("model", "=", model)
    .where("number", "=", number)
    .executeTakeFirst();
  const tags = await records.db
    .selectFrom("version_tags")
    .select(["key", "value"])
    .where("model", "=", model)
    .where("number", "=", number)
    .orderBy("key")
    .execute();
  return { description: row?.description ?? null, tags };
}

/** Sets a tag of a version, inside a transaction. */
export async function putVersionTag(
  tx: RecordsTransaction,
  model: string,
  number: number,
  { key, value }: VersionNotes["tags"][number],
): Promise<void> {
  await tx
    .insertInto("version_tags")
    .values({ model, number, key, value })
    .onConflict((conflict) => conflict.columns(["model", "number", "key"]).doUpdateSet({ value }))
    .execute();
}
