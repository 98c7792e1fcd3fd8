import { open } from "node:fs/promises";

/** Has what was written to a file, or the names in a folder, on the disk. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
