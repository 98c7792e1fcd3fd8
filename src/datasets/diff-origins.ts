// What is different in what two datasets were made from: source files by name and hash, definitions by hash.

import type { DatasetSource } from "./manifest.ts";
import type { ReadableDataset } from "./readable-dataset.ts";

/** A source's files on two sides. */
export interface SourceDiff {
  readonly name: string;
  /** `unknown`: one side did not record its files. */
  readonly state: "same" | "changed" | "added" | "removed" | "unknown";
  /** Files by path, where both sides know them. */
  readonly files: Readonly<Record<"added" | "removed" | "changed", readonly string[]>>;
}

/** A definition's hash on two sides; null where it is not there. */
export interface DefinitionDiff {
  readonly name: string;
  readonly from: string | null;
  readonly to: string | null;
}

const NO_FILES = { added: [], removed: [], changed: [] };

/** Every source of either side. */
export function sourceDiffs(from: ReadableDataset, to: ReadableDataset): readonly SourceDiff[] {
  if (from.sources === null || to.sources === null)
    return [...new Set([...(from.sources ?? []), ...(to.sources ?? [])].map(({ name }) => name))].map((name) => ({
      name,
      state: "unknown",
      files: NO_FILES,
    }));
  const there = new Map(to.sources.map((source) => [source.name, source]));
  const here = new Map(from.sources.map((source) => [source.name, source]));
  return [...new Set([...here.keys(), ...there.keys()])].map((name): SourceDiff => {
    const [a, b] = [here.get(name), there.get(name)];
    if (!a || !b) return { name, state: a ? "removed" : "added", files: NO_FILES };
    return { name, ...compareSource(a, b) };
  });
}

function compareSource(a: DatasetSource, b: DatasetSource): Omit<SourceDiff, "name"> {
  const isKnown = (source: DatasetSource): boolean => source.files.length > 0 || source.state !== undefined;
  if (!isKnown(a) || !isKnown(b)) return { state: "unknown", files: NO_FILES };
  const [here, there] = [a, b].map(({ files }) => new Map(files.map(({ path, hash }) => [path, hash])));
  const paths = (side: Map<string, string> | undefined): string[] => [...(side?.keys() ?? [])];
  const files = {
    added: paths(there).filter((path) => !here?.has(path)),
    removed: paths(here).filter((path) => !there?.has(path)),
    changed: paths(here).filter((path) => there?.has(path) && there.get(path) !== here?.get(path)),
  };
  const isSame = a.state === b.state && files.added.length + files.removed.length + files.changed.length === 0;
  return { state: isSame ? "same" : "changed", files };
}

/** The definitions whose hashes differ: the model, then views by name. Views are compared where both sides recorded them. */
export function definitionDiffs(from: ReadableDataset, to: ReadableDataset): readonly DefinitionDiff[] {
  const [a, b] = [from.definitions, to.definitions];
  const model = { name: `model ${to.model}`, from: a.model, to: b.model };
  const names = a.views && b.views ? [...new Set([...Object.keys(a.views), ...Object.keys(b.views)])].sort() : [];
  const views = names.map((name) => ({
    name: `view ${name}`,
    from: a.views?.[name] ?? null,
    to: b.views?.[name] ?? null,
  }));
  return [model, ...views].filter((each) => each.from !== each.to);
}
