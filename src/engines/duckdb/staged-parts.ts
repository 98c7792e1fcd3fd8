// What was read from a source that cannot be scanned where it is, kept as Parquet parts under the project's state. One small file says which
// parts make up the source now. It is replaced as a whole once new parts are written and checked, so a reader sees the old rows or the
// new ones; parts are named by what they hold, and written again over themselves with the same rows.

import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { contentHash } from "../../core/core.ts";
import type { Metadata, SourceSpec } from "../../define/define.ts";

/** The staged state of a source. */
export interface StagedRows {
  /** Of the rows that are staged. */
  readonly fingerprint: string;
  /** Files, in order. */
  readonly parts: readonly string[];
  /** Where the rows of each part are from. */
  readonly origins: readonly string[];
  /** Where a reader may go on from. */
  readonly mark?: string;
}

/** Where one source's parts lie. */
export function stagedFolder(base: string, source: SourceSpec): string {
  // What is expected of rows, said of them and meant by their times changes nothing about how they are read.
  const { expect, owner, description, tags, eventTime, createdAt, ...read } = source as SourceSpec & Metadata;
  return join(base, `${source.name}-${contentHash(read).slice(0, 16)}`);
}

const CURRENT = "current.json";

/** What is staged; undefined when nothing is. */
export function stagedRows(folder: string): StagedRows | undefined {
  const file = join(folder, CURRENT);
  if (!existsSync(file)) return undefined;
  const { fingerprint, parts, origins, mark } = JSON.parse(readFileSync(file, "utf8")) as StagedRows;
  const own = parts.map((name) => join(folder, name));
  // A folder that someone tidied up is one that holds nothing yet.
  if (!own.every((part) => existsSync(part))) return undefined;
  return { fingerprint, parts: own, origins, ...(mark === undefined ? {} : { mark }) };
}

/** Makes parts the source's rows, and forgets older ones after a day: a query may still be reading them. */
export async function publishRows(folder: string, { fingerprint, parts, origins, mark }: StagedRows): Promise<void> {
  const names = parts.map((part) => part.slice(folder.length + 1));
  await writeWhole(
    join(folder, CURRENT),
    JSON.stringify({ fingerprint, parts: names, origins, ...(mark === undefined ? {} : { mark }) }),
  );
  const { mtimeMs: now } = await stat(join(folder, CURRENT));
  const kept = new Set([CURRENT, ...names]);
  for (const name of await readdir(folder)) {
    if (kept.has(name)) continue;
    const changed = await stat(join(folder, name)).then(
      ({ mtimeMs }) => mtimeMs,
      () => now,
    );
    if (now - changed > KEPT_FOR_MS) await unlink(join(folder, name)).catch(() => undefined);
  }
}

const KEPT_FOR_MS = 24 * 3600 * 1000;

/** Writes a file through `write`, which gets another name: it appears whole or not at all. */
export async function writePart(target: string, write: (temporary: string) => Promise<unknown>): Promise<void> {
  const folder = dirname(target);
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.${randomUUID()}.tmp`);
  try {
    await write(temporary);
    await flush(temporary);
    await rename(temporary, target);
    await flush(folder);
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

async function writeWhole(target: string, text: string): Promise<void> {
  await writePart(target, async (temporary) => {
    const handle = await open(temporary, "wx");
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  });
}

/** Waits until a file or folder is on the disk. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
