// What SQLite's refusals mean to a user. Errors that only a programmer can act on (a constraint, bad SQL) pass through unchanged.

import { asSlipwayError, SlipwayError } from "../../core/core.ts";

/** A thrown value as the error a user can act on, or unchanged when there is no such meaning. */
export function sqliteError(thrown: unknown, file: string): unknown {
  if (thrown instanceof SlipwayError || !(thrown instanceof Error)) return thrown;
  const code = "code" in thrown ? String(thrown.code) : "";
  const cause = thrown;
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED"))
    return new SlipwayError(
      "STATE_LOCKED",
      `Another process is writing to ${file} and did not finish in time. Wait for it to end, then run this again.`,
      { cause },
    );
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT"))
    return new SlipwayError(
      "CONFIG_INVALID",
      `${file} is not a readable SQLite database (${thrown.message}). Restore it from a backup, or choose another --state.`,
      { cause },
    );
  if (
    code.startsWith("SQLITE_CANTOPEN") ||
    code === "EEXIST" ||
    code === "ENOTDIR" ||
    thrown.message.includes("Unable to open connection")
  )
    return new SlipwayError(
      "STATE_NOT_WRITABLE",
      `Cannot open ${file}. Check that it is a file and that its folder may be written, or choose another --state.`,
      { cause },
    );
  if (code.startsWith("SQLITE_CONSTRAINT") || code === "SQLITE_ERROR") return thrown;
  if (code.startsWith("SQLITE_READONLY"))
    return new SlipwayError(
      "STATE_NOT_WRITABLE",
      `Cannot write to ${file}: it is read-only here. Check its permissions and its folder's, or choose another --state.`,
      { cause },
    );
  const known = asSlipwayError(thrown);
  return known.code === "INTERNAL" ? thrown : known;
}
