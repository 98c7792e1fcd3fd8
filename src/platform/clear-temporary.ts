// What processes that were killed left in the state folder's `tmp/`: a folder with its owner's mark goes when that process is gone. Of spilled queries
// and half-written Parquet files nothing but their age says that their writer is.

import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Duration, days, OWNER_FILE } from "../core/core.ts";
import type { Platform } from "./open.ts";

/** What serving keeps there and uses again (serving/log-query.ts). */
const KEPT = new Set(["prediction-columns"]);
const LONGEST_PAUSE: Duration = days(1);

/**
 * Removes folders whose owner is gone and, of what has no owner's mark, what nothing was written to for `olderThan`, a day at least; with `dryRun`
 * it says what would go.
 */
export async function clearTemporary(
  { stateDir, engines }: Pick<Platform, "stateDir" | "engines">,
  { olderThan, dryRun = false }: { readonly olderThan: Duration; readonly dryRun?: boolean },
): Promise<{ readonly files: number; readonly bytes: number }> {
  const folder = join(stateDir, "tmp");
  const before = engines.clock.now() - (olderThan > LONGEST_PAUSE ? olderThan : LONGEST_PAUSE);
  let [files, bytes] = [0, 0];
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(absent)) {
    if (KEPT.has(entry.name)) continue;
    const path = join(folder, entry.name);
    const found = await ageOf(path, entry.isDirectory());
    if (found === undefined) continue;
    const owner = entry.isDirectory() ? await ownerOf(path) : undefined;
    if (owner === undefined ? found.writtenAt > before : engines.process.isAlive(owner)) continue;
    if (!dryRun) await rm(path, { recursive: true, force: true });
    files += found.files;
    bytes += found.bytes;
  }
  return { files, bytes };
}

/** The mark of the process that made a folder, if it left one. */
async function ownerOf(folder: string): Promise<string | undefined> {
  const mark = await readFile(join(folder, OWNER_FILE), "utf8").catch(absent);
  return typeof mark === "string" ? mark : undefined;
}

interface Age {
  readonly files: number;
  readonly bytes: number;
  /** When the newest of it was written, in microseconds. */
  readonly writtenAt: bigint;
}

/** A file's age, or that of the newest thing in a folder; undefined for what is gone meanwhile. */
async function ageOf(path: string, isFolder: boolean): Promise<Age | undefined> {
  const own = await stat(path, { bigint: true }).catch(() => undefined);
  if (own === undefined) return undefined;
  const writtenAt = own.mtimeNs / 1000n;
  if (!isFolder) return { files: 1, bytes: Number(own.size), writtenAt };
  let age: Age = { files: 0, bytes: 0, writtenAt };
  for (const entry of await readdir(path, { withFileTypes: true }).catch(absent)) {
    const inner = await ageOf(join(path, entry.name), entry.isDirectory());
    if (inner === undefined) continue;
    age = {
      files: age.files + inner.files,
      bytes: age.bytes + inner.bytes,
      writtenAt: inner.writtenAt > age.writtenAt ? inner.writtenAt : age.writtenAt,
    };
  }
  return age;
}

function absent(thrown: unknown): never[] {
  if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
  throw thrown;
}
