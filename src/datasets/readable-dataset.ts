// Datasets of both kinds as one thing that can be read, compared and copied: rows with a key, under a schema, in parts. One lies in a folder with a
// manifest; the other is the rows of a training, which are conditions on a snapshot that several trainings share.

import { type ColumnSchema, type Instant, SlipwayError } from "../core/core.ts";
import type { BlobStore, OfflineEngine } from "../ports/ports.ts";
import { type DatasetDefinitions, type DatasetManifest, type DatasetSource, partFile } from "./manifest.ts";
import { shareBoundsFrom } from "./share-bounds.ts";
import { type SplitBounds, type SplitPart, splitCondition } from "./split.ts";

/** Rows that belong together. */
export interface ReadablePart {
  /** The folder that a copy keeps it in, such as `month=2013-01` or `part=train`; empty where there is one part. */
  readonly folder: string;
  /** SELECT of its rows, in their order, without what the folder says. */
  readonly select: string;
}

/** A dataset that can be read. */
export interface ReadableDataset {
  readonly id: string;
  readonly model: string;
  readonly kind: "training" | "folder";
  readonly rows: number;
  readonly schema: readonly ColumnSchema[];
  /** Null where they were not recorded. */
  readonly sources: readonly DatasetSource[] | null;
  /** Hashes; of the views null where they were not recorded. */
  readonly definitions: {
    readonly model: string;
    readonly views: DatasetDefinitions["views"] | null;
  };
  /** A table expression over all rows, with the schema's columns. */
  readonly relation: string;
  readonly parts: readonly ReadablePart[];
}

/** What is recorded of the rows of a training. */
export interface TrainingRows {
  readonly id: string;
  readonly model: string;
  readonly definitionsHash: string;
  readonly schema: readonly ColumnSchema[];
  readonly blob: string;
  /** The snapshot's content hash. */
  readonly snapshot: string;
  readonly bounds: SplitBounds;
  readonly rows: Readonly<Record<SplitPart, number>>;
  readonly sources: readonly DatasetSource[] | null;
  readonly views: DatasetDefinitions["views"] | null;
}

/** The parts of a training, in order of time. */
export const TRAINING_PARTS: readonly SplitPart[] = ["train", "validate", "test"];

/** A dataset in a folder. */
export function folderDataset(offline: OfflineEngine, folder: string, manifest: DatasetManifest): ReadableDataset {
  const { id, model, rows, schema, sources, definitions, encoding } = manifest;
  if (encoding !== undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${folder} holds a dataset as ${encoding.toUpperCase()} files, whose columns have no types. Name the dataset it is a copy of${manifest.copyOf === undefined ? "" : `, ${manifest.copyOf.slice(0, 12)},`} or export it as Parquet.`,
      { details: { folder } },
    );
  const { dialect } = offline;
  const columns = schema.map(({ name }) => dialect.identifier(name)).join(", ");
  const empty = schema.map(({ name, type }) => `NULL::${dialect.typeName(type)} AS ${dialect.identifier(name)}`);
  const files = manifest.parts.map((part) => ({ path: part.path, file: partFile(folder, part) }));
  const scan = dialect.scanOwn(files.map(({ file }) => file));
  return {
    id,
    model,
    kind: "folder",
    rows,
    schema,
    sources,
    definitions,
    relation: files.length === 0 ? `(SELECT ${empty.join(", ")} WHERE false)` : `(SELECT ${columns} FROM ${scan})`,
    parts: files.map(({ path, file }) => ({
      folder: path.split("/").slice(0, -1).join("/"),
      select: `SELECT ${columns} FROM ${dialect.scanOwn([file])}`,
    })),
  };
}

/** The rows of a training. Throws DATASET_NOT_FOUND when its snapshot is gone. */
export async function trainingDataset(
  { offline, blobs }: { readonly offline: OfflineEngine; readonly blobs: BlobStore },
  rows: TrainingRows,
): Promise<ReadableDataset> {
  const { id, model, schema, blob, bounds } = rows;
  await requireSnapshot(blobs, rows);
  const { dialect } = offline;
  const scan = dialect.scanOwn([blobs.locate(blob)]);
  const columns = schema
    .map(({ name, type }) => `${dialect.identifier(name)}::${dialect.typeName(type)} AS ${dialect.identifier(name)}`)
    .join(", ");
  const condition = (part: SplitPart): string => splitCondition(dialect, bounds, part);
  const cases = TRAINING_PARTS.map((part) => `WHEN ${condition(part)} THEN ${dialect.text(part)}`).join(" ");
  return {
    id,
    model,
    kind: "training",
    rows: TRAINING_PARTS.reduce((total, part) => total + rows.rows[part], 0),
    schema: [...schema, { name: "part", type: "string", optional: false }],
    sources: rows.sources,
    definitions: { model: rows.definitionsHash, views: rows.views },
    relation: `(SELECT * FROM (SELECT ${columns}, CASE ${cases} END AS part FROM ${scan}) WHERE part IS NOT NULL)`,
    parts: TRAINING_PARTS.filter((part) => rows.rows[part] > 0).map((part) => ({
      folder: `part=${part}`,
      select: `SELECT ${columns} FROM ${scan} WHERE ${condition(part)}`,
    })),
  };
}

/** Throws DATASET_NOT_FOUND when the snapshot that a training's rows are in is gone. */
export async function requireSnapshot(blobs: BlobStore, { id, blob, model }: TrainingRows): Promise<void> {
  if ((await blobs.list(blob)).includes(blob)) return;
  throw new SlipwayError(
    "DATASET_NOT_FOUND",
    `The rows of dataset ${id.slice(0, 12)} are gone: its snapshot ${blob} was deleted. While definitions and sources are as they were, slipway train ${model} makes it again.`,
    { details: { dataset: id, blob } },
  );
}

/** Bounds as a record holds them, with instants as text. Throws INPUT_INVALID when they are none. */
export function boundsFrom(recorded: unknown, id: string): SplitBounds {
  const texts = (recorded ?? {}) as Readonly<Record<string, unknown>>;
  const at = (name: string): Instant | undefined => {
    const text = texts[name];
    return typeof text === "string" && /^-?\d+$/.test(text) ? BigInt(text) : undefined;
  };
  const [validateFrom, testFrom, gap] = [at("validateFrom"), at("testFrom"), at("gap")];
  const [until, knownBy, trainFrom] = [at("until"), at("knownBy"), at("trainFrom")];
  const limits = {
    ...(trainFrom === undefined ? {} : { trainFrom }),
    ...(until === undefined ? {} : { until }),
    ...(knownBy === undefined ? {} : { knownBy }),
  };
  const shares = shareBoundsFrom(texts);
  if (shares !== undefined) return { ...shares, ...limits };
  if (validateFrom === undefined || testFrom === undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Dataset ${id.slice(0, 12)} was recorded without the bounds of its parts, so its rows are not known.`,
    );
  return {
    validateFrom,
    testFrom,
    ...(gap === undefined ? {} : { gap }),
    ...(texts["validateKnown"] === true ? { validateKnown: true } : {}),
    ...limits,
  };
}
