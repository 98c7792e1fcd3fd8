// Files that are locked as long as a process holds them. The lock is the kernel's, taken by SQLite as it locks a database: it goes with the process however
// that ends, it is the same lock in every container that has the file, and process numbers and host names have no part in it.

import { closeSync, mkdirSync, openSync, rmSync, statSync } from "node:fs";
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

/** What tells a file also apart from a later one that was given its number. */
function birthOf(file: string): string | undefined {
  const { ino, birthtimeNs } = statSync(file, { bigint: true, throwIfNoEntry: false }) ?? {};
  return ino === undefined ? undefined : `${ino}:${birthtimeNs}`;
}

/** Locks a file, made where it is missing, until the process ends or the lock is given back, which removes the file. */
export function holdFile(file: string): () => void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return lock(file);
  } catch (cause) {
    throw notLockable(file, cause, "choose another --state");
  }
}

/**
 * Locks a file as {@link holdFile} does, in a folder that is there, unless it is held already, by whichever process: then it gives undefined. Of several
 * that call at once, one has the lock. Throws STATE_NOT_WRITABLE where files cannot be locked.
 */
export function tryHoldFile(file: string): (() => void) | undefined {
  for (;;) {
    const identity = identityOf(file);
    if (identity !== undefined && own.has(identity)) return undefined;
    try {
      closeSync(openSync(file, "a"));
      const before = birthOf(file);
      const release = lock(file);
      // Whoever held it may have removed it between our opening and our locking: that lock is on a file that nobody else will find.
      if (before !== undefined && birthOf(file) === before) return release;
      release();
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && String(cause.code).startsWith("SQLITE_BUSY")) return undefined;
      throw notLockable(file, cause, "choose another place");
    }
  }
}

function lock(file: string): () => void {
  const database = new Sqlite(file);
  try {
    // Nothing is ever written: the file stays empty, and there is no journal beside it.
    database.pragma("journal_mode = MEMORY");
    database.exec("BEGIN EXCLUSIVE");
    const identity = identityOf(file) ?? file;
    own.add(identity);
    return () => {
      // While it is still held: once it is free, the file of that name may be another one's.
      if (identityOf(file) === identity) rmSync(file, { force: true });
      own.delete(identity);
      database.close();
    };
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function notLockable(file: string, cause: unknown, otherwise: string): SlipwayError {
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new SlipwayError(
    "STATE_NOT_WRITABLE",
    `${file} cannot be locked (${problem}). Check that its folder may be written and that its file system has locks, or ${otherwise}.`,
    { cause },
  );
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
