// What users do with datasets: write a training set as a folder, find it again, hold two against each other, verify
// every byte, and take one out.

import { resolve } from "node:path";
import { formatInstant, type Instant, parseInstant, SlipwayError } from "../core/core.ts";
import {
  copyFolder,
  type DatasetDiff,
  type DatasetManifest,
  type DatasetSource,
  diffDatasets,
  type ExportFormat,
  exportDataset,
  type ImportedFolder,
  importFolder,
  type PartitionUnit,
  placeOf,
  readManifest,
  verifyDataset,
  verifyTrainingRows,
  writeDataset,
} from "../datasets/datasets.ts";
import { definitionsOf, findDefinition } from "../define/define.ts";
import type { PinnedSummary, VersionedFolder } from "../ports/ports.ts";
import { type DatasetRecord, FOLDER, listDatasets, recordWrittenDataset } from "../registry/registry.ts";
import { watched } from "../training/training.ts";
import { type FoundDataset, findNamed, folderNamed, readable, recordNamed, trainingRows } from "./find-dataset.ts";
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
  /** What it was made from; null where that was not recorded. */
  readonly sources: readonly DatasetSource[] | null;
  /** The parts of a training, by name; null for a folder. */
  readonly parts: Readonly<Record<string, { readonly rows: number; readonly positives: number }>> | null;
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
    show: async (id) => shown(await recordNamed(platform, id)),
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
  const { engines, project, root } = platform;
  const model = findDefinition(project, "model", request.model);
  const { offline, process } = engines;
  await enforceSources(platform, sourcesOf(model), engines.clock.now());
  const manifest = await watched(
    platform.lineage.trainingSet(model, resolve(request.folder)),
    () => writeDataset(offline, { ...request, model, root, process }),
    ({ id, rows, bytes, parts }) => ({ id, rows, bytes, files: parts.length }),
  );
  await recordManifest(platform, manifest, request.folder);
  return manifest;
}

/** Records a dataset that lies in a folder. */
async function recordManifest({ registry }: Platform, manifest: DatasetManifest, folder: string): Promise<void> {
  const { id, model, rows, schema, definitions, time, label, sources } = manifest;
  const instant = (text: string | null): Instant | null => (text === null ? null : parseInstant(text));
  await recordWrittenDataset(registry, {
    id,
    model,
    definitionsHash: definitions.model,
    rowCount: rows,
    columns: schema,
    folder: resolve(folder),
    timeFrom: instant(time.from),
    timeTo: instant(time.to),
    labelStats: label,
    findings: [],
    sources,
  });
}

/** The datasets that are recorded, newest first. */
export async function datasetList(
  platform: Platform,
  filter: { readonly model?: string; readonly limit?: number } = {},
): Promise<readonly ListedDataset[]> {
  return (await listDatasets(platform.registry, filter)).map(listed);
}

/** A dataset by id or its start, `model@version`, run or folder. */
export async function showDataset(platform: Platform, which: string, cwd: string): Promise<ShownDataset> {
  const folder = folderNamed(which, cwd);
  if (folder === undefined) return shown(await recordNamed(platform, which));
  const manifest = await readManifest(folder);
  const record = (await listDatasets(platform.registry, { model: manifest.model, limit: 10_000 })).find(
    ({ id }) => id === manifest.id,
  );
  const { id, model, rows, schema, time, definitions, sources } = manifest;
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
    sources,
    parts: null,
    manifest,
  };
}

/** Holds two datasets against each other, each given as `showDataset` takes it. */
export async function diffNamedDatasets(
  platform: Platform,
  from: string,
  to: string,
  cwd: string,
): Promise<DatasetDiff> {
  const [a, b] = [await findNamed(platform, from, cwd), await findNamed(platform, to, cwd)];
  return diffDatasets(platform.engines.offline, await readable(platform, a), await readable(platform, b));
}

/** What a look at every byte of a dataset found. */
export interface VerifiedDataset {
  readonly id: string;
  readonly model: string;
  readonly kind: "training" | "folder";
  /** Null for the rows of a training. */
  readonly folder: string | null;
  readonly rows: number;
  readonly parts: number;
  readonly bytes: number | null;
  /** What is wrong, one sentence each; none when everything is as it was written. */
  readonly problems: readonly string[];
  /** Whether the files that it was made from are still what they were; that they are not is no fault of the dataset. */
  readonly sources: readonly SourceFileState[];
}

/** A source file of a dataset, as it is now. */
export interface SourceFileState {
  readonly source: string;
  readonly path: string;
  readonly state: "same" | "changed" | "missing";
}

/** Reads every byte of a dataset and holds it against what was recorded. */
export async function verifyNamedDataset(platform: Platform, which: string, cwd: string): Promise<VerifiedDataset> {
  const { engines } = platform;
  const found = await findNamed(platform, which, cwd);
  if (found.kind === "folder") {
    const { manifest, problems } = await verifyDataset(engines.offline, found.folder);
    const { id, model, rows, parts, bytes } = manifest;
    const sources = await sourceStates(platform, manifest.sources);
    return { id, model, kind: "folder", folder: found.folder, rows, parts: parts.length, bytes, problems, sources };
  }
  const rows = trainingRows(found.record);
  return {
    id: rows.id,
    model: rows.model,
    kind: "training",
    folder: null,
    rows: rows.rows.train + rows.rows.validate + rows.rows.test,
    parts: Object.values(rows.rows).filter((count) => count > 0).length,
    bytes: null,
    problems: await verifyTrainingRows(engines, rows),
    sources: await sourceStates(platform, rows.sources ?? []),
  };
}

async function sourceStates(
  { engines, root, project }: Platform,
  sources: readonly DatasetSource[],
): Promise<readonly SourceFileState[]> {
  const states: SourceFileState[] = [];
  for (const { name, files } of sources) {
    const spec = definitionsOf(project, "source").find((source) => source.name === name);
    const here = spec ? await engines.offline.sourceFiles(spec).catch(() => []) : [];
    const byPlace = new Map(here.map((each) => [placeOf(each.name, root), each.file]));
    for (const { path, hash } of files) {
      const file = byPlace.get(path) ?? resolve(root, path);
      const found = await engines.offline.hashFile(file).catch(() => undefined);
      states.push({
        source: name,
        path,
        state: found === undefined ? "missing" : found === hash ? "same" : "changed",
      });
    }
  }
  return states;
}

/** A dataset that was copied out. */
export interface ExportedDataset {
  readonly manifest: DatasetManifest;
  readonly folder: string;
  /** What DVC knows of it; null where it was not asked to. */
  readonly versioned: VersionedFolder | null;
}

/** Copies a dataset to a new folder. A folder of Parquet is copied byte for byte, under the same id. */
export async function exportNamedDataset(
  platform: Platform,
  which: string,
  request: {
    readonly folder: string;
    readonly format: ExportFormat;
    readonly cwd: string;
    /** Also put the folder under DVC, and copy its files to the remote that is a folder: the one given, or the repository's default. */
    readonly dvc?: { readonly remote?: string };
    readonly onNote?: (text: string) => void;
  },
): Promise<ExportedDataset> {
  const { engines } = platform;
  const found = await findNamed(platform, which, request.cwd);
  const folder = resolve(request.cwd, request.folder);
  const remote = request.dvc?.remote === undefined ? {} : { remote: resolve(request.cwd, request.dvc.remote) };
  if (request.dvc) await engines.versioning.requireStore(folder, remote);
  const manifest = await writeExport(platform, found, folder, request);
  return { manifest, folder, versioned: request.dvc ? await engines.versioning.add(folder, remote) : null };
}

async function writeExport(
  platform: Platform,
  found: FoundDataset,
  folder: string,
  { format, onNote }: { readonly format: ExportFormat; readonly onNote?: (text: string) => void },
): Promise<DatasetManifest> {
  const { engines } = platform;
  const target = { folder, process: engines.process };
  if (found.kind === "folder" && format === "parquet") return copyFolder(engines.offline, found, target);
  const dataset = await readable(platform, found);
  const about = found.kind === "folder" ? found.manifest : aboutTraining(found.record);
  return exportDataset(engines.offline, { dataset, about, format, ...target, ...(onNote ? { onNote } : {}) });
}

/** Brings what a DVC file stands for here, every byte checked; if it is a dataset of Slipway's, it is recorded. */
export async function importDataset(
  platform: Platform,
  pointer: string,
  { folder, cwd }: { readonly folder: string; readonly cwd: string },
): Promise<ImportedFolder<PinnedSummary> & { readonly version: string }> {
  const { engines } = platform;
  const file = resolve(cwd, pointer);
  if (!engines.versioning.isPointer(file))
    throw new SlipwayError("USAGE", `${pointer} is no DVC file: its name ends with .dvc.`);
  const pinned = await engines.versioning.open(file);
  const target = resolve(cwd, folder);
  const imported = await importFolder(engines.offline, target, engines.process, (temporary) => pinned.fill(temporary));
  const { manifest } = imported;
  if (manifest && manifest.encoding === undefined) await recordManifest(platform, manifest, target);
  return { ...imported, version: pinned.id };
}

/** What a manifest says of the rows of a training: every one of them has a label. */
function aboutTraining({ labelStats }: DatasetRecord): Pick<DatasetManifest, "time" | "label" | "partitionBy"> {
  const { parts = {} } = (labelStats ?? {}) as {
    readonly parts?: Readonly<
      Record<string, { rows: number; positives: number; from: string | null; to: string | null }>
    >;
  };
  const all = Object.values(parts);
  const instants = (ends: readonly (string | null)[]): bigint[] =>
    ends.flatMap((end) => (end === null ? [] : [BigInt(end)])).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const [from] = instants(all.map((part) => part.from));
  const to = instants(all.map((part) => part.to)).at(-1);
  const total = (figure: "rows" | "positives"): number => all.reduce((sum, part) => sum + part[figure], 0);
  return {
    partitionBy: "part",
    time: {
      from: from === undefined ? null : formatInstant(from),
      to: to === undefined ? null : formatInstant(to),
    },
    label: {
      known: total("rows"),
      positive: total("positives"),
      unknown: 0,
      knownFrom: null,
      knownTo: null,
    },
  };
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
  const { sources, labelStats, definitionsHash } = record;
  const origin = sources as readonly DatasetSource[] | { readonly sources?: readonly DatasetSource[] } | null;
  const stats = labelStats as { readonly parts?: ShownDataset["parts"] } | null;
  return {
    ...base,
    definitionsHash,
    sources:
      (Array.isArray(origin) ? origin : (origin as { sources?: readonly DatasetSource[] } | null)?.sources) ?? null,
    parts: base.kind === "training" ? (stats?.parts ?? null) : null,
    manifest: manifest?.id === record.id ? manifest : null,
  };
}
