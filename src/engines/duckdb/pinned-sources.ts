// Sources whose path is a pointer file: what it stands for is brought into a folder of its own under the staging folder, named by its content, once.
// From there on it is files like any others, which nobody changes.

import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import type { SourceSpec } from "../../define/define.ts";
import type { DataVersioning } from "../../ports/data-versioning.ts";

/** The pointers of sources. */
export interface PinnedSources {
  isPinned(path: string): boolean;
  /** Brings what a pointer stands for here. Throws SOURCE_NOT_FOUND or SOURCE_UNREADABLE. */
  prepare(source: Pick<SourceSpec, "name" | "format">, pointer: string): Promise<void>;
  /** The file or glob that a pointer stands for, once it was prepared. */
  locate(pointer: string): string;
  /** A file of a pointer as people name it: below the pointer itself. */
  nameOf(pointer: string, file: string): string;
}

/** Which of a folder's files are rows, by format; of other formats all. */
const PATTERNS: Readonly<Partial<Record<SourceSpec["format"], string>>> = {
  parquet: "*.parquet",
  csv: "*.csv*",
  jsonLines: "*json*",
};

/** Pointers read by a tool; none is one without it. */
export function pinnedSources(stagingFolder: string, versioning: DataVersioning | undefined): PinnedSources {
  const known = new Map<string, { readonly folder: string; readonly place: string }>();
  return {
    isPinned: (path) => versioning?.isPointer(path) === true,
    async prepare({ name, format }, pointer) {
      if (!versioning) return;
      try {
        const pinned = await versioning.open(pointer);
        const folder = join(stagingFolder, versioning.name, pinned.id);
        if (!(await isThere(folder))) await bring(folder, (temporary) => pinned.fill(temporary));
        known.set(pointer, { folder, place: join(folder, "**", pinned.isFile ? "*" : (PATTERNS[format] ?? "*")) });
      } catch (thrown) {
        if (!(thrown instanceof SlipwayError)) throw thrown;
        const code = thrown.code === "DATASET_NOT_FOUND" ? "SOURCE_NOT_FOUND" : "SOURCE_UNREADABLE";
        throw new SlipwayError(code, `Source "${name}": ${thrown.message}`, {
          cause: thrown,
          details: { source: name, path: pointer },
        });
      }
    },
    locate(pointer) {
      const found = known.get(pointer);
      if (found) return found.place;
      throw new SlipwayError("INTERNAL", `${pointer} was to be scanned before it was read: check its source first.`);
    },
    nameOf(pointer, file) {
      const folder = known.get(pointer)?.folder ?? "";
      return `${pointer}${file.slice(folder.length)}`;
    },
  };
}

async function bring(folder: string, fill: (temporary: string) => Promise<unknown>): Promise<void> {
  const temporary = `${folder}.${process.pid}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    await fill(temporary);
    await rename(temporary, folder).catch(async (cause: unknown) => {
      // Another process was first.
      if (!(await isThere(folder))) throw cause;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}
