// Sources: where rows come from, with the types and times they are declared to have.

import { type ColumnSchema, SlipwayError } from "../core/core.ts";
import { columnLeaf } from "./column.ts";
import { checkName, type Definition, frozen, type Spec, spec } from "./definition.ts";
import { type ExpectationSpec, type Expected, expectationSpecs, type SetRule } from "./expectation.ts";
import { type Expression, expressionOf } from "./expression.ts";
import { type Field, type Fields, schemaOf } from "./field.ts";
import { type Metadata, metadataOf } from "./metadata.ts";

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
  /** What rows must keep to; those that a rejecting expectation fails are seen by nothing that reads the source. */
  readonly expect?: readonly ExpectationSpec[];
}

/** A source: each declared column is a property and an expression. */
export type Source<C extends Fields = Fields> = Definition<SourceSpec> & {
  readonly [K in keyof C]: Expression<C[K]["type"]>;
};

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
  /** What the rows must keep to: `[notNull("carrier"), between("dep_delay", -120, 2000), freshWithin(hours(6)).orWarn()]`. */
  readonly expect?: readonly Expected<{ readonly [K in keyof C]: C[K]["type"] }>[];
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
  const faces = Object.fromEntries(columns.map((column) => [column.name, expressionOf(columnLeaf(own, column))]));
  const expect = expectationSpecs(`source "${name}"`, options.expect ?? [], faces);
  if (eventTime === undefined && expect.some((each) => each.kind === "set" && needsTimes(each.rule)))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `source "${name}" has no eventTime, so it can't be fresh, and its rows have no periods to be counted in.`,
    );
  const guarded: SourceSpec = expect.length === 0 ? own : { ...own, expect };
  const named = Object.fromEntries(columns.map((column) => [column.name, expressionOf(columnLeaf(guarded, column))]));
  return Object.freeze({ ...named, [spec]: frozen(guarded) }) as Source<C>;
}

function needsTimes(rule: SetRule): boolean {
  return rule.check === "fresh" || (rule.check === "rowCount" && rule.per !== undefined);
}
