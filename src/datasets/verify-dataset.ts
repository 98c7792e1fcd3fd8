// Looks at every byte of a written dataset: is it what its manifest says?

import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { OfflineEngine } from "../ports/ports.ts";
import { type DatasetManifest, MANIFEST, partFile, readManifest } from "./manifest.ts";

/** What a look at a dataset's files found. */
export interface DatasetVerification {
  readonly manifest: DatasetManifest;
  /** What is wrong, one sentence each; none when everything is as it was written. */
  readonly problems: readonly string[];
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
  const known = new Set([MANIFEST, ...manifest.parts.map(({ path }) => path)]);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/");
    if (entry.isFile() && !known.has(path)) problems.push(`${path} is not part of it`);
  }
  return { manifest, problems };
}
