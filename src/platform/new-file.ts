// A file that a person asked for by its name: it appears whole or not at all.

import { open, rename, rm, stat, writeFile } from "node:fs/promises";
import { SlipwayError } from "../core/core.ts";

/** Refuses a file that is there already, before anything is made for it. Throws ALREADY_EXISTS. */
export async function requireFree(file: string): Promise<void> {
  const isTaken = await stat(file).then(
    () => true,
    () => false,
  );
  if (isTaken)
    throw new SlipwayError("ALREADY_EXISTS", `${file} is there already; choose another name, or remove it.`, {
      details: { file },
    });
}

/** Writes a new file, whole or not at all. Throws ALREADY_EXISTS, and INPUT_INVALID when its folder is not there. */
export async function writeNew(file: string, content: string | Uint8Array): Promise<void> {
  await requireFree(file);
  await writeWhole(file, content);
}

/** Writes a file, in the place of one that is there, whole or not at all. Throws INPUT_INVALID when its folder is not there. */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  await makeNew(file, (unfinished) => writeFile(unfinished, content, { flag: "wx" }));
}

/** Lets `write` make a file beside `file`, flushes it and gives it its name; gives its bytes. Throws INPUT_INVALID when its folder is not there. */
export async function makeNew(file: string, write: (unfinished: string) => Promise<void>): Promise<number> {
  const unfinished = `${file}.unfinished-${process.pid}`;
  try {
    await write(unfinished);
    const size = await flushed(unfinished);
    await rename(unfinished, file);
    return size;
  } catch (thrown) {
    // What went wrong first tells more than a failure to remove what may not even be there.
    await rm(unfinished, { force: true }).catch(() => undefined);
    if (thrown instanceof Error && "code" in thrown && /^(ENOENT|ENOTDIR)$/.test(String(thrown.code)))
      throw new SlipwayError("INPUT_INVALID", `${file} cannot be written: its folder is not there.`, { cause: thrown });
    throw thrown;
  }
}

async function flushed(file: string): Promise<number> {
  const handle = await open(file, "r+");
  try {
    await handle.sync();
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}
