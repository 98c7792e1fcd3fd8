import { appendFile, copyFile, open } from "node:fs/promises";

const NEWLINE = 0x0a;
/** How compressed files begin: gzip, zstd. They are read by one thread, in order. */
const COMPRESSED = [0x1f8b, 0x28b5];

/**
 * A file whose last line ends: the file itself, or `copy`, which is written where it does not. DuckDB 1.5.6 reads a last line without an end
 * as a piece of its own, which then stands before or after the others as the threads have it.
 */
export async function endedLines(file: string, copy: string): Promise<string> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const first = Buffer.alloc(2);
    const last = Buffer.alloc(1);
    await handle.read(first, 0, 2, 0);
    await handle.read(last, 0, 1, Math.max(0, size - 1));
    if (size === 0 || last[0] === NEWLINE || COMPRESSED.includes(first.readUInt16BE())) return file;
  } finally {
    await handle.close();
  }
  await copyFile(file, copy);
  await appendFile(copy, "\n");
  return copy;
}
