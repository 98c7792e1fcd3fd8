// Tables of SQLite files as sources. SQLite keeps values of any type in any column, so every cell is held against the declared type. The
// file is opened for reading only, which also leaves its write-ahead log as it is, and read in one transaction.

import { existsSync, statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import Sqlite from "libsql";
import {
  type ColumnSchema,
  columnFrom,
  didYouMean,
  SlipwayError,
  type Table,
  typeText,
  type Value,
} from "../../core/core.ts";
import type { SourceSpec, SqliteTableSpec } from "../../define/define.ts";
import type { SourceReader } from "../../ports/source-reader.ts";
import { cellValue, type SqliteCell } from "./cell-value.ts";

/** Reads tables of SQLite files; relative paths start at `root`. */
export function sqliteReader(root: string): SourceReader {
  const fileOf = (source: SqliteTableSpec): string => {
    const file = isAbsolute(source.path) ? source.path : resolve(root, source.path);
    if (existsSync(file)) return file;
    throw new SlipwayError(
      "SOURCE_NOT_FOUND",
      `Source "${source.name}" finds no file at ${file}. Put the data there, or correct the path in its definition.`,
      { details: { source: source.name, path: file } },
    );
  };
  return {
    format: "sqlite",
    async probe(spec) {
      const source = sqliteSpec(spec);
      const file = fileOf(source);
      ended(openToRead(source, file));
    },
    fingerprint: async (spec) => fingerprintOf(fileOf(sqliteSpec(spec))),
    async read(spec) {
      const source = sqliteSpec(spec);
      const file = fileOf(source);
      // Before the rows: what is written meanwhile makes another fingerprint, and the next check reads again.
      const fingerprint = fingerprintOf(file);
      const database = openToRead(source, file);
      let rows: Iterator<unknown> | undefined;
      return {
        fingerprint,
        isAddition: false,
        tables: () => {
          const cells = cellsOf(database, source, file);
          rows = cells;
          return tablesOf(cells, source, file);
        },
        async close() {
          // A statement left before its end keeps its lock until it is collected as garbage, and nothing but its end ends it.
          while (rows && !endOf(rows));
          ended(database);
        },
      };
    },
  };
}

function sqliteSpec(source: SourceSpec): SqliteTableSpec {
  if (source.format === "sqlite") return source;
  throw new SlipwayError("INTERNAL", `The SQLite reader was given ${source.format} source "${source.name}".`);
}

/** The state of the file and of its write-ahead log. */
function fingerprintOf(file: string): string {
  return [file, `${file}-wal`]
    .map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }))
    .flatMap((found) => (found && found.size > 0n ? [`${found.size} ${found.mtimeNs}`] : []))
    .join(" ");
}

/** Opens the file and takes the state that is read: SQLite takes it not at BEGIN but with the first statement, here that of the columns. */
function openToRead(source: SqliteTableSpec, file: string): Sqlite.Database {
  const database = begun(source, file);
  try {
    checkColumns(database, source, file);
    return database;
  } catch (thrown) {
    ended(database);
    throw thrown;
  }
}

function ended(database: Sqlite.Database): void {
  database.exec("COMMIT");
  database.close();
}

function begun(source: SqliteTableSpec, file: string): Sqlite.Database {
  return readable(source, file, () => {
    // The binding's own `readonly` option does nothing (libsql 0.5.29).
    const database = new Sqlite(`file:${encodeURI(file).replaceAll("?", "%3f").replaceAll("#", "%23")}?mode=ro`);
    try {
      database.pragma("busy_timeout = 5000");
      database.exec("BEGIN");
      return database;
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  });
}

function readable<T>({ name }: SqliteTableSpec, file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof SlipwayError || !(cause instanceof Error)) throw cause;
    const code = "code" in cause ? String(cause.code) : "";
    const isBusy = code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED");
    const problem = isBusy ? "is locked by another process" : `is not a whole SQLite database (${cause.message})`;
    const advice = isBusy ? "Wait for it to end." : "Write it again, or correct the path.";
    throw new SlipwayError("SOURCE_UNREADABLE", `Source "${name}" cannot be read: ${file} ${problem}. ${advice}`, {
      cause,
      details: { source: name, path: file },
    });
  }
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The columns of the table. Throws SOURCE_NOT_FOUND, listing the tables there are, or SOURCE_SCHEMA_MISMATCH. */
function checkColumns(database: Sqlite.Database, source: SqliteTableSpec, file: string): void {
  const { name, table } = source;
  const rows = <T>(sql: string): readonly T[] => readable(source, file, () => database.prepare(sql).all() as T[]);
  // Table-valued, because it also knows generated columns.
  const found = rows<{ name: string }>(`SELECT name FROM pragma_table_xinfo('${table.replaceAll("'", "''")}')`);
  const names = found.map((column) => column.name);
  if (names.length === 0) {
    const listed = rows<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%' ORDER BY name",
    );
    const tables = listed.map((each) => each.name);
    throw new SlipwayError(
      "SOURCE_NOT_FOUND",
      `Source "${name}" finds no table "${table}" in ${file}; it has ${tables.join(", ") || "none"}.${didYouMean(table, tables)}`,
      { details: { source: name, path: file, table } },
    );
  }
  for (const column of source.columns)
    if (!names.includes(column.name))
      throw new SlipwayError(
        "SOURCE_SCHEMA_MISMATCH",
        `Source "${name}": ${file}, table ${table} has no column "${column.name}"; it has ${names.join(", ")}.${didYouMean(column.name, names)}`,
        { details: { source: name, path: file, column: column.name, declared: typeText(column.type), found: null } },
      );
}

const BATCH_ROWS = 8192;

type Row = readonly SqliteCell[];

function endOf(rows: Iterator<unknown>): boolean {
  try {
    return rows.next().done === true;
  } catch {
    return true;
  }
}

function cellsOf(database: Sqlite.Database, source: SqliteTableSpec, file: string): Iterator<Row> {
  const columns = source.columns.map(({ name }) => identifier(name)).join(", ");
  const statement = database.prepare(`SELECT ${columns} FROM ${identifier(source.table)}`);
  statement.raw(true);
  statement.safeIntegers(true);
  return readable(source, file, () => statement.iterate()) as Iterator<Row>;
}

async function* tablesOf(rows: Iterator<Row>, source: SqliteTableSpec, file: string): AsyncIterable<Table> {
  let held: Row[] = [];
  for (let before = 0; ; ) {
    const next = readable(source, file, () => rows.next());
    if (!next.done) held.push(next.value);
    if (held.length === BATCH_ROWS || (next.done && held.length > 0)) {
      yield tableOf(source, file, held, before);
      before += held.length;
      held = [];
    }
    if (next.done) return;
  }
}

function tableOf(
  source: SqliteTableSpec,
  file: string,
  rows: readonly (readonly SqliteCell[])[],
  before: number,
): Table {
  const columns = source.columns.map(({ name, type }, index) => {
    const cells = rows.map((row, place): Value => {
      const cell = row[index] ?? null;
      if (cell === null) return null;
      const read = cellValue(type, cell, source);
      if (read.value !== undefined) return read.value;
      const shown =
        typeof cell === "object" ? "a blob" : JSON.stringify(typeof cell === "bigint" ? String(cell) : cell);
      throw new SlipwayError(
        "SOURCE_SCHEMA_MISMATCH",
        `Source "${source.name}": row ${before + place + 1} of ${file}, table ${source.table} has ${shown} in column "${name}", ${read.problem ?? `which is no ${typeText(type)}, as which it is declared. Correct the row, or the column's type`}.`,
        {
          details: { source: source.name, path: file, column: name, declared: typeText(type), row: before + place + 1 },
        },
      );
    });
    return columnFrom<ColumnSchema["type"]>(name, type, cells as never);
  });
  return { rowCount: rows.length, columns };
}
