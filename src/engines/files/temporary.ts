// Unfinished blobs live in a folder of their own, whose name no blob can have. A writer that was killed leaves one behind; whoever
// writes a day later clears it away.

import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type Duration, days, type Instant } from "../../core/core.ts";

/** The folder of unfinished blobs. */
export const TEMPORARY_FOLDER = ".unfinished";

const ABANDONED_AFTER: Duration = days(1);

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
      await sweepUnfinished(base, (await handle.stat({ bigint: true })).mtimeNs / 1000n - ABANDONED_AFTER);
    }
    const discard = async (): Promise<void> => {
      await handle.close().catch(() => undefined);
      await unlink(path).catch(() => undefined);
    };
    return { path, handle, discard };
  };
}

/** Removes what was left unfinished before an instant, and says how much that was; with `dryRun` only says it. */
export async function sweepUnfinished(
  base: string,
  before: Instant,
  dryRun = false,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const folder = join(base, TEMPORARY_FOLDER);
  let [files, bytes] = [0, 0];
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    if (!found || found.mtimeNs / 1000n > before) continue;
    if (!dryRun) await unlink(path).catch(() => undefined);
    files += 1;
    bytes += Number(found.size);
  }
  return { files, bytes };
}
