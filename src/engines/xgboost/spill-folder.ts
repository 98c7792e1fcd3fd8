// Where a training keeps rows that are not to stay in memory: a folder with its owner's mark, gone when the training ends, however it ends. Of a process that was
// killed it stays until the next training, or `slipway gc`, finds that its owner is gone.

import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OWNER_FILE } from "../../core/core.ts";

/** Where spilled rows may go, and whose they are. */
export interface SpillPlace {
  readonly folder: string;
  /** This process's mark. */
  readonly mark: string;
  /** Whether the process of a mark still runs. */
  readonly isAlive: (mark: string) => boolean;
}

const PREFIX = "xgboost-";

/** Lets `work` use a folder of its own. */
export async function withSpillFolder<T>(place: SpillPlace, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(place.folder, { recursive: true });
  await clearAbandoned(place);
  const folder = await mkdtemp(join(place.folder, PREFIX));
  try {
    // Whole or not at all: half a mark would be taken for one of another kind.
    const file = join(folder, OWNER_FILE);
    await writeFile(`${file}.draft`, place.mark, { flush: true });
    await rename(`${file}.draft`, file);
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A folder without a mark may be another's that has not come so far yet: it is left to `slipway gc`, which goes by age. */
async function clearAbandoned({ folder, isAlive }: SpillPlace): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(PREFIX)) continue;
    const owner = await readFile(join(folder, name, OWNER_FILE), "utf8").catch(() => undefined);
    if (owner !== undefined && !isAlive(owner)) await rm(join(folder, name), { recursive: true, force: true });
  }
}
