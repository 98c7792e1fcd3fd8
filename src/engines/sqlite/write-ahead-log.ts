import type Sqlite from "libsql";

const ATTEMPTS = 200;
const PAUSE_MS = 25;

/** Switches a database to write-ahead logging. Processes that create the file at once meet here, and SQLite does not wait by itself. */
export function startWriteAheadLog(database: Sqlite.Database): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      database.pragma("journal_mode = WAL");
      return;
    } catch (thrown) {
      const busy = thrown instanceof Error && "code" in thrown && String(thrown.code).startsWith("SQLITE_BUSY");
      if (!busy || attempt === ATTEMPTS) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
