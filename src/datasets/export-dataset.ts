// A dataset copied out to a folder of its own, for people and tools elsewhere: Parquet or CSV parts, and a manifest that names what they are a copy of.
// A copy of a folder as Parquet is that folder again, byte for byte, under the same id.

import { copyFile, mkdir, open } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { SlipwayError } from "../core/core.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import { writeCsv } from "./csv-file.ts";
import { type DatasetManifest, type DatasetPart, MANIFEST, manifestOf, manifestText, partFile } from "./manifest.ts";
import { type ProcessMarks, refuseFilled, writeFolder, writeText } from "./new-folder.ts";
import type { ReadableDataset } from "./readable-dataset.ts";

/** How a copy's parts are written. */
export type ExportFormat = "parquet" | "csv";

/** What to copy, and where to. */
export interface ExportRequest {
  readonly dataset: ReadableDataset;
  /** What the manifest says besides: of a folder its own manifest. */
  readonly about: Pick<DatasetManifest, "time" | "label" | "partitionBy">;
  /** A folder that is not there yet, or empty. */
  readonly folder: string;
  readonly format: ExportFormat;
  readonly process: ProcessMarks;
  readonly onNote?: (text: string) => void;
}

/** Writes the rows of a dataset to a new folder. Throws USAGE when that holds something. */
export async function exportDataset(offline: OfflineEngine, request: ExportRequest): Promise<DatasetManifest> {
  const { dataset, about, format } = request;
  const folder = resolve(request.folder);
  await refuseFilled(folder);
  // The part that a row is in is said by the folder, as other tools read it.
  const schema = dataset.kind === "training" ? dataset.schema.filter(({ name }) => name !== "part") : dataset.schema;
  return writeFolder(folder, request.process, async (temporary) => {
    const parts: DatasetPart[] = [];
    for (const [index, part] of dataset.parts.entries()) {
      request.onNote?.(`writing part ${index + 1} of ${dataset.parts.length}`);
      const path = `${part.folder === "" ? "" : `${part.folder}/`}part-0.${format}`;
      const file = join(temporary, path);
      await mkdir(dirname(file), { recursive: true });
      const { rowCount, bytes, hash } =
        format === "parquet"
          ? await offline.writeParquet(part.select, file)
          : await writeCsv(offline, part.select, schema, file);
      parts.push({ path, rows: rowCount, bytes, hash });
    }
    const manifest = manifestOf({
      format: 1,
      model: dataset.model,
      rows: parts.reduce((total, part) => total + part.rows, 0),
      bytes: parts.reduce((total, part) => total + part.bytes, 0),
      schema,
      partitionBy: about.partitionBy,
      parts,
      sources: dataset.sources ?? [],
      definitions: { model: dataset.definitions.model, views: dataset.definitions.views ?? {} },
      time: about.time,
      label: about.label,
      writer: `${offline.name} ${offline.version}`,
      copyOf: dataset.id,
      ...(format === "csv" ? { encoding: "csv" } : {}),
    });
    await writeText(join(temporary, MANIFEST), manifestText(manifest));
    return manifest;
  });
}

/** Copies a dataset's folder byte for byte. Throws DATASET_CORRUPT when a part is not what its manifest says. */
export async function copyFolder(
  offline: OfflineEngine,
  from: { readonly folder: string; readonly manifest: DatasetManifest },
  { folder, process }: Pick<ExportRequest, "folder" | "process">,
): Promise<DatasetManifest> {
  const target = resolve(folder);
  await refuseFilled(target);
  return writeFolder(target, process, async (temporary) => {
    for (const part of from.manifest.parts) {
      const file = partFile(temporary, part);
      await mkdir(dirname(file), { recursive: true });
      await copyFile(partFile(from.folder, part), file);
      await synced(file);
      if ((await offline.hashFile(file)) !== part.hash)
        throw new SlipwayError(
          "DATASET_CORRUPT",
          `${part.path} in ${from.folder} has other bytes than were written, so nothing was copied. Take the dataset from its backup, or write it again.`,
          { details: { folder: from.folder, path: part.path } },
        );
    }
    await writeText(join(temporary, MANIFEST), manifestText(from.manifest));
    return from.manifest;
  });
}

async function synced(file: string): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
