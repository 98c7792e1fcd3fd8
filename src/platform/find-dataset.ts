// Which dataset a word means: a folder, an id or its start, a version's or an alias's (`model@3`, `model@champion`), or a run's.

import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { SlipwayError } from "../core/core.ts";
import {
  boundsFrom,
  type DatasetManifest,
  type DatasetSource,
  folderDataset,
  type ReadableDataset,
  readManifest,
  type TrainingRows,
  trainingDataset,
} from "../datasets/datasets.ts";
import { type DatasetRecord, FOLDER, findDataset, getDataset, getRun, resolveVersion } from "../registry/registry.ts";
import type { Platform } from "./open.ts";

/** A dataset in a folder, or one that is recorded. */
export type FoundDataset =
  | { readonly kind: "folder"; readonly folder: string; readonly manifest: DatasetManifest }
  | { readonly kind: "training"; readonly record: DatasetRecord };

const RUN_ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$|^[0-9a-f]{32}$/;

/** The record that a word names, when it is no folder. Throws DATASET_NOT_FOUND. */
export async function recordNamed({ registry }: Platform, which: string): Promise<DatasetRecord> {
  const at = which.lastIndexOf("@");
  if (at > 0) {
    const { model, number, datasetId } = await resolveVersion(registry, which.slice(0, at), which.slice(at + 1));
    if (datasetId === null)
      throw new SlipwayError(
        "DATASET_NOT_FOUND",
        `Version ${number} of "${model}" was registered without a dataset: a client logged it. What its run read stands in: slipway lineage ${model}@${number} --up.`,
        { details: { dataset: which } },
      );
    return getDataset(registry, datasetId);
  }
  if (RUN_ID.test(which)) {
    const run = await getRun(registry, which).catch(() => undefined);
    const [dataset, other] = run?.datasets ?? [];
    if (other !== undefined)
      throw new SlipwayError("INPUT_INVALID", `Run ${which} used several datasets: ${run?.datasets.join(", ")}.`);
    if (dataset !== undefined) return getDataset(registry, dataset);
  }
  return findDataset(registry, which);
}

/** What is written with a slash or is there is a folder; anything else is looked up. */
export function folderNamed(which: string, cwd: string): string | undefined {
  const folder = resolve(cwd, which);
  const isPath = isAbsolute(which) || /[/\\]/.test(which) || existsSync(folder);
  if (isPath && which.endsWith(".dvc"))
    throw new SlipwayError(
      "INPUT_INVALID",
      `${which} is a file of DVC, and says where a dataset is. Bring that here with: slipway datasets import ${which} --out DIR.`,
    );
  return isPath ? folder : undefined;
}

/** The dataset that a word means. Throws DATASET_NOT_FOUND. */
export async function findNamed(platform: Platform, which: string, cwd: string): Promise<FoundDataset> {
  const named = folderNamed(which, cwd);
  if (named !== undefined) return { kind: "folder", folder: named, manifest: await readManifest(named) };
  const record = await recordNamed(platform, which);
  if (!record.blob.startsWith(FOLDER)) return { kind: "training", record };
  const folder = record.blob.slice(FOLDER.length);
  const manifest = await readManifest(folder);
  if (manifest.id !== record.id)
    throw new SlipwayError(
      "DATASET_NOT_FOUND",
      `Dataset ${record.id.slice(0, 12)} was written to ${folder}, which holds dataset ${manifest.id.slice(0, 12)} by now. Write it again, or name the folder it was moved to.`,
      { details: { dataset: record.id, folder } },
    );
  return { kind: "folder", folder, manifest };
}

/** What a record says of the rows of a training. */
export function trainingRows(record: DatasetRecord): TrainingRows {
  const { id, model, definitionsHash, columns, blob } = record;
  const origin = (record.sources ?? {}) as {
    readonly snapshot?: string;
    readonly sources?: readonly DatasetSource[];
    readonly views?: Readonly<Record<string, string>>;
  };
  const stats = (record.labelStats ?? {}) as {
    readonly bounds?: unknown;
    readonly parts?: Readonly<Record<string, { readonly rows: number }>>;
  };
  const rowsOf = (part: string): number => stats.parts?.[part]?.rows ?? 0;
  return {
    id,
    model,
    definitionsHash,
    schema: columns,
    blob,
    snapshot: origin.snapshot ?? "",
    bounds: boundsFrom(stats.bounds, id),
    rows: { train: rowsOf("train"), validate: rowsOf("validate"), test: rowsOf("test") },
    sources: origin.sources ?? null,
    views: origin.views ?? null,
  };
}

/** A found dataset as something to read. */
export async function readable({ engines }: Platform, found: FoundDataset): Promise<ReadableDataset> {
  return found.kind === "folder"
    ? folderDataset(engines.offline, found.folder, found.manifest)
    : trainingDataset(engines, trainingRows(found.record));
}
