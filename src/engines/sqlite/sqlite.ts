// The door of the SQLite engine: one file holds every record. Think of a Database as a recipe: nothing is opened until Kysely asks
// for its first connection, and each dialect opens a connection of its own.

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type Dialect, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import type { Database } from "../../ports/database.ts";
import { openConnection } from "./connection.ts";
import { WriterFirstDriver } from "./driver.ts";
import { sqliteError } from "./failure.ts";

/** A database in a local SQLite file; the file and its folder are made when they are missing. */
export function sqlite(file: string): Database {
  return { kind: "sqlite", dialect: () => dialect(file) };
}

function dialect(file: string): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new WriterFirstDriver({ database: async () => open(file) }),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

function open(file: string): ReturnType<typeof openConnection> {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return openConnection(file);
  } catch (thrown) {
    throw sqliteError(thrown, file);
  }
}
