// A folder that comes from elsewhere, such as out of a store of versioned data: taken in as a whole, and if it says that it is a dataset, held to that.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { SlipwayError } from "../core/core.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import { type DatasetManifest, MANIFEST } from "./manifest.ts";
import { type ProcessMarks, refuseFilled, writeFolder } from "./new-folder.ts";
import { verifyDataset } from "./verify-dataset.ts";

/** A folder that was taken in. */
export interface ImportedFolder<T> {
  readonly folder: string;
  /** What filling it gave. */
  readonly filled: T;
  /** Null where it is files without a manifest of ours. */
  readonly manifest: DatasetManifest | null;
}

/** Lets `fill` fill a new folder. Throws USAGE when that holds something, DATASET_CORRUPT when it is a dataset other than its manifest says. */
export async function importFolder<T>(
  offline: OfflineEngine,
  target: string,
  process: ProcessMarks,
  fill: (folder: string) => Promise<T>,
): Promise<ImportedFolder<T>> {
  const folder = resolve(target);
  await refuseFilled(folder);
  return writeFolder(folder, process, async (temporary) => {
    const filled = await fill(temporary);
    if (!existsSync(join(temporary, MANIFEST))) return { folder, filled, manifest: null };
    const { manifest, problems } = await verifyDataset(offline, temporary);
    if (problems.length > 0)
      throw new SlipwayError(
        "DATASET_CORRUPT",
        `What was brought is not dataset ${manifest.id.slice(0, 12)}, though its manifest says so: ${problems.join("; ")}. Nothing was kept.`,
        { details: { id: manifest.id, problems } },
      );
    return { folder, filled, manifest };
  });
}
