// Putting a folder under DVC, as `dvc add` and `dvc push` do: objects into the cache and a remote, the list of the folder after all its files, the pointer
// last. Stopped at any point, there are some objects more and no pointer to what is not there.

import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import type { VersionedFolder } from "../../ports/data-versioning.ts";
import { filesBelow } from "./checkout.ts";
import { encodeList, type ListedFile } from "./folder-list.ts";
import { md5Of, putObject } from "./objects.ts";
import { pointerText } from "./pointer.ts";
import { isInGit, repositoryOf } from "./repository.ts";

/** Adds a folder. Throws USAGE when there is nowhere to keep its files. */
export async function addFolder(
  given: string,
  { remote }: { readonly remote?: string } = {},
): Promise<VersionedFolder> {
  const folder = resolve(given);
  const repository = await repositoryOf(dirname(folder));
  const configured = repository?.remote;
  const stores = [
    ...(repository ? [repository.cache] : []),
    ...(remote !== undefined ? [resolve(remote)] : configured && "folder" in configured ? [configured.folder] : []),
  ];
  if (stores.length === 0) throw nowhere(folder);
  const files: ListedFile[] = [];
  let bytes = 0;
  for (const relpath of await filesBelow(folder)) {
    const file = join(folder, relpath);
    const md5 = await md5Of(file);
    bytes += (await stat(file)).size;
    files.push({ md5, relpath });
    for (const store of stores) await putObject(store, md5, file);
  }
  const list = encodeList(files);
  for (const store of stores) await putObject(store, list.name, list.bytes);
  const pointer = `${folder}.dvc`;
  const path = basename(folder);
  await replaceText(pointer, pointerText({ md5: list.name, size: bytes, nfiles: files.length, path }));
  if (await isInGit(dirname(folder))) await ignore(dirname(folder), path);
  return {
    pointer,
    id: list.name,
    files: files.length,
    bytes,
    stores,
    unreached: remote === undefined && configured && "url" in configured ? configured.url : null,
  };
}

/** Throws USAGE when a folder could not be added, before anything is written to it. */
export async function requireStore(folder: string, { remote }: { readonly remote?: string } = {}): Promise<void> {
  if (remote === undefined && !(await repositoryOf(dirname(resolve(folder))))) throw nowhere(folder);
}

function nowhere(folder: string): SlipwayError {
  return new SlipwayError(
    "USAGE",
    `${folder} is in no DVC repository. Run dvc init in the repository first, or name a folder to keep the files in: --remote DIR.`,
    { details: { folder } },
  );
}

/** Git is to have the pointer, and not the data. */
async function ignore(folder: string, name: string): Promise<void> {
  const file = join(folder, ".gitignore");
  const line = `/${name.replace(/[\\*?[\]!#]/g, "\\$&")}`;
  const text = await readFile(file, "utf8").catch(() => "");
  if (text.split(/\r?\n/).includes(line)) return;
  await replaceText(file, `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${line}\n`);
}

async function replaceText(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text, { flush: true });
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}
