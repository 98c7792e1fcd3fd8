// Which files a version has: those of its manifest. One that was registered before there were manifests has what its source leads to.

import type { RegistryContext } from "./context.ts";
import { loggedModelArtifacts, pathOfUri, runArtifacts } from "./tracking/artifact-places.ts";
import { filesBelow } from "./tracking/artifacts.ts";
import { modelFile, readContent, type VersionFile } from "./version-content.ts";

/** A version's files, by path; for one from before there were manifests, what its source leads to, or else its model. */
export async function versionFiles(
  context: RegistryContext,
  version: {
    readonly model: string;
    readonly number: number;
    readonly artifactBlob: string;
    readonly artifactHash: string;
    readonly artifactSize: number;
  },
): Promise<readonly VersionFile[]> {
  const { model, number, artifactBlob, artifactHash, artifactSize } = version;
  const files = await context.records.db
    .selectFrom("version_files")
    .select(["path", "hash", "size"])
    .where("model", "=", model)
    .where("number", "=", number)
    .orderBy("path")
    .execute();
  if (files.length > 0) return files;
  const found = await filesOfSource(context, { model, number });
  if (artifactBlob === "" || found.some(({ hash }) => hash === artifactHash)) return found;
  return [{ path: modelFile(""), hash: artifactHash, size: artifactSize }];
}

/** One of a version's files, whole; undefined when it has no such file. */
export async function readVersionFile(
  context: RegistryContext,
  version: Parameters<typeof versionFiles>[1],
  path: string,
  most: number,
): Promise<Uint8Array | undefined> {
  const file = (await versionFiles(context, version)).find((each) => each.path === path);
  return file && readContent(context.blobs, file, most);
}

/** The files below a version's source, by path; none when it leads nowhere here. */
async function filesOfSource(
  { records }: RegistryContext,
  { model, number }: { readonly model: string; readonly number: number },
): Promise<readonly VersionFile[]> {
  const row = await records.db
    .selectFrom("versions")
    .select("source")
    .where("model", "=", model)
    .where("number", "=", number)
    .executeTakeFirst();
  const root = await rootOf(records.db, row?.source ?? "");
  return root === undefined ? [] : filesBelow(records.db, root);
}

async function rootOf(db: RegistryContext["records"]["db"], source: string): Promise<string | undefined> {
  const ofModel = /^models:\/(m-[0-9a-f]{32})$/.exec(source)?.[1];
  if (ofModel !== undefined) {
    const logged = await db
      .selectFrom("logged_models as l")
      .innerJoin("experiments as e", "e.id", "l.experiment_id")
      .select(["l.id as id", "l.experiment_id as experimentId", "e.artifact_root as artifactRoot"])
      .where("l.id", "=", ofModel)
      .executeTakeFirst();
    return logged && pathOfUri(loggedModelArtifacts(logged));
  }
  const [, runId, path = ""] = /^runs:\/+([^/]+)\/(.+)$/.exec(source) ?? [];
  if (runId === undefined) return pathOfUri(source);
  const run = await db
    .selectFrom("runs as r")
    .innerJoin("experiments as e", "e.id", "r.experiment_id")
    .select(["r.id as id", "r.experiment_id as experimentId", "e.artifact_root as artifactRoot"])
    .where("r.id", "=", runId)
    .executeTakeFirst();
  const root = run && pathOfUri(runArtifacts(run));
  return root === undefined ? undefined : `${root}/${path.replace(/\/+$/, "")}`;
}
