// What a batch prediction leaves: a folder of Parquet parts, or one file, each with a manifest. It appears under its name when it is whole.

import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ColumnSchema } from "../../core/core.ts";
import { writeCsv } from "../../datasets/datasets.ts";
import type { OfflineEngine, WrittenFile } from "../../ports/ports.ts";
import { type BatchPart, type BatchWork, writeWhole } from "./batch-work.ts";

/** What was predicted, as it stands beside it. */
export interface BatchManifest {
  readonly format: 1;
  readonly model: string;
  readonly version: number;
  /** The SHA-256 of the version's model. */
  readonly artifact: string;
  /** The hash of the model's definition. */
  readonly definition: string;
  /** Where the rows came from, and a hash that changes when they do. */
  readonly source: { readonly name: string; readonly place: string; readonly fingerprint: string };
  /** The same of every source that features were read from, by its name, when the prediction began. */
  readonly features: Readonly<Record<string, string>>;
  /** As of when every row was asked; null for each row's own time. */
  readonly at: string | null;
  readonly withInputs: boolean;
  readonly rows: number;
  readonly schema: readonly ColumnSchema[];
  /** The files, in the rows' order. */
  readonly parts: readonly {
    readonly path: string;
    readonly rows: number;
    readonly bytes: number;
    readonly hash: string;
  }[];
  readonly createdAt: string;
}

/** The form of what is written, by its name. */
export function formOf(output: string): "folder" | "parquet" | "csv" {
  return output.endsWith(".parquet") ? "parquet" : output.endsWith(".csv") ? "csv" : "folder";
}

const MANIFEST = "manifest.json";

/** Where the manifest of an output stands. */
export function manifestFile(output: string): string {
  return formOf(output) === "folder" ? join(output, MANIFEST) : `${output}.${MANIFEST}`;
}

/** Makes the output of its parts and gives it its name; answers the manifest with the files. */
export async function publishBatch(
  offline: OfflineEngine,
  work: BatchWork,
  output: string,
  parts: readonly BatchPart[],
  manifest: BatchManifest,
): Promise<BatchManifest> {
  const form = formOf(output);
  const listed = (path: string, { rowCount, bytes, hash }: WrittenFile): BatchManifest["parts"][number] => ({
    path,
    rows: rowCount,
    bytes,
    hash,
  });
  if (form === "folder") {
    const whole = { ...manifest, parts: parts.map((part) => listed(part.path, part)) };
    await writeWhole(join(work.folder, MANIFEST), text(whole));
    await work.keepOnly([MANIFEST, ...parts.map(({ path }) => path)]);
    await work.publish(work.folder, output);
    return whole;
  }
  const made = join(work.folder, `whole.${form}`);
  await rm(made, { force: true });
  const select = `SELECT * FROM ${offline.dialect.scanOwn(parts.map((part) => join(work.folder, part.path)))}`;
  const written =
    form === "parquet"
      ? await offline.writeParquet(select, made)
      : await writeCsv(offline, select, manifest.schema, made);
  const whole = { ...manifest, parts: [listed(basename(output), written)] };
  // The file last: where it is, its manifest is.
  await writeWhole(manifestFile(output), text(whole));
  await work.publish(made, output);
  return whole;
}

function text(manifest: BatchManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
