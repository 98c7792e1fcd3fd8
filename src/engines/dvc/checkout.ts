// From a pointer to its files: each is looked for in the workspace, then in the cache, then in a remote that is a folder, and copied only when its bytes
// have the hash. A workspace that somebody works on is no obstacle: what was committed is what is read.

import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import type { PinnedFiles, PinnedSummary } from "../../ports/data-versioning.ts";
import { decodeList, encodeList, type ListedFile, MOST_LIST_BYTES } from "./folder-list.ts";
import { copyHashed, md5Of, objectPath } from "./objects.ts";
import { type Pointer, readPointer, refused } from "./pointer.ts";
import { repositoryOf } from "./repository.ts";

/** Reads a pointer file. */
export async function openPointer(file: string): Promise<PinnedFiles> {
  const pointer = await readPointer(file);
  const isFile = !pointer.md5.endsWith(".dir");
  return { id: pointer.md5, isFile, fill: (folder) => fill(pointer, isFile, folder) };
}

async function fill(pointer: Pointer, isFile: boolean, folder: string): Promise<PinnedSummary> {
  const stores = await storesOf(pointer);
  const files: readonly ListedFile[] = isFile
    ? [{ md5: pointer.md5, relpath: basename(pointer.target) }]
    : await listOf(pointer, stores);
  const { size, nfiles } = pointer;
  if (nfiles !== undefined && nfiles !== files.length)
    throw refused(pointer.file, `it says ${nfiles} files, and the folder's list has ${files.length}`);
  let bytes = 0;
  for (const { md5, relpath } of files) {
    const target = join(folder, ...relpath.split("/"));
    await mkdir(dirname(target), { recursive: true });
    const workspace = isFile ? pointer.target : join(pointer.target, ...relpath.split("/"));
    const left = size === undefined ? Number.POSITIVE_INFINITY : size - bytes;
    bytes += await copyFirst([workspace, ...stores.map((store) => objectPath(store, md5))], md5, target, left, pointer);
  }
  if (size !== undefined && bytes !== size)
    throw refused(pointer.file, `it says ${size} bytes, and its files have ${bytes}`);
  return { files: files.length, bytes };
}

async function storesOf({ file }: Pointer): Promise<readonly string[]> {
  const repository = await repositoryOf(dirname(file));
  if (!repository) return [];
  const { cache, remote } = repository;
  return remote && "folder" in remote ? [cache, remote.folder] : [cache];
}

/** Copies the first of some files that has the hash, and gives its size. */
async function copyFirst(
  places: readonly string[],
  md5: string,
  target: string,
  most: number,
  { file }: Pointer,
): Promise<number> {
  let damaged: string | undefined;
  for (const place of places) {
    if (!(await stat(place).catch(() => undefined))?.isFile()) continue;
    const copied = await copyHashed(place, target, most);
    if (copied.md5 === md5 && copied.size <= most) return copied.size;
    await rm(target);
    if (place !== places[0]) damaged = place;
  }
  if (damaged !== undefined)
    throw refused(
      file,
      `${damaged} does not have the bytes that its name is the hash of, or more than there should be`,
    );
  throw notHere(file, md5);
}

function notHere(file: string, md5: string): SlipwayError {
  return new SlipwayError(
    "DATASET_NOT_FOUND",
    `${file} stands for data that is not here: object ${md5} is in no cache and no folder remote. Run: dvc pull ${file}.`,
    { details: { file, md5 } },
  );
}

/** The files of a folder: from a store, else from a workspace that is as it was committed. */
async function listOf(pointer: Pointer, stores: readonly string[]): Promise<readonly ListedFile[]> {
  const { md5, target, file } = pointer;
  for (const store of stores) {
    const place = objectPath(store, md5);
    const found = await stat(place).catch(() => undefined);
    if (!found?.isFile()) continue;
    if (found.size > MOST_LIST_BYTES) throw refused(place, `a list of ${found.size} bytes is no folder's`);
    const bytes = await readFile(place);
    const files = decodeList(place, bytes);
    if (encodeList(files).name !== md5) throw refused(place, "it does not have the bytes that its name is the hash of");
    return files;
  }
  const workspace = await filesBelow(target).catch(() => []);
  const files: ListedFile[] = [];
  for (const path of workspace) files.push({ md5: await md5Of(join(target, path)), relpath: path });
  if (encodeList(files).name === md5) return files;
  throw notHere(file, md5);
}

/** The regular files below a folder, with `/`. Throws DATASET_CORRUPT for links and other things that are none. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/");
    if (entry.isFile()) found.push(path);
    else if (!entry.isDirectory()) throw refused(join(folder, path), "it is neither a file nor a folder");
  }
  return found.sort();
}
