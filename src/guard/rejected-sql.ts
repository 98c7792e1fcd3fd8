// The rows that a source's scan leaves out, as SQL: with the expectations that each fails, the file it is from and when it became known.
// Names that start with # are the quarantine's own, so that they cannot meet a source's columns.

import { letInCondition, type RowExpectationSpec, rowExpectations, type SourceSpec } from "../define/define.ts";
import { sourceExpression, timeColumns } from "../features/features.ts";
import type { SqlDialect } from "../ports/ports.ts";

/** The columns that quarantined rows have besides their own. */
export const ownColumns = { reasons: "#reasons", file: "#file", known: "#known" } as const;

/** The expectations that turn rows of a source away. */
export function rejecting(source: SourceSpec): readonly RowExpectationSpec[] {
  return rowExpectations(source.expect).filter(({ severity }) => severity === "reject");
}

/** Where a row fails an expectation, as SQL over `s`. */
export function failsSql(dialect: SqlDialect, { condition }: RowExpectationSpec): string {
  return `(${sourceExpression(dialect, condition, "s")}) IS FALSE`;
}

/** Which of a source's rows to look at. */
export type RowRange =
  /** Those with an event time that became known after `from`, up to and including `to`. */
  | { readonly kind: "known"; readonly from: bigint | undefined; readonly to: bigint }
  /** Those without an event time: all rows of a static source. */
  | { readonly kind: "timeless" };

/** The range as SQL over `s`. */
export function rangeSql(dialect: SqlDialect, source: SourceSpec, range: RowRange): string {
  const { eventTime, createdAt } = source;
  if (range.kind === "timeless") return eventTime === undefined ? "true" : `s.${dialect.identifier(eventTime)} IS NULL`;
  const { known } = timeColumns(dialect, { source });
  const happened = `s.${dialect.identifier(eventTime ?? "")}`;
  const { from, to } = range;
  return [
    `${happened} IS NOT NULL`,
    `${known} <= ${to}`,
    ...(from === undefined ? [] : [`${known} > ${from}`]),
    // The same bounds on the column itself, where they follow: a file's statistics can answer those.
    `${happened} <= make_timestamp(${to})`,
    ...(from === undefined || createdAt !== undefined ? [] : [`${happened} > make_timestamp(${from})`]),
  ].join(" AND ");
}

/** How many rows fail, and the sum of their hashes modulo 2^64, as one row: the same as before where no row came, went or changed. */
export function failingSql(dialect: SqlDialect, source: SourceSpec, range: RowRange): string {
  const columns = source.columns.map(({ name }) => `s.${dialect.identifier(name)}`).join(", ");
  return `SELECT count(*)::BIGINT AS n, (coalesce(sum(hash(${columns})::HUGEINT), 0) % ${2n ** 64n})::VARCHAR AS mark FROM ${dialect.scanAll(source)} s WHERE ${failedSql(dialect, source)} AND ${rangeSql(dialect, source, range)}`;
}

/** What a file of copies holds, as one row of numbers: its rows, the times of the first and the last known, and how many fail each expectation. */
export function copiedSql(dialect: SqlDialect, source: SourceSpec, file: string): string {
  const [reasons, known] = [ownColumns.reasons, ownColumns.known].map((name) => `s.${dialect.identifier(name)}`);
  const each = rejecting(source).map(
    ({ text }, index) =>
      `(count(*) FILTER (WHERE list_contains(string_split(${reasons}, chr(10)), ${dialect.text(text)})))::BIGINT AS n${index}`,
  );
  return `SELECT ${["count(*)::BIGINT AS n", `min(${known}) AS first`, `max(${known}) AS last`, ...each].join(", ")} FROM ${dialect.scanOwn([file])} s`;
}

/** Copies that there are of bad rows: those held, and of those let go the marks that {@link marksSql} keeps. */
export interface Copied {
  readonly rows: readonly string[];
  readonly marks: readonly string[];
}

/** The rows that fail, in an order that depends on nothing but them; without those of which there is a copy, each as often as there is one. */
export function rejectedRowsSql(dialect: SqlDialect, source: SourceSpec, range: RowRange, copied?: Copied): string {
  const columns = source.columns.map(({ name }) => `s.${dialect.identifier(name)}`);
  const reasons = rejecting(source).map(
    (expectation) => `CASE WHEN ${failsSql(dialect, expectation)} THEN ${dialect.text(expectation.text)} END`,
  );
  const known = source.eventTime === undefined ? "NULL::BIGINT" : timeColumns(dialect, { source }).known;
  const [file, reasonsName, knownName, mark, times] = [
    ownColumns.file,
    ownColumns.reasons,
    ownColumns.known,
    ...markColumns,
  ].map(dialect.identifier);
  const own = [`concat_ws(chr(10), ${reasons.join(", ")}) AS ${reasonsName}`, `s.${file}`, `${known} AS ${knownName}`];
  const from = `FROM ${dialect.scanAll(source, ownColumns.file)} s WHERE ${failedSql(dialect, source)} AND ${rangeSql(dialect, source, range)}`;
  const order = `ORDER BY ${[`s.${knownName}`, ...columns].join(", ")}`;
  const failing = [...columns, ...own].join(", ");
  if (copied === undefined || copied.rows.length + copied.marks.length === 0)
    return `SELECT s.* FROM (SELECT ${failing} ${from}) s ${order}`;
  const kept = [
    ...(copied.rows.length > 0 ? [marksSql(dialect, source, copied.rows)] : []),
    ...(copied.marks.length > 0 ? [`SELECT * FROM ${dialect.scanOwn(copied.marks)}`] : []),
  ].join(" UNION ALL ");
  return `WITH bad AS (SELECT s.*, ${markSql(dialect, source)} AS ${mark} FROM (SELECT ${failing} ${from}) s),
    numbered AS (SELECT s.*, row_number() OVER (PARTITION BY s.${mark} ORDER BY ${[`s.${file}`, ...columns].join(", ")}) AS ${times} FROM bad s),
    kept AS (SELECT ${mark}, sum(${times}) AS ${times} FROM (${kept}) GROUP BY ${mark})
    SELECT s.* EXCLUDE (${mark}, ${times}) FROM numbered s LEFT JOIN kept ON kept.${mark} = s.${mark}
    WHERE s.${times} > coalesce(kept.${times}, 0) ${order}`;
}

const markColumns = ["#mark", "#times"] as const;

/** What tells a row of `s` from others, as few bytes: its id, and where there is none all that it says. */
function markSql(dialect: SqlDialect, { id, columns }: SourceSpec): string {
  const names = id === undefined ? columns.map(({ name }) => name) : [id];
  return `md5([${names.map((name) => `s.${dialect.identifier(name)}::VARCHAR`).join(", ")}]::VARCHAR)`;
}

/** What tells the rows of some files of copies from others, and how often each is there: enough to know them again, and nothing of what they say. */
export function marksSql(dialect: SqlDialect, source: SourceSpec, files: readonly string[]): string {
  const [mark, times] = markColumns.map(dialect.identifier);
  return `SELECT ${markSql(dialect, source)} AS ${mark}, count(*)::BIGINT AS ${times} FROM ${dialect.scanOwn(files)} s GROUP BY ${mark}`;
}

function failedSql(dialect: SqlDialect, source: SourceSpec): string {
  const condition = letInCondition(source.expect);
  return condition === undefined ? "false" : `(${sourceExpression(dialect, condition, "s")}) IS FALSE`;
}
