// A dataset: a snapshot file, known by what made it, and the bounds that say which of its rows train. Snapshots are shared: as long as
// definitions and source files stay the same, the one that is there is used again, and several trainings are filters on it.

import {
  type ColumnSchema,
  contentHash,
  type Instant,
  isDecimal,
  isFloat,
  isNumeric,
  SlipwayError,
  type Table,
  type Value,
  valueAt,
} from "../core/core.ts";
import { definitionHash, type ModelSpec, meaningOf, rowColumnNames, type TaskSpec } from "../define/define.ts";
import type { BlobStore, OfflineEngine } from "../ports/ports.ts";
import { type ColumnStatistics, type QualityFinding, qualityFindings } from "./quality.ts";
import { problemConditions, rowProblems } from "./row-problems.ts";
import { type PartSide, sideCondition } from "./share-bounds.ts";
import { checkSources, rowColumns, writeSnapshot } from "./snapshot-sql.ts";
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
  /** Rows whose label is true; 0 where the label is no bool. */
  readonly positives: number;
  /** What the rows whose label is true weigh together, and what the others do; absent where rows have no weight or the label is no bool. */
  readonly weights?: { readonly positives: number; readonly others: number };
  /** Different labels, at least about. */
  readonly labels: number;
  /** Mean of a label of numbers, or share of true ones; null where it is text, or there are no rows. */
  readonly mean: number | null;
  /** The one number that the task's own loss would have for every row: the mean, the median or a quantile; null as the mean is. */
  readonly constant: number | null;
  readonly from: Instant | null;
  readonly to: Instant | null;
}

/** Where snapshots are kept and what makes them. */
export interface DatasetEngines {
  readonly offline: OfflineEngine;
  readonly blobs: BlobStore;
  /** A temporary folder on the same file system as the blobs. */
  readonly temporaryFolder: string;
  /** The project's folder: source files below it are named relative to it. */
  readonly root: string;
}

/** The columns of a model's snapshot, in order; the key has the type of the rows' id. */
export function snapshotSchema(model: ModelSpec): readonly ColumnSchema[] {
  const id = model.rows.columns.find(({ name }) => name === model.rows.id);
  return [
    { name: "key", type: id?.type ?? "string", optional: false },
    { name: "t", type: "timestamp", optional: false },
    ...model.inputs.map(({ name, type }) => ({ name, type, optional: true })),
    { name: "label", type: model.label.value.type, optional: true },
    { name: "label_known_at", type: "timestamp", optional: true },
    ...rowColumns(model).map(({ name, value: { type } }) => ({ name, type, optional: true })),
  ];
}

/** What a snapshot depends on: the part of the model that shapes its rows, and the state of every source file. */
export async function snapshotName(offline: OfflineEngine, model: ModelSpec): Promise<string> {
  const { rows, views, request, inputs, label, beside } = model;
  const sources = [rows, label.source, ...views.map((view) => view.source)];
  const states = await Promise.all(sources.map((source) => offline.fingerprint(source)));
  return `snapshots/${model.name}-${contentHash(meaningOf({ rows, views, request, inputs, label, beside, states })).slice(0, 32)}.parquet`;
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
    await writeSnapshot(offline, model, file);
    await blobs.adopt(blob, file);
  } else onNote("using the snapshot that is there: definitions and sources are unchanged");
  return readSnapshot({ offline, blobs }, model, blob);
}

/** A snapshot that was made before, whatever definitions and sources are now; undefined when it is no longer kept. */
export async function foundSnapshot(
  { offline, blobs }: Pick<DatasetEngines, "offline" | "blobs">,
  model: ModelSpec,
  blob: string,
): Promise<Snapshot | undefined> {
  const isKept = blob.startsWith("snapshots/") && (await blobs.list(blob)).length > 0;
  return isKept ? readSnapshot({ offline, blobs }, model, blob) : undefined;
}

async function readSnapshot(
  { offline, blobs }: Pick<DatasetEngines, "offline" | "blobs">,
  model: ModelSpec,
  blob: string,
): Promise<Snapshot> {
  const hash = await offline.hashFile(blobs.locate(blob));
  const t = offline.dialect.identifier("t");
  const summary = `SELECT count(*)::BIGINT AS n, coalesce(min(epoch_us(${t})), 0)::BIGINT AS a, coalesce(max(epoch_us(${t})), 0)::BIGINT AS b FROM ${snapshotScan(offline, model, blobs.locate(blob))}`;
  const [rowCount = 0n, oldest = 0n, newest = 0n] = await oneRow(offline, summary);
  return { model, hash, blob, rowCount: Number(rowCount), oldest: oldest as bigint, newest: newest as bigint };
}

/** A snapshot's file as a table expression. */
export function snapshotScan(offline: OfflineEngine, model: ModelSpec, file: string): string {
  return offline.dialect.scan({
    kind: "source",
    name: `${model.name}_snapshot`,
    format: "parquet",
    path: file,
    columns: snapshotSchema(model),
  });
}

/** The first row of a query's answer; empty where there is none. */
export async function oneRow(offline: OfflineEngine, sql: string): Promise<readonly Value[]> {
  for await (const table of offline.stream(sql)) return table.columns.map((column) => valueAt(column, 0));
  return [];
}

/** Figures per column of the quality query: eight in SQL, of which the last are three quantiles. */
const SQL_FIGURES = 8;
const FIGURES = 10;

function constantSql(task: TaskSpec, label: string): string {
  if (task.kind === "regression" && task.loss === "absolute") return `median(${label})`;
  if (task.kind === "regression" && task.loss === "quantile") return `quantile_cont(${label}, ${task.at})`;
  return `avg(${label})`;
}

/** What rows weigh together, as SQL; how many they are where the model has no weight. */
function weightSql({ dialect }: OfflineEngine, { beside }: ModelSpec, condition: string): string {
  if (beside?.weight === undefined) return `(count(*) FILTER (WHERE ${condition}))::DOUBLE`;
  return `coalesce(fsum(${dialect.identifier(rowColumnNames.weight)}::DOUBLE) FILTER (WHERE ${condition}), 0)`;
}

/** Cuts a dataset out of a snapshot. Throws TRAINING_SET_EMPTY, LABEL_SINGLE_CLASS or LABEL_INVALID when it cannot train a model. */
export async function cutDataset(
  { offline, blobs }: DatasetEngines,
  snapshot: Snapshot,
  bounds: SplitBounds,
): Promise<Dataset> {
  const { dialect } = offline;
  const scan = snapshotScan(offline, snapshot.model, blobs.locate(snapshot.blob));
  const t = `epoch_us(${dialect.identifier("t")})`;
  const label = dialect.identifier("label");
  const { type } = snapshot.model.label.value;
  const isNumber = isNumeric(type) || isDecimal(type);
  const number = type === "bool" ? `${label}::INTEGER` : `${label}::DOUBLE`;
  const wrong = problemConditions(dialect, snapshot.model);
  const finite = `(CASE WHEN NOT (${wrong.labels}) THEN ${number} END)`;
  const hasWeights = snapshot.model.beside?.weight !== undefined && type === "bool";
  const figures = [
    "count(*)::BIGINT",
    `coalesce(min(${t}), 0)::BIGINT`,
    `coalesce(max(${t}), 0)::BIGINT`,
    `(count(*) FILTER (WHERE ${type === "bool" ? label : "false"}))::BIGINT`,
    // A sketch may take two values for one; whether there are two is too grave for that.
    `(CASE WHEN min(${label}) = max(${label}) THEN 1 WHEN count(*) = 0 THEN 0 ELSE greatest(2, approx_count_distinct(${label})) END)::BIGINT`,
    ...(isNumber || type === "bool"
      ? [`avg(${finite})::DOUBLE`, `${constantSql(snapshot.model.task, finite)}::DOUBLE`]
      : ["NULL::DOUBLE", "NULL::DOUBLE"]),
    ...(hasWeights ? [label, `NOT ${label}`].map((which) => weightSql(offline, snapshot.model, which)) : ["0", "0"]),
    ...rowProblems.map((problem) => `(count(*) FILTER (WHERE ${wrong[problem]}))::BIGINT`),
  ];
  const parts = {} as Record<SplitPart, PartSummary>;
  for (const part of ["train", "validate", "test"] as const) {
    const [rows = 0n, from, to, positives, labels, mean, constant, weight, others, ...counts] = await oneRow(
      offline,
      `SELECT ${figures.join(", ")} FROM ${scan} WHERE ${splitCondition(dialect, bounds, part)}`,
    );
    const none = rows === 0n;
    parts[part] = {
      rows: Number(rows),
      positives: Number(positives),
      ...(hasWeights ? { weights: { positives: Number(weight), others: Number(others) } } : {}),
      labels: Number(labels),
      mean: mean === null || none ? null : Number(mean),
      constant: constant === null || none ? null : Number(constant),
      from: none ? null : (from as bigint),
      to: none ? null : (to as bigint),
    };
    const problems = Object.fromEntries(rowProblems.map((problem, place) => [problem, Number(counts[place] ?? 0n)]));
    checkPart(snapshot.model, part, bounds, parts[part], problems);
  }
  return { id: contentHash({ snapshot: snapshot.hash, bounds }), snapshot, bounds, parts };
}

/** The rows of one part, or of one side of it, in the snapshot's order: the asked columns, then `label`. With `atMost`, evenly spaced ones of them. */
export function streamPart(
  { offline, blobs }: DatasetEngines,
  { snapshot, bounds, parts }: Dataset,
  part: SplitPart,
  columns: readonly string[],
  atMost = Number.POSITIVE_INFINITY,
  side?: PartSide,
): AsyncIterable<Table> {
  const { dialect } = offline;
  const { model, blob } = snapshot;
  const scan = snapshotScan(offline, model, blobs.locate(blob));
  const types = new Map(snapshotSchema(model).map(({ name, type }) => [name, type]));
  // What tells rows apart comes as it is stored: two ids that are one float64 would be one group, or one class.
  const identities = [rowColumnNames.group, ...(model.task.kind === "multiclass" ? ["label"] : [])];
  // A model's matrix is float32: a float64 loses nothing of what it takes from an int64 or a decimal, and is not a bigint a cell.
  const list = [...columns, "label"]
    .map((name) => {
      const type = types.get(name) ?? "bool";
      const node = {
        kind: "call",
        operator: "toFloat64",
        args: [{ kind: "row", name, type }],
        type: "float64",
      } as const;
      const isWide = (type === "int64" || isDecimal(type)) && !identities.includes(name);
      const column = dialect.identifier(name);
      return `${isWide ? dialect.expression(node, () => column) : column} AS ${column}`;
    })
    .join(", ");
  const beside = side === undefined ? "" : ` AND ${sideCondition(dialect, side)}`;
  const step = Math.ceil(parts[part].rows / atMost) || 1;
  const spaced = step === 1 ? "" : ` QUALIFY row_number() OVER () % ${step} = 0`;
  // Rows that are ranked together come together, whatever the order of the snapshot.
  const grouped = [rowColumnNames.group, "t", "key"].map((name) => `s.${dialect.identifier(name)}`).join(", ");
  // Who learns row by row learns in the order of time.
  const timely = ["t", "key"].map((name) => `s.${dialect.identifier(name)}`).join(", ");
  const by = model.beside?.group !== undefined ? grouped : model.trainer.kind === "online" ? timely : undefined;
  const order = by === undefined ? "" : ` ORDER BY ${by}`;
  return offline.stream(
    `SELECT ${list} FROM ${scan} s WHERE ${splitCondition(dialect, bounds, part)}${beside}${spaced}${order}`,
  );
}

/** The distinct values of a text input in the training rows, sorted by code point: a category's codes. Throws INPUT_INVALID for too many. */
export async function trainingCategories(
  { offline, blobs }: DatasetEngines,
  { snapshot, bounds }: Dataset,
  input: string,
  mostCategories = 2 ** 24,
): Promise<readonly string[]> {
  const { dialect } = offline;
  const scan = snapshotScan(offline, snapshot.model, blobs.locate(snapshot.blob));
  const column = dialect.identifier(input);
  const found: string[] = [];
  for await (const table of offline.stream(
    `SELECT DISTINCT ${column} AS v FROM ${scan} WHERE ${column} IS NOT NULL AND ${splitCondition(dialect, bounds, "train")} ORDER BY v LIMIT ${mostCategories + 1}`,
  ))
    for (const value of table.columns[0]?.values ?? []) found.push(String(value));
  if (found.length > mostCategories)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Model "${snapshot.model.name}": the input "${input}" has more than ${mostCategories} different values in the training rows, such as ${JSON.stringify(found[0])} and ${JSON.stringify(found[1])}. Leave it out if it names rows, or allow more: mostCategories in the trainer.`,
    );
  return found;
}

/** A class, how many training rows have it, and what they weigh together. */
export interface LabelClass {
  readonly name: string;
  readonly rows: number;
  /** As many as the rows where these have no weight. */
  readonly weight: number;
}

/** The classes of a label, in their order: its distinct values in the training and validation rows. Throws LABEL_INVALID for too many. */
export async function labelClasses(
  { offline, blobs }: DatasetEngines,
  { snapshot, bounds }: Dataset,
  mostClasses: number,
): Promise<readonly LabelClass[]> {
  const { dialect } = offline;
  const scan = snapshotScan(offline, snapshot.model, blobs.locate(snapshot.blob));
  const label = dialect.identifier("label");
  const train = splitCondition(dialect, bounds, "train");
  const found: LabelClass[] = [];
  for await (const { columns, rowCount } of offline.stream(
    `SELECT ${label} AS v, (count(*) FILTER (WHERE ${train}))::BIGINT AS n, ${weightSql(offline, snapshot.model, train)} AS w FROM ${scan} WHERE (${train}) OR (${splitCondition(dialect, bounds, "validate")}) GROUP BY v ORDER BY v LIMIT ${mostClasses + 1}`,
  ))
    for (let row = 0; row < rowCount; row += 1)
      found.push({
        name: String(columns[0]?.values[row]),
        rows: Number(columns[1]?.values[row]),
        weight: Number(columns[2]?.values[row]),
      });
  if (found.length <= mostClasses) return found;
  const some = found.slice(0, 3).map(({ name }) => JSON.stringify(name));
  throw new SlipwayError(
    "LABEL_INVALID",
    `Model "${snapshot.model.name}": the label has more than ${mostClasses} different values, such as ${some.join(", ")}. Put rare ones together in the label's expression, or allow more: multiclass({ mostClasses: … }).`,
  );
}

/** What is suspicious in the training rows. */
export async function trainingFindings(
  { offline, blobs }: DatasetEngines,
  { snapshot, bounds }: Dataset,
): Promise<readonly QualityFinding[]> {
  const { dialect } = offline;
  const scan = snapshotScan(offline, snapshot.model, blobs.locate(snapshot.blob));
  const columns = snapshotSchema(snapshot.model).filter(
    ({ name }) => !["key", "t", "label_known_at", ...Object.values(rowColumnNames)].includes(name),
  );
  // One pass over the rows for all columns; each gives the same ten figures, in this order.
  const figures = columns.flatMap(({ name, type }) => {
    const column = dialect.identifier(name);
    const isNumber = type === "bool" || isNumeric(type) || isDecimal(type);
    const values = `(CASE WHEN isfinite(${column}::DOUBLE) THEN ${column}::DOUBLE END)`;
    const number = (sql: string): string => (isNumber ? sql : "NULL::DOUBLE");
    return [
      `(count(*) - count(${column}))::BIGINT`,
      `approx_count_distinct(${column})::BIGINT`,
      isFloat(type) ? `(count(*) FILTER (WHERE isnan(${column})))::BIGINT` : "0::BIGINT",
      number(`min(CASE WHEN NOT isnan(${column}::DOUBLE) THEN ${column}::DOUBLE END)`),
      number(`max(CASE WHEN NOT isnan(${column}::DOUBLE) THEN ${column}::DOUBLE END)`),
      number(`avg(${values})`),
      number(`stddev_samp(${values})`),
      isNumber ? `approx_quantile(${values}, [0.01, 0.5, 0.99])` : "NULL::DOUBLE[]",
    ];
  });
  const condition = splitCondition(dialect, bounds, "train");
  // The three quantiles come out of one sketch, as a list that is then taken apart.
  const named = figures.map((figure, place) => `${figure} AS f${place}`);
  const shown = figures.flatMap((_, place) =>
    place % SQL_FIGURES === SQL_FIGURES - 1 ? [1, 2, 3].map((each) => `f${place}[${each}]`) : [`f${place}`],
  );
  const [rowCount, ...cells] = await oneRow(
    offline,
    `SELECT n, ${shown.join(", ")} FROM (SELECT count(*)::BIGINT AS n, ${named.join(", ")} FROM ${scan} WHERE ${condition})`,
  );
  const statistics = columns.map(({ name, type }, index): ColumnStatistics => {
    const cell = (place: number): unknown => cells[index * FIGURES + place];
    const figure = (place: number): number | null => (cell(place) === null ? null : Number(cell(place)));
    return {
      name,
      type,
      role: name === "label" ? "label" : "input",
      rowCount: Number(rowCount),
      nulls: Number(cell(0)),
      distinct: Number(cell(1)),
      nans: Number(cell(2)),
      min: figure(3),
      max: figure(4),
      mean: figure(5),
      sd: figure(6),
      q01: figure(7),
      q50: figure(8),
      q99: figure(9),
    };
  });
  return qualityFindings(statistics);
}
