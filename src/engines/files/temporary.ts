// Unfinished blobs live in a folder of their own, whose name no blob can have. A writer that was killed leaves one behind; whoever
// writes a day later clears it away.

import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";

/** The folder of unfinished blobs. */
export const TEMPORARY_FOLDER = ".unfinished";

const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

/** An unfinished blob. */
export interface Temporary {
  readonly path: string;
  readonly handle: FileHandle;
  /** Closes and removes it; fails never. */
  discard(): Promise<void>;
}

/** Opens a new, empty file under a name of its own. */
export type StartTemporary = () => Promise<Temporary>;

/** How to start unfinished blobs in a store; the first one clears the abandoned away. */
export function temporariesOf(base: string): StartTemporary {
  const folder = join(base, TEMPORARY_FOLDER);
  let swept = false;
  return async () => {
    await mkdir(folder, { recursive: true });
    const path = join(folder, randomUUID());
    const handle = await open(path, "wx");
    if (!swept) {
      swept = true;
      await sweep(folder, (await handle.stat()).mtimeMs);
    }
    const discard = async (): Promise<void> => {
      await handle.close().catch(() => undefined);
      await unlink(path).catch(() => undefined);
    };
    return { path, handle, discard };
  };
}

async function sweep(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const modified = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => now,
    );
    if (now - modified > ABANDONED_AFTER_MS) await unlink(path).catch(() => undefined);
  }
}
