// One open file, around libsql's surprises: a statement that found the database busy stays in progress until it is collected as
// garbage, and no commit succeeds before (`exec` alone ends it at once); a BLOB comes back as an ArrayBuffer; a whole number is bound
// as REAL; and a boolean parameter aborts the process.

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { QueryResult } from "kysely";
import Sqlite from "libsql";
import { SlipwayError } from "../../core/core.ts";
import { sqliteError } from "./failure.ts";
import { startWriteAheadLog } from "./write-ahead-log.ts";

/** How long SQLite itself waits for another writer, blocking the thread on which that very writer may have to go on. */
const BUSY_TIMEOUT_MS = 5;

/** An open file, used by one caller at a time. */
export interface SqliteConnection {
  inTransaction(): boolean;
  /** Begins a transaction that holds the write lock; waits for another writer. */
  begin(): Promise<void>;
  commit(): void;
  /** Rolls back, unless SQLite already has. */
  rollback(): void;
  execute<R>(sql: string, parameters: readonly unknown[]): QueryResult<R>;
  stream<R>(sql: string, parameters: readonly unknown[]): Iterable<R>;
  close(): void;
}

/** Opens a file, set up to commit for good. */
export function openConnection(file: string, patienceMs: number): SqliteConnection {
  const guarded = <T>(action: () => T): T => {
    try {
      return action();
    } catch (thrown) {
      throw sqliteError(thrown, file);
    }
  };
  const database = guarded(() => openDatabase(file));
  const prepared = preparedStatements(database);
  return {
    inTransaction: () => database.inTransaction,
    begin: () => beginPatiently(() => guarded(() => database.exec("begin immediate")), patienceMs),
    commit: () => void guarded(() => database.exec("commit")),
    rollback: () => {
      if (database.inTransaction) guarded(() => database.exec("rollback"));
    },
    execute: (sql, parameters) => guarded(() => execute(prepared, sql, parameters)),
    *stream<R>(sql: string, parameters: readonly unknown[]) {
      const rows = guarded(() => database.prepare(sql).iterate(parameters.map(bound)));
      for (const row of rows) yield withBytes<R>(row);
    },
    close: () => void database.close(),
  };
}

function openDatabase(file: string): Sqlite.Database {
  mkdirSync(dirname(file), { recursive: true });
  const database = new Sqlite(file);
  try {
    database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    startWriteAheadLog(database);
    // FULL syncs the log at every commit, so a commit outlives a power cut too. It costs about a millisecond, and records are
    // written a few times per run; losing "version 7 is champion" after saying so would cost more.
    database.pragma("synchronous = FULL");
    database.pragma("foreign_keys = ON");
    // In KiB; the default of 2 MiB is less than the indexes of ten thousand runs, which would be read anew for every search.
    database.pragma("cache_size = -32768");
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

async function beginPatiently(begin: () => unknown, patienceMs: number): Promise<void> {
  for (let waited = 0; ; waited += BUSY_TIMEOUT_MS) {
    try {
      begin();
      return;
    } catch (thrown) {
      const locked = thrown instanceof SlipwayError && thrown.code === "STATE_LOCKED";
      if (!locked || waited >= patienceMs) throw thrown;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Statements by their text. */
interface Prepared {
  get(sql: string): Sqlite.Statement;
  forget(sql: string): void;
}

/** How many statements are kept; texts with lists of values in them are many, and each is asked once. */
const MOST_PREPARED = 256;
const LONGEST_PREPARED = 20_000;

function preparedStatements(database: Sqlite.Database): Prepared {
  const kept = new Map<string, Sqlite.Statement>();
  return {
    get(sql) {
      const known = kept.get(sql);
      if (known) {
        // Last in the order of insertion is the last to go.
        kept.delete(sql);
        kept.set(sql, known);
        return known;
      }
      const statement = database.prepare(sql);
      if (sql.length > LONGEST_PREPARED) return statement;
      kept.set(sql, statement);
      const [oldest] = kept.keys();
      if (kept.size > MOST_PREPARED && oldest !== undefined) kept.delete(oldest);
      return statement;
    },
    forget: (sql) => void kept.delete(sql),
  };
}

function execute<R>(prepared: Prepared, sql: string, parameters: readonly unknown[]): QueryResult<R> {
  const statement = prepared.get(sql);
  const values = parameters.map(bound);
  try {
    if (statement.reader) return { rows: statement.all(values).map((row) => withBytes<R>(row)) };
    const { changes, lastInsertRowid } = statement.run(values);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  } catch (thrown) {
    // One that failed may be left in the middle of what it did.
    prepared.forget(sql);
    throw thrown;
  }
}

function bound(value: unknown): unknown {
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (value === null || typeof value === "string" || typeof value === "bigint") return value;
  if (value instanceof Uint8Array) return value;
  throw new SlipwayError("INTERNAL", `SQLite cannot store a parameter of type ${typeof value}.`);
}

function withBytes<R>(row: unknown): R {
  const cells = row as Record<string, unknown>;
  for (const name in cells) {
    const cell = cells[name];
    if (cell instanceof ArrayBuffer) cells[name] = new Uint8Array(cell);
  }
  return cells as R;
}
