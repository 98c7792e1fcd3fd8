import { statfsSync } from "node:fs";
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
    const known = asSlipwayError(thrown);
    // What LMDB says of a file does not say which.
    if (known.code === "STATE_NOT_WRITABLE" && !known.message.includes(folder))
      throw new SlipwayError(
        known.code,
        `Cannot write to the online store in ${folder}: ${(thrown as Error).message}. Check its permissions, or choose another with --state.`,
        { cause: thrown },
      );
    throw known;
  }
}

/**
 * Reads once, so that this process has its slot in the table of readers, which LMDB keeps by process number. Where another container has the store open
 * in a process of the same number there is none, and the library then fails at its own missing transaction. Throws STATE_LOCKED.
 */
export function takeReaderSlot(folder: string, read: () => unknown, reset: () => void): void {
  try {
    read();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    try {
      // The library has set a timer that would fail at the same missing transaction, with nobody to catch it; failing now takes it back.
      reset();
    } catch {
      // As expected.
    }
    throw new SlipwayError(
      "STATE_LOCKED",
      `The online store in ${folder} is open in another container, in a process that has the number ${process.pid} there as this one has here, and LMDB tells its readers apart by number. ` +
        "Let the containers share their process numbers (docker run --pid=container:NAME, or shareProcessNamespace), or stop the other one.",
      { cause, details: { folder, pid: process.pid } },
    );
  }
}

function isAlmostFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < ALMOST_FULL_BYTES;
}
