// Reading the prediction log, as SQL. A day that is over is read as lines once and then kept as columns beside the log, because a monitor
// looks at the same days again and again; the copy is named after the very files it was made from, so it can never be stale.

import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ColumnSchema, contentHash, days, formatInstant, type Instant, parseInstant } from "../core/core.ts";
import type { FeatureViewSpec, LeafNode, ModelSpec } from "../define/define.ts";
import { keyColumn, type LoggedReads } from "../features/features.ts";
import type { AppendLog, OfflineEngine, SqlDialect } from "../ports/ports.ts";
import { rowFields } from "../scoring/scoring.ts";
import { readsName } from "./prediction-log.ts";

/** A prediction log and what reads it. */
export interface LogSource {
  readonly log: AppendLog;
  readonly offline: OfflineEngine;
  /** Where days that are over are kept as columns; may be deleted at any time. */
  readonly columnsFolder: string;
}

/** Logged predictions of a model made in [from, to), those of shadows only with `shadows`, as SQL with columns id, at, version, route, score, row, through, and the reads. */
export async function logSql(
  source: LogSource,
  model: ModelSpec,
  range: { readonly from?: Instant; readonly to?: Instant; readonly shadows?: boolean } = {},
): Promise<string | undefined> {
  const { dialect } = source.offline;
  const first = range.from === undefined ? "" : formatInstant(range.from).slice(0, 10);
  const last = range.to === undefined ? "9999" : formatInstant(range.to).slice(0, 10);
  const byPart = new Map<string, string[]>();
  for (const { part, path } of await source.log.files(model.name))
    byPart.set(part, [...(byPart.get(part) ?? []), path]);
  const newest = [...byPart.keys()].at(-1);
  const lines: string[] = [];
  const columns: string[] = [];
  for (const [part, paths] of byPart) {
    if (part < first || part > last) continue;
    // The newest day may still be written to, unless the range says that it is over.
    const isOver = part !== newest || (range.to !== undefined && parseInstant(part) + days(1) <= range.to);
    if (!isOver) lines.push(...paths);
    else columns.push(await columnsOf(source, model, part, paths));
  }
  const scans = [
    ...(lines.length === 0 ? [] : [`SELECT * FROM ${linesScan(dialect, model, lines)}`]),
    ...(columns.length === 0 ? [] : [`SELECT * FROM ${dialect.scanOwn(columns)}`]),
  ];
  if (scans.length === 0) return undefined;
  const limits = [
    // A shadow's answers were not heard: whoever looks at predictions does not mean them.
    ...(range.shadows === true ? [] : [`"route" IS DISTINCT FROM 'shadow'`]),
    ...(range.from === undefined ? [] : [`"at" >= ${range.from}`]),
    ...(range.to === undefined ? [] : [`"at" < ${range.to}`]),
  ];
  return `(SELECT * FROM (${scans.join(" UNION ALL BY NAME ")})${limits.length === 0 ? "" : ` WHERE ${limits.join(" AND ")}`})`;
}

function linesScan(dialect: SqlDialect, model: ModelSpec, paths: readonly string[]): string {
  const { columns, objects } = lineSchema(model);
  return dialect.scanLines(paths, columns, objects);
}

/** What a line of the log holds. */
function lineSchema(model: ModelSpec): {
  readonly columns: readonly ColumnSchema[];
  readonly objects: Readonly<Record<string, readonly ColumnSchema[]>>;
} {
  const whole = (name: string): ColumnSchema => ({ name, type: "int64", optional: true });
  // A model may read no view, and a struct without fields is no type.
  const filled = (objects: Readonly<Record<string, readonly ColumnSchema[]>>) =>
    Object.fromEntries(Object.entries(objects).filter(([, fields]) => fields.length > 0));
  return {
    columns: [
      { name: "id", type: "string", optional: false },
      whole("at"),
      whole("version"),
      // Lines of earlier releases have none.
      { name: "route", type: "string", optional: true },
      { name: "score", type: "float64", optional: true },
    ],
    objects: filled({
      row: rowFields(model),
      through: model.views.map(({ name }) => whole(name)),
      ...Object.fromEntries(
        model.views.map((view) => [
          readsName(view.name),
          view.features.map(({ name, type }) => ({ name, type, optional: true })),
        ]),
      ),
    }),
  };
}

/** A finished day as columns: the copy that is there, or a new one. */
async function columnsOf(
  { offline, columnsFolder }: LogSource,
  model: ModelSpec,
  part: string,
  paths: readonly string[],
): Promise<string> {
  const states = await Promise.all(
    paths.map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return `${path} ${size} ${mtimeMs}`;
    }),
  );
  const folder = join(columnsFolder, model.name);
  const name = `${part}-${contentHash({ states, schema: lineSchema(model) }).slice(0, 16)}.parquet`;
  const file = join(folder, name);
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (isThere) return file;
  await mkdir(folder, { recursive: true });
  await offline.writeParquet(`SELECT * FROM ${linesScan(offline.dialect, model, paths)}`, file);
  for (const other of await readdir(folder))
    if (other.startsWith(`${part}-`) && other !== name) await rm(join(folder, other), { force: true });
  return file;
}

/** Logged predictions with the inputs they were made from: columns `#id`, `#at`, `#version`, `#score`, and every input by name. */
export function loggedInputs(dialect: SqlDialect, model: ModelSpec, predictions: string): string {
  const quote = dialect.identifier;
  const leaf = (node: LeafNode): string => {
    const struct = node.kind === "feature" ? quote(readsName(node.view)) : '"row"';
    return dialect.fromLine(`p.${struct}.${quote(node.name)}`, node.type);
  };
  const inputs = model.inputs.map((input) => {
    const { name, type } = input;
    if (input.from === "derived")
      return `(${dialect.expression(input.value, leaf)})::${dialect.typeName(type)} AS ${quote(name)}`;
    const node: LeafNode =
      input.from === "feature" ? { kind: "feature", view: input.view, name, type } : { kind: "row", name, type };
    return `${leaf(node)} AS ${quote(name)}`;
  });
  const own = ["id", "at", "version", "score"].map((name) => `p.${quote(name)} AS ${quote(`#${name}`)}`);
  return `(SELECT ${[...own, ...inputs].join(", ")} FROM ${predictions} p)`;
}

/** The reads of one view out of a log query, as the parity audit wants them. */
export function loggedReads(dialect: SqlDialect, view: FeatureViewSpec, predictions: string): LoggedReads {
  const quote = dialect.identifier;
  const through = `p.through.${quote(view.name)}`;
  // A view that was never materialised knew nothing: its keys are left out, and null keys match nothing.
  const keys = view.keys.map(
    ({ name, type }) =>
      `CASE WHEN ${through} IS NOT NULL THEN ${dialect.fromLine(`p."row".${quote(name)}`, type)} END AS ${keyColumn(dialect, name)}`,
  );
  const features = view.features.map(
    ({ name, type }) =>
      `${dialect.fromLine(`p.${quote(readsName(view.name))}.${quote(name)}`, type)} AS ${quote(`read_${name}`)}`,
  );
  const isStatic = view.source.eventTime === undefined;
  return {
    view,
    sql: `SELECT p.id, p."at" AS t, ${isStatic ? 'p."at"' : `least(${through}, p."at")`} AS cutoff, ${[...keys, ...features].join(", ")} FROM ${predictions} p`,
    features: view.features.map(({ name }) => name),
  };
}
