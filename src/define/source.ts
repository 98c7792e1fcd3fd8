// Sources: where rows come from, with the types and times they are declared to have.

import { type ColumnSchema, SlipwayError } from "../core/core.ts";
import { checkName, type Definition, frozen, type Spec, spec } from "./definition.ts";
import { type Expression, expressionOf } from "./expression.ts";
import { type Field, type Fields, schemaOf } from "./field.ts";
import { type Metadata, metadataOf } from "./metadata.ts";
import type { LeafNode } from "./node.ts";

/** A source as plain data. */
export interface SourceSpec extends Spec {
  readonly kind: "source";
  readonly format: "parquet";
  /** A file or glob, relative to the project's folder. */
  readonly path: string;
  readonly columns: readonly ColumnSchema[];
  /** When a row happened; a source without one is static: always known, valid at every time. */
  readonly eventTime?: string;
  /** When a row became known, where that can be later than it happened; null means event time. */
  readonly createdAt?: string;
  /** The column that identifies a row; its values are unique and not null. */
  readonly id?: string;
}

/** A source: each declared column is a property and an expression. */
export type Source<C extends Fields = Fields> = Definition<SourceSpec> & {
  readonly [K in keyof C]: Expression<C[K]["type"]>;
};

/** Leads from a column's leaf to its source; not part of the plain data, so it is neither hashed nor stored. */
const sourceOf: unique symbol = Symbol.for("slipway.sourceOf") as never;

type ColumnLeaf = Extract<LeafNode, { readonly kind: "column" }>;

function columnLeaf(source: SourceSpec, column: ColumnSchema): ColumnLeaf {
  const leaf: ColumnLeaf = { kind: "column", source: source.name, name: column.name, type: column.type };
  return Object.defineProperty(leaf, sourceOf, { value: source });
}

/** The source a column's leaf was taken from. */
export function sourceOfLeaf(leaf: ColumnLeaf): SourceSpec {
  return (leaf as ColumnLeaf & { readonly [sourceOf]: SourceSpec })[sourceOf];
}

type NamesOf<C extends Fields, T extends Field["type"]> = {
  [K in keyof C & string]: C[K]["type"] extends T ? K : never;
}[keyof C & string];

/** The options of a Parquet source. */
export interface ParquetOptions<C extends Fields> extends Metadata {
  /** A file or glob, relative to the project's folder. */
  readonly path: string;
  readonly columns: C;
  /** When a row happened. Leave out for a static table. */
  readonly eventTime?: NamesOf<C, "timestamp">;
  /** When a row became known, if the source says; null means event time. */
  readonly createdAt?: NamesOf<C, "timestamp">;
  /** A unique column that names a row: needed for prediction rows and labels. */
  readonly id?: NamesOf<C, "string" | "int64">;
}

/** Rows from Parquet files. Nothing is read until an engine needs it; columns not declared are ignored. */
export function parquet<const C extends Fields>(name: string, options: ParquetOptions<C>): Source<C> {
  checkName("source", name);
  const columns = schemaOf(options.columns);
  const { eventTime, createdAt, id } = options;
  if (createdAt !== undefined && eventTime === undefined)
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `source "${name}" has createdAt but no eventTime; say when rows happened.`,
    );
  for (const column of [eventTime, createdAt, id])
    if (column !== undefined && !columns.some((candidate) => candidate.name === column))
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `source "${name}" names column "${column}", which it does not declare.`,
      );
  const own: SourceSpec = {
    kind: "source",
    format: "parquet",
    name,
    path: options.path,
    columns,
    ...(eventTime === undefined ? {} : { eventTime }),
    ...(createdAt === undefined ? {} : { createdAt }),
    ...(id === undefined ? {} : { id }),
    ...metadataOf(`source "${name}"`, options),
  };
  const faces = columns.map((column) => [column.name, expressionOf(columnLeaf(own, column))]);
  return Object.freeze({ ...Object.fromEntries(faces), [spec]: frozen(own) }) as Source<C>;
}
