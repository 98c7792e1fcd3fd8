// Rows to judge a version by: its inputs with the label, and beside them what slices and clusters read, of the very same rows.

import { type ColumnSchema, type Instant, isDecimal, type Table } from "../core/core.ts";
import { type ExpressionNode, type LeafNode, type ModelSpec, rowColumnNames } from "../define/define.ts";
import type { BlobStore, OfflineEngine, SqlDialect } from "../ports/ports.ts";
import { type SplitBounds, type SplitPart, splitCondition } from "./split.ts";

/** Which rows of a snapshot: a part of a training's, or those of a span of prediction time. */
export type JudgedSpan =
  | { readonly bounds: SplitBounds; readonly part: SplitPart }
  | { readonly from: Instant; readonly to: Instant };

/** What to read. */
export interface JudgedQuery {
  readonly model: ModelSpec;
  /** The snapshot's blob and the columns it was written with. */
  readonly blob: string;
  readonly columns: readonly ColumnSchema[];
  readonly span: JudgedSpan;
  /** Inputs, by name; each must be among the columns. */
  readonly inputs: readonly string[];
  /** Expressions over columns of the rows source and features; each comes as a column `#0`, `#1`, … */
  readonly beside: readonly ExpressionNode[];
}

/** The rows by prediction time, then key: the inputs, `label`, `t`, and `#0`… Only labelled rows. */
export function streamJudged(
  { offline, blobs }: { readonly offline: OfflineEngine; readonly blobs: BlobStore },
  query: JudgedQuery,
): AsyncIterable<Table> {
  const { dialect } = offline;
  const { model, blob, columns, inputs, beside, span } = query;
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  // What tells rows apart comes as it is stored: two ids that are one float64 would be one group, or one class.
  const identities = [rowColumnNames.group, ...(model.task.kind === "multiclass" ? ["label"] : [])];
  const listed = [...inputs, "label"].map((name) => {
    const type = types.get(name) ?? "bool";
    // A matrix is float32: a float64 loses nothing of what it takes from these, and is not a bigint a cell.
    const isWide = (type === "int64" || isDecimal(type)) && !identities.includes(name);
    const own = `s.${dialect.identifier(name)}`;
    const number = {
      kind: "call",
      operator: "toFloat64",
      args: [{ kind: "row", name, type }],
      type: "float64",
    } as const;
    return `${isWide ? dialect.expression(number, () => own) : own} AS ${dialect.identifier(name)}`;
  });
  const expressions = beside.map(
    (node, place) =>
      `${dialect.expression(node, (leaf) => besideColumn(dialect, leaf))} AS ${dialect.identifier(`#${place}`)}`,
  );
  const key = `s.${dialect.identifier("key")}`;
  const scan = dialect.scanOwn([blobs.locate(blob)]);
  const sql = `SELECT ${[...listed, `s.${dialect.identifier("t")}`, ...expressions].join(", ")}
    FROM (SELECT * FROM ${scan} WHERE ${spanCondition(dialect, span)}) s
    ${beside.length === 0 ? "" : `LEFT JOIN ${dialect.scan(model.rows)} r ON r.${dialect.identifier(model.rows.id ?? "")} = ${key}`}
    ORDER BY s.${dialect.identifier("t")}, ${key}`;
  return offline.stream(sql);
}

function besideColumn(dialect: SqlDialect, leaf: LeafNode): string {
  return `${leaf.kind === "feature" ? "s" : "r"}.${dialect.identifier(leaf.name)}`;
}

function spanCondition(dialect: SqlDialect, span: JudgedSpan): string {
  if ("part" in span) return splitCondition(dialect, span.bounds, span.part);
  const t = `epoch_us(${dialect.identifier("t")})`;
  return `${dialect.identifier("label")} IS NOT NULL AND ${t} >= ${span.from} AND ${t} < ${span.to}`;
}
