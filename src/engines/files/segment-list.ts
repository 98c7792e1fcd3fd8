// What a reader may scan: sealed segments as they are, and of each open one a copy of its whole lines. A scan of the open file itself
// could begin in the middle of a write and find half a line; a copy is as large as one segment at most, and kept for the next reader.

import { randomUUID } from "node:crypto";
import { open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { makeFolder, systemCode } from "./durable.ts";

/** How the name of a segment ends that is still written, or was when its writer died. */
export const OPEN = ".open";
/** How the name of a segment ends that never changes again. */
export const SEALED = ".jsonl";

const NAME = /^(.+)\.(\d{6,})(\.open|\.jsonl)$/;
const COPIES = ".copies";
const LINE_BREAK = 10;

/** One file of a stream's part. */
export interface SegmentFile {
  readonly part: string;
  readonly number: number;
  readonly open: boolean;
  readonly path: string;
}

/** A segment's file name. */
export function segmentName(part: string, number: number, ending: typeof OPEN | typeof SEALED): string {
  return `${part}.${String(number).padStart(6, "0")}${ending}`;
}

/** What a file name says about the segment, or undefined when it is none. */
export function segmentOf(name: string): Omit<SegmentFile, "path"> | undefined {
  const [, part, number, ending] = NAME.exec(name) ?? [];
  return part === undefined ? undefined : { part, number: Number(number), open: ending === OPEN };
}

/** A stream's segments, oldest part first, and within a part in the order they were begun. */
export async function listSegments(folder: string): Promise<readonly SegmentFile[]> {
  const found = new Map<string, SegmentFile>();
  for (const name of await namesIn(folder)) {
    const segment = segmentOf(name);
    if (!segment) continue;
    const key = `${segment.part}.${segment.number}`;
    // A folder read while a segment is sealed can show it under both names.
    if (!found.has(key) || !segment.open) found.set(key, { ...segment, path: join(folder, name) });
  }
  return [...found.values()].sort((a, b) => (a.part < b.part ? -1 : a.part > b.part ? 1 : a.number - b.number));
}

/** A path with the segment's whole lines and nothing else, or undefined when there are none. */
export async function wholeLines(segment: SegmentFile): Promise<string | undefined> {
  if (!segment.open) return segment.path;
  const sealed = segment.path.slice(0, -OPEN.length) + SEALED;
  for (;;)
    try {
      return await copyOfWholeLines(segment.path);
    } catch (thrown) {
      if (systemCode(thrown) !== "ENOENT") throw thrown;
      // Its writer sealed it in the meantime, or it was swept for it had no whole line, or only the draft of the copy was.
      if ((await sizeOf(sealed)) >= 0) return sealed;
      if ((await sizeOf(segment.path)) < 0) return undefined;
    }
}

/** Where the copy of an open segment's whole lines is. */
export function copyPath(folder: string, name: string): string {
  return join(folder, COPIES, `${name}${SEALED}`);
}

/**
 * Removes from a stream's folder what nobody can read: open segments without a whole line, copies whose segment is gone, and drafts of copies.
 * Nobody may be writing segments there; whoever reads makes the draft anew.
 */
export async function sweepSegments(folder: string): Promise<void> {
  for (const segment of await listSegments(folder))
    if (segment.open && (await wholeLines(segment)) === undefined) await rm(segment.path, { force: true });
  const named = new Set((await listSegments(folder)).map(({ part, number }) => segmentName(part, number, SEALED)));
  for (const name of await namesIn(join(folder, COPIES)))
    if (!named.has(name)) await rm(join(folder, COPIES, name), { force: true });
}

async function copyOfWholeLines(path: string): Promise<string | undefined> {
  const handle = await open(path, "r");
  try {
    const content = await handle.readFile();
    const size = content.lastIndexOf(LINE_BREAK) + 1;
    if (size === 0) return undefined;
    const copy = copyPath(dirname(path), basename(path, OPEN));
    if ((await sizeOf(copy)) === size) return copy;
    await makeFolder(dirname(copy));
    // A killed writer may have left lines that only memory has: whoever builds on them must find them again after a power cut.
    await handle.datasync();
    // A later copy replaces an earlier one whole, and only adds lines to it, so whoever was given the earlier path may still read it.
    const draft = `${copy}.${randomUUID()}`;
    await writeFile(draft, content.subarray(0, size));
    await rename(draft, copy);
    return copy;
  } finally {
    await handle.close();
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return [];
    throw thrown;
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => -1,
  );
}
