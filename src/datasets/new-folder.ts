// A folder that is there as a whole or not at all: it is filled under a hidden name beside its own, flushed, and then gets its name.

import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { OWNER_FILE, SlipwayError, sha256 } from "../core/core.ts";
import { MANIFEST } from "./manifest.ts";

/** A mark of this process, and whether the process of a mark still runs: what a killed one left is removed. */
export interface ProcessMarks {
  readonly mark: string;
  readonly isAlive: (mark: string) => boolean;
}

/** Throws USAGE when a folder that is to be written holds something. */
export async function refuseFilled(folder: string): Promise<void> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException): readonly string[] => {
    if (cause.code === "ENOENT") return [];
    throw cause.code === "ENOTDIR"
      ? new SlipwayError("USAGE", `${folder} is a file; a dataset needs a folder.`)
      : cause;
  });
  if (names.length > 0)
    throw new SlipwayError(
      "USAGE",
      `${folder} is not empty${names.some((name) => name === MANIFEST) ? ": it holds a dataset, and a dataset is never changed" : ""}. Choose another folder, or remove it first.`,
      { details: { folder } },
    );
}

/** Lets `write` fill a folder beside the target, then gives it the target's name. What killed processes left there is removed. */
export async function writeFolder<T>(
  target: string,
  { mark, isAlive }: ProcessMarks,
  write: (folder: string) => Promise<T>,
): Promise<T> {
  const parent = dirname(target);
  const [prefix, suffix] = [`.${basename(target)}.`, ".partial"];
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix) || !name.endsWith(suffix)) continue;
    const owner = await readFile(join(parent, name, OWNER_FILE), "utf8").catch(() => mark);
    if (owner === mark || !isAlive(owner)) await rm(join(parent, name), { recursive: true, force: true });
  }
  const temporary = join(parent, `${prefix}${sha256(mark).slice(0, 16)}${suffix}`);
  try {
    await mkdir(temporary);
    await writeText(join(temporary, OWNER_FILE), mark);
    const written = await write(temporary);
    await rm(join(temporary, OWNER_FILE));
    await flush(temporary);
    await rename(temporary, target);
    await flush(parent);
    return written;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Writes a new file and flushes it. */
export async function writeText(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx");
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
