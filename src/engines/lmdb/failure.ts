import { closeSync, openSync, readSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { asSlipwayError, SlipwayError } from "../../core/core.ts";

const ALMOST_FULL_BYTES = 1024 * 1024;

/** Runs an action on the store in a folder; what it throws becomes an error a user can act on. */
export function understood<T>(folder: string, action: () => T): T {
  try {
    return action();
  } catch (thrown) {
    // LMDB reports a write that the disk had no room for as an input/output error.
    if (thrown instanceof Error && /input\/output error/i.test(thrown.message) && isAlmostFull(folder))
      throw asSlipwayError(new Error(`No space left on device for ${folder}`, { cause: thrown }));
    throw asSlipwayError(thrown);
  }
}

function isAlmostFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < ALMOST_FULL_BYTES;
}

/** What follows the header of a data file's first page: LMDB's `MDB_MAGIC`. */
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;

/** Throws STATE_FORMAT_UNKNOWN when the folder's data file is none of LMDB's: opening it would end the process without a word. */
export function checkDataFile(folder: string): void {
  const file = join(folder, "data.mdb");
  const start = Buffer.alloc(MAGIC_AT + 4);
  let length = 0;
  try {
    const opened = openSync(file, "r");
    try {
      length = readSync(opened, start, 0, start.length, 0);
    } finally {
      closeSync(opened);
    }
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return;
    throw asSlipwayError(thrown);
  }
  if (length === 0 || (length === start.length && start.readUInt32LE(MAGIC_AT) === MAGIC)) return;
  throw new SlipwayError(
    "STATE_FORMAT_UNKNOWN",
    `${file} is damaged, or no file of online values. Delete the folder ${folder} and run "slipway features materialize".`,
    { details: { file } },
  );
}
