// The way of a stream to the disk. Bytes are hashed as they come, written a megabyte at a time while the next one comes, and sent on to the disk along
// the way, so that the wait for the disk at the end is for the last part and not for all of it.

import type { FileHandle } from "node:fs/promises";
import { hashing } from "./hash-thread.ts";

/** A socket gives 64 kB at a time; a write for each would be most of the work. */
const PART = 2 ** 20;
/** So much is written before the disk is asked to begin. */
const AHEAD = 2 ** 24;

/** Writes a stream to an empty file, and says what it was. The file is not synced yet. */
export async function writeHashed(
  handle: FileHandle,
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly hash: string; readonly size: number }> {
  const digest = hashing();
  let size = 0;
  let waiting: Uint8Array[] = [];
  let length = 0;
  let unsynced = 0;
  let writing: Promise<void> = Promise.resolve();
  let syncing: Promise<void> | undefined;
  const flush = async (): Promise<void> => {
    await writing;
    unsynced += length;
    writing = writeAll(handle, waiting, length);
    // Heard at the next await; until then it is nobody's.
    writing.catch(() => undefined);
    waiting = [];
    length = 0;
    if (unsynced < AHEAD || syncing) return;
    unsynced = 0;
    // Only a start: a failure shows again when the whole file is synced.
    syncing = handle
      .datasync()
      .catch(() => undefined)
      .finally(() => {
        syncing = undefined;
      });
  };
  try {
    for await (const chunk of chunks) {
      await digest.add(chunk);
      size += chunk.length;
      waiting.push(chunk);
      length += chunk.length;
      if (length >= PART) await flush();
    }
    await flush();
    await writing;
    return { hash: await digest.hex(), size };
  } finally {
    digest.drop();
    await writing.catch(() => undefined);
    await syncing;
  }
}

/** Writes every chunk; the system may take less at once than it was given. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[], length: number): Promise<void> {
  if (length === 0) return;
  const { bytesWritten } = await handle.writev(chunks);
  if (bytesWritten < length) await handle.writeFile(Buffer.concat(chunks, length).subarray(bytesWritten));
}
