// What users do with datasets: write a training set as a folder, find it again, hold two against each other, and verify every byte.

import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { formatInstant, type Instant, parseInstant, SlipwayError } from "../core/core.ts";
import {
  type DatasetDiff,
  type DatasetManifest,
  type DatasetVerification,
  diffDatasets,
  type PartitionUnit,
  readManifest,
  verifyDataset,
  writeDataset,
} from "../datasets/datasets.ts";
import { findDefinition } from "../define/define.ts";
import { type DatasetRecord, FOLDER, findDataset, listDatasets, recordWrittenDataset } from "../registry/registry.ts";
import { enforceSources, sourcesOf } from "./guard-operations.ts";
import type { Platform } from "./open.ts";

/** A dataset as it is listed. */
export interface ListedDataset {
  readonly id: string;
  readonly model: string;
  /** `training`: the rows that a version was trained on, kept with its snapshot; `folder`: written to a folder of Parquet parts. */
  readonly kind: "training" | "folder";
  readonly rows: number;
  readonly columns: number;
  /** The first and the last row's time, as ISO 8601. */
  readonly timeFrom: string | null;
  readonly timeTo: string | null;
  /** Where it was written; undefined for the rows of a training. */
  readonly folder: string | null;
  /** When it was recorded; null for one of another project. */
  readonly createdAt: string | null;
}

/** A dataset with its manifest, where it was written to a folder that is still there. */
export interface ShownDataset extends ListedDataset {
  readonly definitionsHash: string;
  readonly manifest: DatasetManifest | null;
}

/** What can be asked about datasets while serving. */
export interface Datasets {
  list(filter: { readonly model?: string; readonly limit?: number }): Promise<readonly ListedDataset[]>;
  show(id: string): Promise<ShownDataset>;
}

/** The datasets of an open platform. */
export function datasetsOf(platform: Platform): Datasets {
  return {
    list: (filter) => datasetList(platform, filter),
    show: async (id) => shown(await findDataset(platform.registry, id)),
  };
}

/** Writes a model's training set to a folder, with a manifest, and records it. */
export async function writeDatasetFolder(
  platform: Platform,
  request: {
    readonly model: string;
    readonly folder: string;
    readonly partitionBy: PartitionUnit;
    readonly onNote?: (text: string) => void;
  },
): Promise<DatasetManifest> {
  const { engines, registry, project, root } = platform;
  const model = findDefinition(project, "model", request.model);
  const { offline, process } = engines;
  await enforceSources(platform, sourcesOf(model), engines.clock.now());
  const manifest = await writeDataset(offline, { ...request, model, root, process });
  const { id, rows, schema, definitions, time, label, sources } = manifest;
  const instant = (text: string | null): Instant | null => (text === null ? null : parseInstant(text));
  await recordWrittenDataset(registry, {
    id,
    model: model.name,
    definitionsHash: definitions.model,
    rowCount: rows,
    columns: schema,
    folder: resolve(request.folder),
    timeFrom: instant(time.from),
    timeTo: instant(time.to),
    labelStats: label,
    findings: [],
    sources,
  });
  return manifest;
}

/** The datasets that are recorded, newest first. */
export async function datasetList(
  platform: Platform,
  filter: { readonly model?: string; readonly limit?: number } = {},
): Promise<readonly ListedDataset[]> {
  return (await listDatasets(platform.registry, filter)).map(listed);
}

/** A dataset by the start of its id, or by its folder. */
export async function showDataset(platform: Platform, which: string, cwd: string): Promise<ShownDataset> {
  const folder = folderNamed(which, cwd);
  if (folder === undefined) return shown(await findDataset(platform.registry, which));
  const manifest = await readManifest(folder);
  const record = (await listDatasets(platform.registry, { model: manifest.model, limit: 10_000 })).find(
    ({ id }) => id === manifest.id,
  );
  const { id, model, rows, schema, time, definitions } = manifest;
  return {
    id,
    model,
    kind: "folder",
    rows,
    columns: schema.length,
    timeFrom: time.from,
    timeTo: time.to,
    folder,
    createdAt: record ? formatInstant(record.createdAt) : null,
    definitionsHash: definitions.model,
    manifest,
  };
}

/** Holds two datasets against each other, each given by the start of its id or by its folder. */
export async function diffDatasetFolders(
  platform: Platform,
  from: string,
  to: string,
  cwd: string,
): Promise<DatasetDiff> {
  const [a, b] = [await folderOf(platform, from, cwd), await folderOf(platform, to, cwd)];
  return diffDatasets(platform.engines.offline, { from: a, to: b });
}

/** Reads every byte of a dataset and holds it against its manifest. */
export async function verifyDatasetFolder(
  platform: Platform,
  which: string,
  cwd: string,
): Promise<DatasetVerification & { readonly folder: string }> {
  const folder = await folderOf(platform, which, cwd);
  return { folder, ...(await verifyDataset(platform.engines.offline, folder)) };
}

/** What is written with a slash or is there is a folder; anything else is an id. */
function folderNamed(which: string, cwd: string): string | undefined {
  const folder = resolve(cwd, which);
  return isAbsolute(which) || /[/\\]/.test(which) || existsSync(folder) ? folder : undefined;
}

async function folderOf(platform: Platform, which: string, cwd: string): Promise<string> {
  const named = folderNamed(which, cwd);
  if (named !== undefined) return named;
  const record = await findDataset(platform.registry, which);
  if (record.blob.startsWith(FOLDER)) return record.blob.slice(FOLDER.length);
  throw new SlipwayError(
    "INPUT_INVALID",
    `Dataset ${record.id.slice(0, 12)} is the rows of a training, kept with its snapshot and not in a folder. Write it to one with: slipway features training-set ${record.model} --out DIR --partition-by month.`,
  );
}

function listed(record: DatasetRecord): ListedDataset {
  const { id, model, rowCount, columns, timeFrom, timeTo, createdAt, blob } = record;
  const folder = blob.startsWith(FOLDER) ? blob.slice(FOLDER.length) : null;
  return {
    id,
    model,
    kind: folder === null ? "training" : "folder",
    rows: rowCount,
    columns: columns.length,
    timeFrom: timeFrom === null ? null : formatInstant(timeFrom),
    timeTo: timeTo === null ? null : formatInstant(timeTo),
    folder,
    createdAt: formatInstant(createdAt),
  };
}

async function shown(record: DatasetRecord): Promise<ShownDataset> {
  const base = listed(record);
  const manifest = base.folder === null ? undefined : await readManifest(base.folder).catch(() => undefined);
  // A folder that holds another dataset by now says nothing about this one.
  return { ...base, definitionsHash: record.definitionsHash, manifest: manifest?.id === record.id ? manifest : null };
}
