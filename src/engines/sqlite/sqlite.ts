// The door of the SQLite engine: one file holds every record. Think of a Database as a recipe: nothing is opened until Kysely asks
// for its first connection, and each dialect opens a connection of its own.

import { type Dialect, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import type { Database } from "../../ports/ports.ts";
import { sqliteDriver } from "./driver.ts";

export { holdFile, isFileHeld, tryHoldFile } from "./file-lock.ts";
export { sqliteReader } from "./source-reader.ts";

/** How a SQLite database behaves. */
export interface SqliteOptions {
  /** How long to wait for another writer before STATE_LOCKED, in milliseconds. Default ten seconds. */
  readonly patienceMs?: number;
}

/** A database in a local SQLite file; the file and its folder are made when they are missing. */
export function sqlite(file: string, options: SqliteOptions = {}): Database {
  return { kind: "sqlite", dialect: () => dialect(file, options.patienceMs ?? 10_000) };
}

function dialect(file: string, patienceMs: number): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => sqliteDriver(file, patienceMs),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}
