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

function isAlmostFull(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < ALMOST_FULL_BYTES;
}
