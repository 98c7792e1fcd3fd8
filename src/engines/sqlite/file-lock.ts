// Files that are locked as long as a process holds them. The lock is the kernel's, taken by SQLite as it locks a database: it goes with the process however
// that ends, it is the same lock in every container that has the file, and process numbers and host names have no part in it.

import { mkdirSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "libsql";
import { SlipwayError } from "../../core/core.ts";

/**
 * Files that this process holds. SQLite keeps a file open that it was asked about as long as the same process holds it, since closing it would give
 * the lock back: to ask it about one's own would take another file descriptor each time.
 */
const own = new Set<string>();

/** What tells a file apart, by whatever name; undefined where there is none. */
function identityOf(file: string): string | undefined {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** Locks a file, made where it is missing, until the process ends or the lock is given back, which removes the file. */
export function holdFile(file: string): () => void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const database = new Sqlite(file);
    // Nothing is ever written: the file stays empty, and there is no journal beside it.
    database.pragma("journal_mode = MEMORY");
    database.exec("BEGIN EXCLUSIVE");
    const identity = identityOf(file) ?? file;
    own.add(identity);
    return () => {
      own.delete(identity);
      database.close();
      rmSync(file, { force: true });
    };
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new SlipwayError(
      "STATE_NOT_WRITABLE",
      `${file} cannot be locked (${problem}). Check that its folder may be written and that its file system has locks, or choose another --state.`,
      { cause },
    );
  }
}

/** Whether some process holds a file; undefined where there is no such file. */
export function isFileHeld(file: string): boolean | undefined {
  const identity = identityOf(file);
  if (identity === undefined) return undefined;
  if (own.has(identity)) return true;
  let database: Sqlite.Database;
  try {
    // The binding's own option for an existing file does nothing (libsql 0.5.29).
    database = new Sqlite(`file:${encodeURI(file).replaceAll("?", "%3f").replaceAll("#", "%23")}?mode=ro`);
  } catch {
    return undefined;
  }
  try {
    database.pragma("busy_timeout = 0");
    // Reading shares its lock with others who ask at the same time, and not with the one who holds it.
    database.exec("SELECT 1 FROM sqlite_master");
    return false;
  } catch {
    return true;
  } finally {
    database.close();
  }
}
