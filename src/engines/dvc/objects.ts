// Stores of objects: the cache of a repository, and remotes that are folders. An object lies at `files/md5/ab/cdef…` and never changes.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

/** Where an object lies in a store. */
export function objectPath(store: string, name: string): string {
  return join(store, "files", "md5", name.slice(0, 2), name.slice(2));
}

/** The MD5 of a file, in hex. */
export async function md5Of(file: string): Promise<string> {
  const digest = createHash("md5");
  await pipeline(createReadStream(file, { highWaterMark: 2 ** 18 }), digest);
  return digest.digest("hex");
}

/** Copies a file, flushed, and gives its MD5 and size; stops when it has more than `most` bytes. */
export async function copyHashed(
  from: string,
  to: string,
  most = Number.POSITIVE_INFINITY,
): Promise<{ readonly md5: string; readonly size: number }> {
  const digest = createHash("md5");
  let size = 0;
  const handle = await open(to, "wx");
  try {
    for await (const chunk of createReadStream(from, { highWaterMark: 2 ** 18 })) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > most) break;
      digest.update(bytes);
      await handle.writeFile(bytes);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { md5: digest.digest("hex"), size };
}

/** Puts an object into a store, beside its place first; one that is there with these bytes is left alone. */
export async function putObject(store: string, name: string, content: string | Buffer): Promise<void> {
  const path = objectPath(store, name);
  if (await isObject(path, name)) return;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await rm(temporary, { force: true });
  try {
    if (typeof content === "string") await copyHashed(content, temporary);
    else {
      const handle = await open(temporary, "wx");
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
    // DVC keeps objects from being written to, because a workspace may be linked to them.
    await chmod(temporary, 0o444);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function isObject(path: string, name: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && (await md5Of(path)) === name.slice(0, 32);
}
