// Sources from tables of databases. A definition says where a connection string is kept, and never holds one: it is stored, hashed and
// shown, and a password must not be.

import { SlipwayError } from "../core/core.ts";
import type { Fields } from "./field.ts";
import {
  type DuckdbTableSpec,
  declareSource,
  type PostgresTableSpec,
  type Source,
  type SourceOptions,
  type SqliteTableSpec,
  type TimeText,
} from "./source.ts";
import { epochUnits, timeText } from "./source-time.ts";

/** A value that is looked up in the environment when it is needed. */
export interface EnvironmentValue {
  readonly env: string;
}

/** The value of an environment variable, read when it is needed and never stored: `url: env("PG_URL")`. */
export function env(name: string): EnvironmentValue {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `env() takes the name of an environment variable, such as env("PG_URL"); what it was given is not one.`,
    );
  return Object.freeze({ env: name });
}

/** The options of a table in a database file. */
export interface DuckdbTableOptions<C extends Fields> extends SourceOptions<C> {
  /** The database file, relative to the project's folder. */
  readonly path: string;
  /** A table or view, with its schema where that is not the default: `orders`, `shop.orders`. */
  readonly table: string;
}

/** Rows from a table or view of a DuckDB database file, which is only ever read. */
export function duckdbTable<const C extends Fields>(name: string, options: DuckdbTableOptions<C>): Source<C> {
  const { path, table } = options;
  return declareSource<C, DuckdbTableSpec>(name, options, { format: "duckdb", path, table: checkedTable(name, table) });
}

/** The options of a table in a SQLite file. */
export interface SqliteTableOptions<C extends Fields> extends SourceOptions<C>, TimeText {
  /** The database file, relative to the project's folder. */
  readonly path: string;
  readonly table: string;
}

/** Rows from a table or view of a SQLite database file, which is only ever read. */
export function sqliteTable<const C extends Fields>(name: string, options: SqliteTableOptions<C>): Source<C> {
  const { path, table, timeFormat } = options;
  if (timeFormat !== undefined && !(timeFormat in epochUnits))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `source "${name}": timeFormat of a SQLite table is one of ${Object.keys(epochUnits).join(", ")}; text is read as ISO 8601.`,
    );
  return declareSource<C, SqliteTableSpec>(name, options, {
    format: "sqlite",
    path,
    table: checkedTable(name, table),
    ...timeText(name, options),
  });
}

/** The options of a table in Postgres. */
export interface PostgresTableOptions<C extends Fields> extends SourceOptions<C> {
  /** Where the connection string is kept: `env("PG_URL")`. */
  readonly url: EnvironmentValue;
  /** A table or view, with its schema where that is not on the search path: `orders`, `shop.orders`. */
  readonly table: string;
  /** The zone of columns without one (`timestamp`); without it they are refused. */
  readonly timeZone?: string;
}

/** Rows from a table or view of a Postgres database. */
export function postgresTable<const C extends Fields>(name: string, options: PostgresTableOptions<C>): Source<C> {
  const { url, table, timeZone } = options;
  if (typeof url !== "object" || typeof url?.env !== "string")
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `source "${name}": url must be env("NAME"), the variable that holds the connection string. A definition is stored and shown, so the string itself may not be in it.`,
    );
  return declareSource<C, PostgresTableSpec>(name, options, {
    format: "postgres",
    url: env(url.env),
    table: checkedTable(name, table),
    ...timeText(name, timeZone === undefined ? {} : { timeZone }),
  });
}

function checkedTable(source: string, table: string): string {
  if (typeof table !== "string" || !/^[^.\0]+(\.[^.\0]+)?$/.test(table))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `source "${source}": table ${JSON.stringify(table)} must be a name, or a schema and a name with a dot between.`,
    );
  return table;
}
