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

/** How many rows fail, and how many fail each expectation: one row of counts, the first being of all. */
export function rejectedCountsSql(dialect: SqlDialect, source: SourceSpec, range: RowRange): string {
  const each = rejecting(source).map(
    (expectation, index) => `(count(*) FILTER (WHERE ${failsSql(dialect, expectation)}))::BIGINT AS n${index}`,
  );
  return `SELECT count(*)::BIGINT AS n, ${each.join(", ")} FROM ${dialect.scanAll(source)} s WHERE ${failedSql(dialect, source)} AND ${rangeSql(dialect, source, range)}`;
}

/** The rows that fail, in an order that depends on nothing but them. */
export function rejectedRowsSql(dialect: SqlDialect, source: SourceSpec, range: RowRange): string {
  const columns = source.columns.map(({ name }) => `s.${dialect.identifier(name)}`);
  const reasons = rejecting(source).map(
    (expectation) => `CASE WHEN ${failsSql(dialect, expectation)} THEN ${dialect.text(expectation.text)} END`,
  );
  const known = source.eventTime === undefined ? "NULL::BIGINT" : timeColumns(dialect, { source }).known;
  const own = [
    `concat_ws(chr(10), ${reasons.join(", ")}) AS ${dialect.identifier(ownColumns.reasons)}`,
    `s.${dialect.identifier(ownColumns.file)}`,
    `${known} AS ${dialect.identifier(ownColumns.known)}`,
  ];
  return `SELECT ${[...columns, ...own].join(", ")} FROM ${dialect.scanAll(source, ownColumns.file)} s WHERE ${failedSql(dialect, source)} AND ${rangeSql(dialect, source, range)} ORDER BY ${[known, ...columns].join(", ")}`;
}

function failedSql(dialect: SqlDialect, source: SourceSpec): string {
  const condition = letInCondition(source.expect);
  return condition === undefined ? "false" : `(${sourceExpression(dialect, condition, "s")}) IS FALSE`;
}
