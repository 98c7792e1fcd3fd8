// A version that was made elsewhere: its files are here already, under their hashes, and one transaction makes the version that names them,
// with where it came from.

import { instantToSql, toJson } from "../records/records.ts";
import { writeAudit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { checkedName } from "./names.ts";
import { type VersionRecord, versionOf } from "./version.ts";
import { contentBlob, loadableFile, type VersionFile, writeVersionFiles } from "./version-content.ts";
import { putVersionTag, type VersionNotes } from "./version-notes.ts";
import { nextNumber } from "./versions.ts";
import { noteEvent } from "./webhook-events.ts";

/** What is brought in. */
export interface ImportedVersion {
  readonly model: string;
  readonly files: readonly VersionFile[];
  /** Where it came from, as the history is to tell it. */
  readonly origin: Readonly<Record<string, unknown>>;
  /** What is known of a version that Slipway trained; a plain file has nothing of it. */
  readonly facts?: Pick<
    VersionRecord,
    | "definitionsHash"
    | "artifactHash"
    | "format"
    | "bestRound"
    | "inputs"
    | "features"
    | "metrics"
    | "importance"
    | "profile"
    | "environment"
  > &
    VersionNotes;
}

/** Registers it under the model's next number. INPUT_INVALID when none of the files is a model that can be loaded. */
export async function registerImported(context: RegistryContext, given: ImportedVersion): Promise<VersionRecord> {
  const model = checkedName(given.model, "a model");
  const { files, facts, origin } = given;
  const tags = facts?.tags ?? [];
  const loadable = facts ? files.find(({ hash }) => hash === facts.artifactHash) : loadableFile(files);
  const created_at = instantToSql(context.clock.now());
  return context.records.transact(async (tx) => {
    const row = {
      model,
      number: await nextNumber(tx, model, created_at),
      created_at,
      updated_at: created_at,
      run_id: null,
      dataset_id: null,
      definitions_hash: facts?.definitionsHash ?? "",
      artifact_blob: loadable ? contentBlob(loadable.hash) : "",
      artifact_hash: loadable?.hash ?? facts?.artifactHash ?? "",
      artifact_size: loadable?.size ?? 0,
      format: facts?.format ?? loadableFile(files)?.format ?? "files",
      best_round: facts?.bestRound ?? 0,
      inputs: toJson(facts?.inputs ?? []),
      features: toJson(facts?.features ?? null),
      metrics: toJson(facts?.metrics ?? {}),
      importance: facts && facts.importance.length > 0 ? toJson(facts.importance) : null,
      description: facts?.description ?? null,
      profile: toJson(facts?.profile ?? null),
      environment: toJson(facts?.environment ?? {}),
      actor: context.actor,
      origin: toJson(origin),
    };
    const inserted = await tx.insertInto("versions").values(row).returningAll().executeTakeFirstOrThrow();
    await writeVersionFiles(tx, context, row, files);
    for (const tag of tags) await putVersionTag(tx, model, row.number, tag);
    await writeAudit(tx, context, {
      action: "version.imported",
      subject: `${model}/${row.number}`,
      details: { artifact: row.artifact_hash, origin },
    });
    await noteEvent(tx, context, "model_version.created", {
      name: model,
      version: String(row.number),
      source: "",
      run_id: null,
      tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
      description: row.description,
    });
    return versionOf(inserted);
  });
}
