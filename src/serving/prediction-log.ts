// The prediction log: one JSON line per prediction with everything needed to explain it, to join its label, and to audit its features.
// Whole numbers are written as JSON numbers of any size, times as whole microseconds, NaN and infinities as text: DuckDB reads all of
// these back exactly into the declared types.

import type { ColumnSchema, Instant, Value } from "../core/core.ts";
import { formatInstant } from "../core/core.ts";
import type { FeatureViewSpec, LeafNode, ModelSpec } from "../define/define.ts";
import { keyColumn, type LoggedReads } from "../features/features.ts";
import type { AppendLog, SqlDialect } from "../ports/ports.ts";
import { type AskedRow, rowFields } from "./asked-row.ts";
import type { Answer } from "./deployment.ts";

/** One prediction as it was made. */
export interface LoggedPrediction {
  readonly id: string;
  readonly at: Instant;
  readonly version: number;
  readonly row: AskedRow;
  readonly answer: Answer;
}

function cell(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && !Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0.0" : String(value);
}

function object(values: Readonly<Record<string, Value>>): string {
  return `{${Object.entries(values)
    .map(([name, value]) => `${JSON.stringify(name)}:${cell(value)}`)
    .join(",")}}`;
}

/** A prediction as one line. */
export function logLine({ id, at, version, row, answer }: LoggedPrediction): string {
  const through = Object.fromEntries(answer.reads.map((read) => [read.view, read.through]));
  // Features are logged per view, as they were read; inputs follow from them and the row.
  const reads = answer.reads.map((read) => `${JSON.stringify(readsName(read.view))}:${object(read.values)}`).join(",");
  return `{"id":${JSON.stringify(id)},"at":${at},"version":${version},"score":${cell(answer.score)},"row":${object(row)},"through":${object(through)},${reads}}`;
}

const readsName = (view: string): string => `read ${view}`;

/** The log's stream of a model, and the part that a time belongs to: one a day. */
export function logPlace(model: string, at: Instant): { readonly stream: string; readonly part: string } {
  return { stream: model, part: formatInstant(at).slice(0, 10) };
}

/** Logged predictions of a model made in [from, to), as SQL with columns id, at, version, score, row, through, and the reads. */
export async function logSql(
  log: AppendLog,
  dialect: SqlDialect,
  model: ModelSpec,
  range: { readonly from?: Instant; readonly to?: Instant } = {},
): Promise<string | undefined> {
  const first = range.from === undefined ? "" : formatInstant(range.from).slice(0, 10);
  const last = range.to === undefined ? "9999" : formatInstant(range.to).slice(0, 10);
  const files = (await log.files(model.name)).filter(({ part }) => part >= first && part <= last);
  if (files.length === 0) return undefined;
  const whole = (name: string): ColumnSchema => ({ name, type: "int64", optional: true });
  const scan = dialect.scanLines(
    files.map(({ path }) => path),
    [
      { name: "id", type: "string", optional: false },
      whole("at"),
      whole("version"),
      { name: "score", type: "float64", optional: true },
    ],
    {
      row: rowFields(model),
      through: model.views.map(({ name }) => whole(name)),
      ...Object.fromEntries(
        model.views.map((view) => [
          readsName(view.name),
          view.features.map(({ name, type }) => ({ name, type, optional: true })),
        ]),
      ),
    },
  );
  const limits = [
    ...(range.from === undefined ? [] : [`"at" >= ${range.from}`]),
    ...(range.to === undefined ? [] : [`"at" < ${range.to}`]),
  ];
  return `(SELECT * FROM ${scan}${limits.length === 0 ? "" : ` WHERE ${limits.join(" AND ")}`})`;
}

/** Logged predictions with the inputs they were made from: columns `#id`, `#at`, `#version`, `#score`, and every input by name. */
export function loggedInputs(dialect: SqlDialect, model: ModelSpec, predictions: string): string {
  const quote = dialect.identifier;
  const leaf = (node: LeafNode): string => {
    const struct = node.kind === "feature" ? quote(readsName(node.view)) : '"row"';
    const value = `p.${struct}.${quote(node.name)}`;
    return node.type === "timestamp" ? `make_timestamp(${value})` : value;
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
  const timed = (sql: string, type: ColumnSchema["type"]): string =>
    type === "timestamp" ? `make_timestamp(${sql})` : sql;
  const keys = view.keys.map(
    ({ name, type }) => `${timed(`p."row".${quote(name)}`, type)} AS ${keyColumn(dialect, name)}`,
  );
  const features = view.features.map(
    ({ name, type }) => `${timed(`p.${quote(readsName(view.name))}.${quote(name)}`, type)} AS ${quote(`read_${name}`)}`,
  );
  // A view that was never materialised knew nothing; the earliest instant says so.
  const cutoff = `coalesce(least(p.through.${quote(view.name)}, p."at"), ${-(2n ** 61n)})`;
  const isStatic = view.source.eventTime === undefined;
  return {
    view,
    sql: `SELECT p.id, p."at" AS t, ${isStatic ? 'p."at"' : cutoff} AS cutoff, ${[...keys, ...features].join(", ")} FROM ${predictions} p`,
    features: view.features.map(({ name }) => name),
  };
}
