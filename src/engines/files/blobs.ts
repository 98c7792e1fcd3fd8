// Blobs as files. One is written beside the store under a temporary name, synced, and then linked to its own name: linking refuses a
// name that is taken, so a blob appears whole, at once and only once, whoever else writes it at the same time.

import { createReadStream } from "node:fs";
import { copyFile, link, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { asSlipwayError, type Instant, SlipwayError } from "../../core/core.ts";
import type { BlobPart, BlobStore, BlobStream, HoldBlob, KnownBlob, StoredBlob } from "../../ports/ports.ts";
import { listBlobs } from "./blob-list.ts";
import { makeFolder, syncPath, systemCode } from "./durable.ts";
import { hashing } from "./hash-thread.ts";
import { pathUnder } from "./names.ts";
import { sameContent, takenBy } from "./same-content.ts";
import { type StartTemporary, sweepUnfinished, temporariesOf } from "./temporary.ts";
import { writeHashed } from "./write-hashed.ts";

/** A blob store in a local folder, made when it is missing. */
export function fileBlobs(root: string): BlobStore {
  const base = resolve(root);
  const start = temporariesOf(base);
  return {
    put: (name, content) => attempt(async () => put(start, pathUnder(base, name), name, content)),
    adopt: (name, file) => attempt(async () => adopt(start, pathUnder(base, name), name, file)),
    putStream: (prefix, chunks, hold) => attempt(async () => putStream(start, base, prefix, chunks, hold)),
    stream: (name, which) => attempt(async () => stream(pathUnder(base, name), name, which)),
    get: (name) => attempt(async () => get(pathUnder(base, name))),
    locate: (name) => pathUnder(base, name),
    list: (prefix) => attempt(async () => listBlobs(base, prefix)),
    delete: (name) => attempt(async () => remove(pathUnder(base, name))),
    state: (name) => attempt(async () => state(pathUnder(base, name))),
    sweep: (before, { dryRun = false } = {}) => attempt(async () => sweepUnfinished(base, before, dryRun)),
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
  hold: HoldBlob | undefined,
): Promise<StoredBlob> {
  const temporary = await start();
  const { handle } = temporary;
  try {
    const { hash, size } = await writeHashed(handle, chunks);
    const name = `${prefix}/${hash}`;
    const path = pathUnder(base, name);
    const ensure = async (): Promise<void> => {
      if (await takenBy(path)) return;
      await handle.sync();
      // Whatever has the name by now has these bytes: it is their hash.
      await linkTo(temporary.path, path, async () => undefined);
    };
    await ensure();
    const stored = { name, hash, size };
    await hold?.(stored, ensure);
    return stored;
  } finally {
    await temporary.discard();
  }
}

async function stream(path: string, name: string, which?: BlobPart | KnownBlob): Promise<BlobStream | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return undefined;
    const chunks = which && "sha256" in which ? verified(chunksOf(path), name, which.sha256) : chunksOf(path, which);
    return { size: found.size, chunks };
  } catch (thrown) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(thrown))) return undefined;
    throw thrown;
  }
}

/** Opened when the first chunk is asked for, so that a stream nobody reads holds nothing. */
async function* chunksOf(path: string, range?: BlobPart): AsyncGenerator<Uint8Array> {
  // Large chunks: a gigabyte in the usual 64 kB is sixteen thousand turns of the loop.
  yield* createReadStream(path, { ...range, highWaterMark: 2 ** 18 });
}

async function* verified(chunks: AsyncIterable<Uint8Array>, name: string, sha256: string): AsyncGenerator<Uint8Array> {
  const digest = hashing();
  let held: Uint8Array | undefined;
  try {
    for await (const chunk of chunks) {
      await digest.add(chunk);
      if (held) yield held;
      held = chunk;
    }
    if ((await digest.hex()) !== sha256)
      throw new SlipwayError("ARTIFACT_CORRUPT", `The blob ${name} has other bytes than were stored.`, {
        details: { blob: name },
      });
  } finally {
    digest.drop();
  }
  if (held) yield held;
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
  await linkTo(from, path, async () => refuseOther(name, await sameContent(path, from)));
  await unlink(from).catch((thrown: unknown) => {
    if (systemCode(thrown) !== "ENOENT") throw thrown;
  });
}

/** Gives a finished, synced file its name beside the one that it has; where a file can have only one, instead of it. */
async function linkTo(from: string, path: string, onTaken: () => Promise<void>): Promise<void> {
  await makeFolder(dirname(path));
  try {
    await link(from, path);
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code === "EEXIST") await onTaken();
    // File systems without links get the second best: another process could still take the name between the two steps.
    else if ((code === "EPERM" || code === "ENOTSUP" || code === "EOPNOTSUPP") && !(await takenBy(path)))
      return await rename(from, path).then(() => syncPath(dirname(path)));
    else throw thrown;
  }
  await syncPath(dirname(path));
}

async function state(path: string): Promise<{ readonly size: number; readonly writtenAt: Instant } | undefined> {
  try {
    const found = await stat(path, { bigint: true });
    return found.isFile() ? { size: Number(found.size), writtenAt: found.mtimeNs / 1000n } : undefined;
  } catch (thrown) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(thrown))) return undefined;
    throw thrown;
  }
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
