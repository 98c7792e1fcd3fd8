// What a dataset's folder says of itself: `manifest.json` beside its parts. Its id is the hash of everything else in it, the parts' own hashes
// included, so that one changed byte anywhere is found, and the same definitions over the same files give the same id everywhere.

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type ColumnSchema, contentHash, SlipwayError } from "../core/core.ts";
import { shapeProblem } from "./manifest-shape.ts";
import type { PartitionUnit } from "./partition-unit.ts";

/** One Parquet file of a dataset. */
export interface DatasetPart {
  /** Below the dataset's folder, with `/`. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  /** SHA-256 of the file, in hex. */
  readonly hash: string;
}

/** One source that a dataset was made from. */
export interface DatasetSource {
  readonly name: string;
  readonly format: string;
  /** Relative to the project's folder where they lie in it. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly hash: string }[];
  /** The hash of what its rows were, where they come from no file. */
  readonly state?: string;
}

/** The definitions that a dataset was made by, as hashes. */
export interface DatasetDefinitions {
  readonly model: string;
  /** Every view by name. */
  readonly views: Readonly<Record<string, string>>;
}

/** A dataset's manifest. Instants are ISO 8601, in UTC. */
export interface DatasetManifest {
  readonly format: 1;
  /** The hash of everything else here. */
  readonly id: string;
  readonly model: string;
  readonly rows: number;
  readonly bytes: number;
  readonly schema: readonly ColumnSchema[];
  /** `part`: by the parts of a training, `train`, `validate` and `test`. */
  readonly partitionBy: PartitionUnit | "part";
  readonly parts: readonly DatasetPart[];
  readonly sources: readonly DatasetSource[];
  readonly definitions: DatasetDefinitions;
  /** The first and the last row's time; null when no row has one. */
  readonly time: { readonly from: string | null; readonly to: string | null };
  readonly label: {
    readonly known: number;
    /** Rows whose label is true; 0 where the label is no bool. */
    readonly positive: number;
    readonly unknown: number;
    readonly knownFrom: string | null;
    readonly knownTo: string | null;
  };
  /** What wrote it: engines differ in the bytes of a file. */
  readonly writer: string;
  /** Of a copy: the id of the dataset whose rows these are. */
  readonly copyOf?: string;
  /** What the parts are; Parquet where nothing is said. */
  readonly encoding?: "csv";
}

/** The name of the manifest in a dataset's folder. */
export const MANIFEST = "manifest.json";

/** A manifest under its id. */
export function manifestOf(content: Omit<DatasetManifest, "id">): DatasetManifest {
  const { format, ...rest } = content;
  return { format, id: contentHash(content), ...rest };
}

/** A manifest as the file holds it. */
export function manifestText(manifest: DatasetManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Reads a folder's manifest. Throws DATASET_NOT_FOUND, or DATASET_CORRUPT when it is not what was written. */
export async function readManifest(folder: string): Promise<DatasetManifest> {
  const file = join(folder, MANIFEST);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new SlipwayError(
      "DATASET_NOT_FOUND",
      `${folder} holds no dataset: there is no ${MANIFEST} in it. Write one with: slipway features training-set MODEL --out DIR --partition-by month.`,
      { cause, details: { folder } },
    );
  }
  const read = parsed(file, text);
  const manifest = read as unknown as DatasetManifest;
  if (manifest.format !== 1)
    throw corrupt(file, `its format is ${JSON.stringify(manifest.format)}, and this version reads 1`);
  const { id, ...content } = manifest;
  if (contentHash(content) !== id) throw corrupt(file, "what it says does not have the hash that is its id");
  const problem = shapeProblem(read);
  if (problem !== undefined) throw corrupt(file, problem);
  return manifest;
}

/** The file of one of a dataset's parts. Throws DATASET_CORRUPT for a path that leads out of the folder. */
export function partFile(folder: string, { path }: DatasetPart): string {
  const file = resolve(folder, path);
  if (!file.startsWith(`${resolve(folder)}/`)) throw corrupt(join(folder, MANIFEST), `part "${path}" is outside of it`);
  return file;
}

function parsed(file: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw corrupt(file, "it is not JSON", cause);
  }
  throw corrupt(file, "it is no JSON object");
}

function corrupt(file: string, problem: string, cause?: unknown): SlipwayError {
  return new SlipwayError(
    "DATASET_CORRUPT",
    `${file} is not the manifest that was written: ${problem}. Take the dataset from its backup, or write it again.`,
    { cause, details: { file } },
  );
}
