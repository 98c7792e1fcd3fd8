// What a dataset was made from: every source with the hashes of its files, and the definitions by their hashes.

import { stat } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { contentHash, sha256 } from "../core/core.ts";
import { definitionHash, type ModelSpec, type SourceSpec } from "../define/define.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import { type DatasetEngines, type Snapshot, snapshotName } from "./dataset.ts";
import type { DatasetDefinitions, DatasetSource } from "./manifest.ts";

/** Every source that a model's rows, label and features are from, once. */
export function modelSources({ rows, label, views }: ModelSpec): readonly SourceSpec[] {
  const all = [rows, label.source, ...views.map((view) => view.source)];
  return [...new Map(all.map((source) => [contentHash(source), source])).values()];
}

/** The hashes of a model's definition and of its views'. */
export function modelDefinitions(model: ModelSpec): DatasetDefinitions {
  return {
    model: definitionHash(model),
    views: Object.fromEntries(model.views.map((view) => [view.name, definitionHash(view)])),
  };
}

/** A source with the hash of each of its files; of what its rows are, where they come from no file. */
export async function describeSource(offline: OfflineEngine, source: SourceSpec, root: string): Promise<DatasetSource> {
  const files: { readonly path: string; readonly bytes: number; readonly hash: string }[] = [];
  for (const { file, name } of await offline.sourceFiles(source))
    files.push({
      path: placeOf(name, root),
      bytes: (await stat(file)).size,
      hash: await offline.hashFile(file),
    });
  const { name, format } = source;
  return files.length > 0
    ? { name, format, files }
    : { name, format, files, state: sha256(await offline.fingerprint(source)) };
}

/**
 * What a snapshot's rows came from. A source that changed since the snapshot was made, or changes meanwhile, is named without files: what it was
 * then is not known any more.
 */
export async function snapshotSources(
  { offline, root }: Pick<DatasetEngines, "offline" | "root">,
  { model, blob }: Snapshot,
): Promise<readonly DatasetSource[]> {
  const described: DatasetSource[] = [];
  for (const source of modelSources(model)) {
    const before = await offline.fingerprint(source);
    const found = await describeSource(offline, source, root);
    const isSame = (await offline.fingerprint(source)) === before;
    described.push(isSame ? found : { name: source.name, format: source.format, files: [] });
  }
  if ((await snapshotName(offline, model)) === blob) return described;
  return described.map(({ name, format }) => ({ name, format, files: [] }));
}

/** A file as a manifest names it: relative to the project's folder where it lies in it. */
export function placeOf(file: string, root: string): string {
  const within = relative(resolve(root), file);
  return within.startsWith("..") || isAbsolute(within) ? file : within.split(sep).join("/");
}
