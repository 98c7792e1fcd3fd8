// The few places where one SQL engine differs from another; planners write the rest once. A dialect holds no state.

import type { ColumnSchema, DataType, DecimalType } from "../core/core.ts";
import type { ExpressionNode, LeafNode, PushSpec, SourceSpec } from "../define/define.ts";

/** Says what SQL stands for a leaf of an expression. */
export type LeafSql = (leaf: LeafNode) => string;

/** How one engine writes SQL. */
export interface SqlDialect {
  readonly name: "duckdb";
  /** A quoted identifier. */
  identifier(name: string): string;
  /** A quoted text literal. */
  text(value: string): string;
  /** A table expression over a source's declared columns, in the file's row order, of the rows that its expectations let in. */
  scan(source: SourceSpec): string;
  /** The same over every row, let in or not; with `fileColumn`, also the file that a row is from, where there are files. */
  scanAll(source: SourceSpec, fileColumn?: string): string;
  /**
   * A table expression over files of JSON lines. Each of `objects` is a struct column `name` with typed fields; `columns` are plain ones. What a
   * line lacks is null. Values stand as the line has them until `fromLine`: timestamps, decimals and dates as whole numbers, bytes as base64.
   */
  scanLines(
    files: readonly string[],
    columns: readonly ColumnSchema[],
    objects: Readonly<Record<string, readonly ColumnSchema[]>>,
  ): string;
  /** SQL of a value out of `scanLines` as its own type. */
  fromLine(value: string, type: DataType): string;
  /**
   * A table expression over a push source's events: its declared columns as `scan` has them, and three of int64: each event's number `#n`,
   * when it was acknowledged `#at`, and when it itself said to have become known `#said`, or null; both in microseconds. Events of its
   * history that were not taken in are not in it.
   */
  scanEvents(source: PushSpec): string;
  /** A table expression over the rows of a push source's history whose ids are not among its events. */
  scanHistory(source: PushSpec): string;
  /** A table expression over files that `writeParquet` wrote, with the columns as they were written. */
  scanOwn(files: readonly string[]): string;
  /** An expression with exactly the value that the row function gives. */
  expression(node: ExpressionNode, leaf: LeafSql): string;
  /** SQL of the decimal of so many units, null where they do not fit. */
  decimalOf(units: string, type: DecimalType): string;
  /** The engine's name for a type. */
  typeName(type: DataType): string;
}
