// Artifacts: a path is a row that names content, and content lies once under its own hash. Nothing that a client writes in a path ever
// becomes part of a file's name, so there is nothing to break out of. Content is held against its hash whenever it is read.

import { SlipwayError } from "../../core/core.ts";
import type { RecordsTransaction } from "../../records/records.ts";
import { CONTENT, openContent } from "../version-content.ts";
import { nowMicros, type TrackingContext } from "./context.ts";
import { isVersionFolder, refuseVersionFolder, versionFilesBelow } from "./version-folder.ts";

/** A file as a listing shows it. */
export interface ArtifactFile {
  /** From the listed folder on. */
  readonly path: string;
  readonly isFolder: boolean;
  readonly size: number;
}

/** A file being read. */
export interface ArtifactContent {
  readonly size: number;
  readonly hash: string;
  /** Ends early with ARTIFACT_CORRUPT when the bytes are not those that were stored; its last bytes are held back until that is known. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** A path as it was, or INPUT_INVALID: words with slashes between, none of them a step up, nothing absolute, hidden or encoded. */
export function checkedArtifactPath(path: string): string {
  const words = path.split("/");
  const isWrong =
    path.length > 2000 ||
    path.includes("\\") ||
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    /[\u0000-\u001f\u007f]/.test(path) ||
    // A path is decoded once; what still looks encoded was meant for another decoding.
    /%(?:2e|2f|5c|25|00)/i.test(path) ||
    /^[A-Za-z][A-Za-z0-9+.-]*:/.test(path) ||
    words.some((word) => word === "" || word === "." || word === "..");
  if (!isWrong) return path;
  throw new SlipwayError("INPUT_INVALID", `Invalid path: ${JSON.stringify(path.slice(0, 200))}`);
}

/** Stores a file under a path, over what was there. */
export async function putArtifact(
  context: TrackingContext,
  path: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly hash: string; readonly size: number }> {
  refuseVersionFolder(checkedArtifactPath(path));
  return context.blobs.putStream(CONTENT, chunks, async ({ hash, size }, ensure) => {
    const at = nowMicros(context);
    await context.write(async (tx) => {
      await tx
        .insertInto("artifact_files")
        .values({ path, hash, size, at })
        .onConflict((conflict) => conflict.column("path").doUpdateSet({ hash, size, at }))
        .execute();
      // After the row: from here on nothing can clear the content away.
      await ensure();
    });
  });
}

/** Opens a file; ARTIFACT_NOT_FOUND when there is none. */
export async function openArtifact(
  context: TrackingContext,
  path: string,
  range?: { readonly start: number; readonly end: number },
): Promise<ArtifactContent> {
  checkedArtifactPath(path);
  const { records, blobs } = context;
  const row = isVersionFolder(path)
    ? (await versionFilesBelow(context, path)).find((file) => file.path === path)
    : await records.db.selectFrom("artifact_files").selectAll().where("path", "=", path).executeTakeFirst();
  if (!row)
    throw new SlipwayError("ARTIFACT_NOT_FOUND", `There is no artifact ${JSON.stringify(path)}.`, {
      details: { path },
    });
  const { hash, size } = row;
  return { hash, size, chunks: await openContent(blobs, { path, hash, size }, range) };
}

/** What lies directly in a folder, by name; a file's own path lists the file itself. */
export async function listArtifacts(context: TrackingContext, folder: string): Promise<readonly ArtifactFile[]> {
  const prefix = folder === "" ? "" : `${checkedArtifactPath(folder)}/`;
  const rows = isVersionFolder(folder)
    ? (await versionFilesBelow(context, folder)).filter(({ path }) => path.startsWith(prefix))
    : await artifactsBelow(context, prefix);
  const found = new Map<string, ArtifactFile>();
  for (const { path, size } of rows) {
    const rest = path.slice(prefix.length);
    const slash = rest.indexOf("/");
    const name = slash < 0 ? rest : rest.slice(0, slash);
    if (!found.has(name)) found.set(name, { path: name, isFolder: slash >= 0, size: slash < 0 ? size : 0 });
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function artifactsBelow({ records }: TrackingContext, prefix: string) {
  return records.db
    .selectFrom("artifact_files")
    .select(["path", "size"])
    .where((where) =>
      // From "a/" up to "a0": the character after the slash.
      where.and(prefix === "" ? [] : [where("path", ">=", prefix), where("path", "<", `${prefix.slice(0, -1)}0`)]),
    )
    .orderBy("path")
    .execute();
}

/** Every file below a folder, with its content's hash, by path from there. */
export async function filesBelow(
  db: RecordsTransaction | TrackingContext["records"]["db"],
  folder: string,
): Promise<readonly { readonly path: string; readonly hash: string; readonly size: number }[]> {
  const prefix = `${checkedArtifactPath(folder)}/`;
  const rows = await db
    .selectFrom("artifact_files")
    .select(["path", "hash", "size"])
    .where("path", ">=", prefix)
    .where("path", "<", `${prefix.slice(0, -1)}0`)
    .orderBy("path")
    .execute();
  return rows.map((row) => ({ ...row, path: row.path.slice(prefix.length) }));
}

/** Forgets a file, or every file below a folder; the content stays until nothing names it. */
export async function deleteArtifacts(context: TrackingContext, path: string): Promise<void> {
  refuseVersionFolder(checkedArtifactPath(path));
  await context.write((tx) =>
    tx
      .deleteFrom("artifact_files")
      .where((where) =>
        where.or([
          where("path", "=", path),
          where.and([where("path", ">=", `${path}/`), where("path", "<", `${path}0`)]),
        ]),
      )
      .execute(),
  );
}
