// Sources: where rows come from, with the types and times they are declared to have. Every format becomes the same typed value: a
// spec that an engine reads, and a property per column that is an expression. file-source.ts and table-source.ts are the words.

import { type ColumnSchema, SlipwayError } from "../core/core.ts";
import { columnLeaf } from "./column.ts";
import { checkName, type Definition, frozen, type Spec, spec } from "./definition.ts";
import { type ExpectationSpec, type Expected, expectationSpecs, type SetRule } from "./expectation.ts";
import { type Expression, expressionOf } from "./expression.ts";
import { type Field, type Fields, schemaOf } from "./field.ts";
import { type Metadata, metadataOf } from "./metadata.ts";
import type { PushSpec } from "./push-source.ts";

/** What every source says, whatever its format. */
export interface SourceCore extends Spec {
  readonly kind: "source";
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

/** How times are written where they are not typed. */
export interface TimeText {
  /** A strptime pattern, or the unit of whole numbers since the epoch: `seconds`, `milliseconds`, `microseconds`. Default ISO 8601. */
  readonly timeFormat?: string;
  /** The zone of times that say none, such as `UTC` or `Europe/Berlin`; without it they are refused. */
  readonly timeZone?: string;
}

/** Parquet files. */
export interface ParquetSpec extends SourceCore {
  readonly format: "parquet";
  /** A file or glob, relative to the project's folder. */
  readonly path: string;
}

/** CSV files. */
export interface CsvSpec extends SourceCore, TimeText {
  readonly format: "csv";
  readonly path: string;
  readonly delimiter: string;
  /** Whether the first line names the columns. */
  readonly header: boolean;
  readonly quote: string;
  /** Cells that mean null. */
  readonly nulls: readonly string[];
}

/** Files of one JSON object a line. */
export interface JsonLinesSpec extends SourceCore, TimeText {
  readonly format: "jsonLines";
  readonly path: string;
}

/** A table or view of a DuckDB database file. */
export interface DuckdbTableSpec extends SourceCore {
  readonly format: "duckdb";
  readonly path: string;
  /** `table` or `schema.table`. */
  readonly table: string;
}

/** A table or view of a SQLite database file. */
export interface SqliteTableSpec extends SourceCore, TimeText {
  readonly format: "sqlite";
  readonly path: string;
  readonly table: string;
}

/** A table or view of a Postgres database. */
export interface PostgresTableSpec extends SourceCore {
  readonly format: "postgres";
  /** Which variable of the environment holds the connection string; never the string itself. */
  readonly url: { readonly env: string };
  readonly table: string;
  /** The zone of `timestamp without time zone` columns. */
  readonly timeZone?: string;
}

/** A source as plain data. */
export type SourceSpec =
  | ParquetSpec
  | CsvSpec
  | JsonLinesSpec
  | DuckdbTableSpec
  | SqliteTableSpec
  | PostgresTableSpec
  | PushSpec;

/** A source: each declared column is a property and an expression. */
export type Source<C extends Fields = Fields> = Definition<SourceSpec> & {
  readonly [K in keyof C]: Expression<C[K]["type"]>;
};

/** Where a source's rows are, in words: `data/trips.csv`, `shop.db, table orders`, `PG_URL, table public.orders`. */
export function sourcePlace(source: SourceSpec): string {
  switch (source.format) {
    case "duckdb":
    case "sqlite":
      return `${source.path}, table ${source.table}`;
    case "postgres":
      return `${source.url.env}, table ${source.table}`;
    case "push":
      return source.history === undefined ? "pushed events" : `pushed events, and ${source.history}`;
    default:
      return source.path;
  }
}

/** The names of the fields that have one of the types. */
export type NamesOf<C extends Fields, T extends Field["type"]> = {
  [K in keyof C & string]: C[K]["type"] extends T ? K : never;
}[keyof C & string];

/** The options that sources of every format take. */
export interface SourceOptions<C extends Fields> extends Metadata {
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

type OwnOf<S extends SourceSpec> = Omit<S, keyof SourceCore>;

/** A source from what all formats have and what its own has. Throws DEFINITION_INVALID for columns it does not declare. */
export function declareSource<const C extends Fields, S extends SourceSpec>(
  name: string,
  options: SourceOptions<C>,
  format: OwnOf<S>,
): Source<C> {
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
  const own = {
    kind: "source",
    ...format,
    name,
    columns,
    ...(eventTime === undefined ? {} : { eventTime }),
    ...(createdAt === undefined ? {} : { createdAt }),
    ...(id === undefined ? {} : { id }),
    ...metadataOf(`source "${name}"`, options),
  } as unknown as S;
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
