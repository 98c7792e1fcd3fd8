// A dataset: a snapshot file, known by what made it, and the bounds that say which of its rows train. Snapshots are shared: as long as
// definitions and source files stay the same, the one that is there is used again, and several trainings are filters on it.

import { type ColumnSchema, contentHash, type Instant, type Table } from "../core/core.ts";
import { definitionHash, type ModelSpec } from "../define/define.ts";
import type { BlobStore, OfflineEngine } from "../ports/ports.ts";
import { type ColumnStatistics, type QualityFinding, qualityFindings } from "./quality.ts";
import { checkSources, snapshotSql } from "./snapshot-sql.ts";
import { checkPart, type SplitBounds, type SplitPart, splitCondition } from "./split.ts";

/** A snapshot on disk: every row of the model's rows source with features and label. */
export interface Snapshot {
  readonly model: ModelSpec;
  /** The content hash of the file. */
  readonly hash: string;
  readonly blob: string;
  readonly rowCount: number;
  /** The prediction time of the newest row. */
  readonly newest: Instant;
  readonly oldest: Instant;
}

/** A dataset: a snapshot and the bounds of its parts. Its id is a content hash of both. */
export interface Dataset {
  readonly id: string;
  readonly snapshot: Snapshot;
  readonly bounds: SplitBounds;
  readonly parts: Readonly<Record<SplitPart, PartSummary>>;
}

/** One part of a dataset in figures. */
export interface PartSummary {
  readonly rows: number;
  readonly positives: number;
  readonly from: Instant | null;
  readonly to: Instant | null;
}

/** Where snapshots are kept and what makes them. */
export interface DatasetEngines {
  readonly offline: OfflineEngine;
  readonly blobs: BlobStore;
  /** A temporary folder on the same file system as the blobs. */
  readonly temporaryFolder: string;
}

/** The columns of a model's snapshot, in order. */
export function snapshotSchema(model: ModelSpec): readonly ColumnSchema[] {
  return [
    { name: "key", type: "string", optional: false },
    { name: "t", type: "timestamp", optional: false },
    ...model.inputs.map(({ name, type }) => ({ name, type, optional: true })),
    { name: "label", type: "bool", optional: true },
    { name: "label_known_at", type: "timestamp", optional: true },
  ];
}

/** What a snapshot depends on: the part of the model that shapes its rows, and the state of every source file. */
async function snapshotName(offline: OfflineEngine, model: ModelSpec): Promise<string> {
  const { rows, views, request, inputs, label } = model;
  const sources = [rows, label.source, ...views.map((view) => view.source)];
  const states = await Promise.all(sources.map((source) => offline.fingerprint(source)));
  return `snapshots/${model.name}-${contentHash({ rows, views, request, inputs, label, states }).slice(0, 32)}.parquet`;
}

/** The model's snapshot: the one that is there, or a new one. */
export async function ensureSnapshot(
  { offline, blobs, temporaryFolder }: DatasetEngines,
  model: ModelSpec,
  onNote: (text: string) => void = () => undefined,
): Promise<Snapshot> {
  await checkSources(offline, model);
  const blob = await snapshotName(offline, model);
  if ((await blobs.list(blob)).length === 0) {
    onNote("computing features as of every row's time");
    const file = `${temporaryFolder}/${definitionHash(model).slice(0, 16)}-${process.pid}.parquet`;
    await offline.writeParquet(snapshotSql(offline.dialect, model), file);
    await blobs.adopt(blob, file);
  } else onNote("using the snapshot that is there: definitions and sources are unchanged");
  const hash = await offline.hashFile(blobs.locate(blob));
  const t = offline.dialect.identifier("t");
  const summary = `SELECT count(*)::BIGINT AS n, coalesce(min(epoch_us(${t})), 0)::BIGINT AS a, coalesce(max(epoch_us(${t})), 0)::BIGINT AS b FROM ${snapshotScan(offline, model, blobs.locate(blob))}`;
  const [rowCount = 0n, oldest = 0n, newest = 0n] = await oneRow(offline, summary);
  return { model, hash, blob, rowCount: Number(rowCount), oldest: oldest as bigint, newest: newest as bigint };
}

function snapshotScan(offline: OfflineEngine, model: ModelSpec, file: string): string {
  return offline.dialect.scan({
    kind: "source",
    name: `${model.name}_snapshot`,
    format: "parquet",
    path: file,
    columns: snapshotSchema(model),
  });
}

async function oneRow(offline: OfflineEngine, sql: string): Promise<readonly unknown[]> {
  for await (const table of offline.stream(sql)) return table.columns.map((column) => column.values[0]);
  return [];
}

/** Cuts a dataset out of a snapshot. Throws TRAINING_SET_EMPTY or LABEL_SINGLE_CLASS when it cannot train a model. */
export async function cutDataset(
  { offline, blobs }: DatasetEngines,
  snapshot: Snapshot,
  bounds: SplitBounds,
): Promise<Dataset> {
  const { dialect } = offline;
  const scan = snapshotScan(offline, snapshot.model, blobs.locate(snapshot.blob));
  const t = `epoch_us(${dialect.identifier("t")})`;
  const label = dialect.identifier("label");
  const parts = {} as Record<SplitPart, PartSummary>;
  for (const part of ["train", "validate", "test"] as const) {
    const [rows = 0n, positives = 0n, from, to] = await oneRow(
      offline,
      `SELECT count(*)::BIGINT, (count(*) FILTER (WHERE ${label}))::BIGINT, coalesce(min(${t}), 0)::BIGINT, coalesce(max(${t}), 0)::BIGINT FROM ${scan} WHERE ${splitCondition(dialect, bounds, part)}`,
    );
    const none = rows === 0n;
    parts[part] = {
      rows: Number(rows),
      positives: Number(positives),
      from: none ? null : (from as bigint),
      to: none ? null : (to as bigint),
    };
    if (part !== "test") checkPart(snapshot.model.name, part, bounds, Number(rows), Number(positives));
  }
  return { id: contentHash({ snapshot: snapshot.hash, bounds }), snapshot, bounds, parts };
}

/** The rows of one part, in the snapshot's order: the asked columns, then `label`. */
export function streamPart(
  { offline, blobs }: DatasetEngines,
  { snapshot, bounds }: Dataset,
  part: SplitPart,
  columns: readonly string[],
): AsyncIterable<Table> {
  const { dialect } = offline;
  const scan = snapshotScan(offline, snapshot.model, blobs.locate(snapshot.blob));
  const list = [...columns, "label"].map((name) => dialect.identifier(name)).join(", ");
  return offline.stream(`SELECT ${list} FROM ${scan} WHERE ${splitCondition(dialect, bounds, part)}`);
}

/** The distinct values of a text input in the training rows, sorted by code point: a category's codes. */
export async function trainingCategories(
  { offline, blobs }: DatasetEngines,
  { snapshot, bounds }: Dataset,
  input: string,
): Promise<readonly string[]> {
  const { dialect } = offline;
  const scan = snapshotScan(offline, snapshot.model, blobs.locate(snapshot.blob));
  const column = dialect.identifier(input);
  const found: string[] = [];
  for await (const table of offline.stream(
    `SELECT DISTINCT ${column} AS v FROM ${scan} WHERE ${column} IS NOT NULL AND ${splitCondition(dialect, bounds, "train")} ORDER BY v`,
  ))
    for (const value of table.columns[0]?.values ?? []) found.push(String(value));
  return found;
}

/** What is suspicious in the training rows. */
export async function trainingFindings(
  { offline, blobs }: DatasetEngines,
  { snapshot, bounds }: Dataset,
): Promise<readonly QualityFinding[]> {
  const { dialect } = offline;
  const scan = snapshotScan(offline, snapshot.model, blobs.locate(snapshot.blob));
  const columns = snapshotSchema(snapshot.model).filter(({ name }) => !["key", "t", "label_known_at"].includes(name));
  const parts = columns.map(({ name, type }) => {
    const column = dialect.identifier(name);
    const number = type === "bool" ? `${column}::INTEGER` : column;
    const values = type === "float64" ? `CASE WHEN NOT isnan(${column}) THEN ${column} END` : number;
    const figures =
      type === "string" || type === "timestamp"
        ? "0::BIGINT AS nans, NULL::DOUBLE AS low, NULL::DOUBLE AS high, NULL::DOUBLE AS mean, NULL::DOUBLE AS sd, NULL::DOUBLE AS q01, NULL::DOUBLE AS q50, NULL::DOUBLE AS q99"
        : `(${type === "float64" ? `count(*) FILTER (WHERE isnan(${column}))` : "0"})::BIGINT AS nans, min(${values})::DOUBLE AS low, max(${values})::DOUBLE AS high, avg(${values})::DOUBLE AS mean, stddev_samp(CASE WHEN isfinite((${values})::DOUBLE) THEN (${values})::DOUBLE END) AS sd, approx_quantile((${values})::DOUBLE, 0.01) AS q01, approx_quantile((${values})::DOUBLE, 0.5) AS q50, approx_quantile((${values})::DOUBLE, 0.99) AS q99`;
    return `SELECT ${dialect.text(name)} AS name, count(*)::BIGINT AS n, (count(*) - count(${column}))::BIGINT AS nulls, approx_count_distinct(${column})::BIGINT AS kinds, ${figures} FROM training`;
  });
  const condition = splitCondition(dialect, bounds, "train");
  const sql = `WITH training AS MATERIALIZED (SELECT * FROM ${scan} WHERE ${condition}) ${parts.join(" UNION ALL ")}`;
  const statistics = new Map<string, ColumnStatistics>();
  for await (const table of offline.stream(sql))
    for (let row = 0; row < table.rowCount; row += 1) {
      const cell = (place: number): unknown => table.columns[place]?.values[row];
      const figure = (place: number): number | null => {
        const column = table.columns[place];
        const isThere = column?.validity === undefined || ((column.validity[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
        return isThere ? Number(column?.values[row]) : null;
      };
      const name = String(cell(0));
      const type = columns.find((column) => column.name === name)?.type ?? "string";
      statistics.set(name, {
        name,
        type,
        role: name === "label" ? "label" : "input",
        rowCount: Number(cell(1)),
        nulls: Number(cell(2)),
        nans: Number(cell(4)),
        distinct: Number(cell(3)),
        min: figure(5),
        max: figure(6),
        mean: figure(7),
        sd: figure(8),
        q01: figure(9),
        q50: figure(10),
        q99: figure(11),
      });
    }
  return qualityFindings(columns.map(({ name }) => statistics.get(name)).filter((each) => each !== undefined));
}
