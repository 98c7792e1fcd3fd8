// Blobs as files. One is written beside the store under a temporary name, synced, and then linked to its own name: linking refuses a
// name that is taken, so a blob appears whole, at once and only once, whoever else writes it at the same time.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, type FileHandle, link, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { asSlipwayError, SlipwayError } from "../../core/core.ts";
import type { BlobStore, BlobStream, StoredBlob } from "../../ports/ports.ts";
import { listBlobs } from "./blob-list.ts";
import { makeFolder, syncPath, systemCode } from "./durable.ts";
import { pathUnder } from "./names.ts";
import { sameContent, takenBy } from "./same-content.ts";
import { type StartTemporary, temporariesOf } from "./temporary.ts";

/** A blob store in a local folder, made when it is missing. */
export function fileBlobs(root: string): BlobStore {
  const base = resolve(root);
  const start = temporariesOf(base);
  return {
    put: (name, content) => attempt(async () => put(start, pathUnder(base, name), name, content)),
    adopt: (name, file) => attempt(async () => adopt(start, pathUnder(base, name), name, file)),
    putStream: (prefix, chunks) => attempt(async () => putStream(start, base, prefix, chunks)),
    stream: (name, range) => attempt(async () => stream(pathUnder(base, name), range)),
    get: (name) => attempt(async () => get(pathUnder(base, name))),
    locate: (name) => pathUnder(base, name),
    list: (prefix) => attempt(async () => listBlobs(base, prefix)),
    delete: (name) => attempt(async () => remove(pathUnder(base, name))),
  };
}

async function put(start: StartTemporary, path: string, name: string, content: Uint8Array): Promise<void> {
  if (await takenBy(path)) return refuseOther(name, await sameContent(path, content));
  const temporary = await start();
  try {
    await temporary.handle.writeFile(content);
    await temporary.handle.sync();
    await temporary.handle.close();
    await publish(temporary.path, path, name);
  } catch (thrown) {
    await temporary.discard();
    throw thrown;
  }
}

async function putStream(
  start: StartTemporary,
  base: string,
  prefix: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<StoredBlob> {
  const temporary = await start();
  try {
    const digest = createHash("sha256");
    let size = 0;
    let waiting: Uint8Array[] = [];
    let length = 0;
    const flush = async (): Promise<void> => {
      if (length > 0) await writeAll(temporary.handle, waiting, length);
      waiting = [];
      length = 0;
    };
    for await (const chunk of chunks) {
      digest.update(chunk);
      size += chunk.length;
      waiting.push(chunk);
      length += chunk.length;
      // A socket gives 64 kB at a time; a write for each would be most of the work.
      if (length >= 2 ** 20) await flush();
    }
    await flush();
    const hash = digest.digest("hex");
    const name = `${prefix}/${hash}`;
    const path = pathUnder(base, name);
    if (await takenBy(path)) {
      await temporary.discard();
      return { name, hash, size };
    }
    await temporary.handle.sync();
    await temporary.handle.close();
    await publish(temporary.path, path, name);
    return { name, hash, size };
  } catch (thrown) {
    await temporary.discard();
    throw thrown;
  }
}

/** Writes every chunk; the system may take less at once than it was given. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[], length: number): Promise<void> {
  const { bytesWritten } = await handle.writev(chunks);
  if (bytesWritten < length) await handle.writeFile(Buffer.concat(chunks, length).subarray(bytesWritten));
}

async function stream(
  path: string,
  range?: { readonly start: number; readonly end: number },
): Promise<BlobStream | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? { size: found.size, chunks: chunksOf(path, range) } : undefined;
  } catch (thrown) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(thrown))) return undefined;
    throw thrown;
  }
}

/** Opened when the first chunk is asked for, so that a stream nobody reads holds nothing. */
async function* chunksOf(
  path: string,
  range?: { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  // Large chunks: a gigabyte in the usual 64 kB is sixteen thousand turns of the loop.
  yield* createReadStream(path, { ...range, highWaterMark: 2 ** 18 });
}

async function adopt(start: StartTemporary, path: string, name: string, file: string): Promise<void> {
  await syncPath(file);
  try {
    await publish(file, path, name);
  } catch (thrown) {
    if (systemCode(thrown) !== "EXDEV") throw thrown;
    await copyIn(start, path, name, file);
  }
}

async function copyIn(start: StartTemporary, path: string, name: string, file: string): Promise<void> {
  const temporary = await start();
  try {
    await temporary.handle.close();
    await copyFile(file, temporary.path);
    await syncPath(temporary.path);
    await publish(temporary.path, path, name);
  } catch (thrown) {
    await temporary.discard();
    throw thrown;
  }
  await unlink(file);
}

/** Gives a finished, synced file its name, and takes the old name away. */
async function publish(from: string, path: string, name: string): Promise<void> {
  await makeFolder(dirname(path));
  try {
    await link(from, path);
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code === "EEXIST") refuseOther(name, await sameContent(path, from));
    // File systems without links get the second best: another process could still take the name between the two steps.
    else if ((code === "EPERM" || code === "ENOTSUP" || code === "EOPNOTSUPP") && !(await takenBy(path)))
      return await rename(from, path).then(() => syncPath(dirname(path)));
    else throw thrown;
  }
  await syncPath(dirname(path));
  await unlink(from);
}

function refuseOther(name: string, same: boolean): void {
  if (!same)
    throw new SlipwayError(
      "INPUT_INVALID",
      `The blob ${name} is there already with other bytes, and blobs never change.`,
    );
}

async function get(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (thrown) {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(systemCode(thrown))) return undefined;
    throw thrown;
  }
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
    await syncPath(dirname(path));
  } catch (thrown) {
    if (!["ENOENT", "ENOTDIR", "EISDIR"].includes(systemCode(thrown))) throw thrown;
  }
}

async function attempt<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (thrown) {
    if (systemCode(thrown) === "ENOTDIR")
      throw new SlipwayError("INPUT_INVALID", "A part of that name is a blob already, so it cannot be a folder.", {
        cause: thrown,
      });
    throw asSlipwayError(thrown);
  }
}
