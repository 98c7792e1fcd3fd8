// One connection in the shape Kysely expects, around libsql's three surprises: a BLOB comes back as an ArrayBuffer, a number is bound
// as REAL even when it is whole, and a boolean parameter aborts the whole process.

import type { SqliteDatabase, SqliteStatement } from "kysely";
import Sqlite from "libsql";
import { SlipwayError } from "../../core/core.ts";
import { sqliteError } from "./failure.ts";

const BUSY_TIMEOUT_MS = 10_000;

/** Opens a file for Kysely, set up to commit for good and to wait for other writers. */
export function openConnection(file: string): SqliteDatabase {
  const database = new Sqlite(file);
  try {
    database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    startWriteAheadLog(database);
    // FULL syncs the log at every commit, so a commit outlives a power cut too. It costs about a millisecond, and records are
    // written a few times per run; losing "version 7 is champion" after saying so would cost more.
    database.pragma("synchronous = FULL");
    database.pragma("foreign_keys = ON");
  } catch (thrown) {
    database.close();
    throw thrown;
  }
  return {
    close: () => void database.close(),
    prepare: (sql) => guarded(file, () => statement(file, database.prepare(sql))),
  };
}

function startWriteAheadLog(database: Sqlite.Database): void {
  // Two processes that create the file at once meet here, and SQLite does not wait for this lock by itself.
  for (let attempt = 1; ; attempt += 1) {
    try {
      database.pragma("journal_mode = WAL");
      return;
    } catch (thrown) {
      const busy = thrown instanceof Error && "code" in thrown && String(thrown.code).startsWith("SQLITE_BUSY");
      if (!busy || attempt === 200) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 25);
    }
  }
}

function statement(file: string, prepared: Sqlite.Statement<unknown[]>): SqliteStatement {
  return {
    reader: prepared.reader,
    all: (parameters) => guarded(file, () => prepared.all(parameters.map(bound)).map(withBytes)),
    run: (parameters) => guarded(file, () => prepared.run(parameters.map(bound))),
    *iterate(parameters) {
      for (const row of guarded(file, () => prepared.iterate(parameters.map(bound)))) yield withBytes(row);
    },
  };
}

function guarded<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (thrown) {
    throw sqliteError(thrown, file);
  }
}

function bound(value: unknown): unknown {
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (value === null || typeof value === "string" || typeof value === "bigint") return value;
  if (value instanceof Uint8Array) return value;
  throw new SlipwayError("INTERNAL", `SQLite cannot store a parameter of type ${typeof value}.`);
}

function withBytes(row: unknown): unknown {
  const cells = row as Record<string, unknown>;
  for (const name in cells) {
    const cell = cells[name];
    if (cell instanceof ArrayBuffer) cells[name] = new Uint8Array(cell);
  }
  return cells;
}
