// Looks at every byte of a written dataset: is it what its manifest says?

import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { contentHash, OWNER_FILE } from "../core/core.ts";
import type { BlobStore, OfflineEngine } from "../ports/ports.ts";
import { type DatasetManifest, MANIFEST, partFile, readManifest } from "./manifest.ts";
import { requireSnapshot, TRAINING_PARTS, type TrainingRows } from "./readable-dataset.ts";
import { splitCondition } from "./split.ts";

/** What a look at a dataset's files found. */
export interface DatasetVerification {
  readonly manifest: DatasetManifest;
  /** What is wrong, one sentence each; none when everything is as it was written. */
  readonly problems: readonly string[];
}

/**
 * Verifies the rows of a training: the snapshot's bytes, the id that follows from them and the bounds, and how many rows each part has. Gives what
 * is wrong, one sentence each. Throws DATASET_NOT_FOUND when the snapshot is gone.
 */
export async function verifyTrainingRows(
  { offline, blobs }: { readonly offline: OfflineEngine; readonly blobs: BlobStore },
  rows: TrainingRows,
): Promise<readonly string[]> {
  await requireSnapshot(blobs, rows);
  const file = blobs.locate(rows.blob);
  if ((await offline.hashFile(file)) !== rows.snapshot) return [`${rows.blob} has other bytes than were written`];
  const { snapshot, bounds } = rows;
  const problems = contentHash({ snapshot, bounds }) === rows.id ? [] : ["its bounds are not those that its id is of"];
  const { dialect } = offline;
  const counts = TRAINING_PARTS.map(
    (part) => `(count(*) FILTER (WHERE ${splitCondition(dialect, bounds, part)}))::BIGINT`,
  );
  for await (const table of offline.stream(`SELECT ${counts.join(", ")} FROM ${dialect.scanOwn([file])}`))
    TRAINING_PARTS.forEach((part, index) => {
      const found = Number(table.columns[index]?.values[0]);
      if (found !== rows.rows[part]) problems.push(`${part} has ${found} rows, not ${rows.rows[part]}`);
    });
  return problems;
}

/** Verifies a dataset's folder. Throws DATASET_NOT_FOUND, or DATASET_CORRUPT when the manifest itself was changed. */
export async function verifyDataset(offline: OfflineEngine, folder: string): Promise<DatasetVerification> {
  const manifest = await readManifest(folder);
  const problems: string[] = [];
  for (const part of manifest.parts) {
    const file = partFile(folder, part);
    const size = await stat(file).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === undefined) problems.push(`${part.path} is missing`);
    else if (size !== part.bytes) problems.push(`${part.path} has ${size} bytes, not ${part.bytes}`);
    else if ((await offline.hashFile(file)) !== part.hash)
      problems.push(`${part.path} has other bytes than were written`);
  }
  const known = new Set([MANIFEST, OWNER_FILE, ...manifest.parts.map(({ path }) => path)]);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/");
    if (entry.isFile() && !known.has(path)) problems.push(`${path} is not part of it`);
  }
  return { manifest, problems };
}
