// Making a change to a folder outlive a power cut: a file's bytes, and the folder entries that lead to it, are synced one by one.

import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

/** Syncs a file or a folder to the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder with the ones above it, and syncs each entry that was made. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    await syncPath(dirname(made));
    if (made === first) return;
  }
}

/** The error code of a failed system call, or an empty string. */
export function systemCode(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
}
