// A folder that appears whole or not at all: written beside where it is to be, flushed, and given its name at the end.

import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SlipwayError } from "../../core/core.ts";

/** A file to be written: its content, or the path of what is copied. */
export interface NewFile {
  readonly name: string;
  readonly content: Uint8Array | string | { readonly copyOf: string };
}

/** A file as it was written. */
export interface WrittenFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Refuses a folder that has something in it. Throws ALREADY_EXISTS. */
export async function requireEmpty(folder: string): Promise<void> {
  const inside = await readdir(folder).catch((thrown: unknown) => {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code === "ENOENT") return [];
    if (code === "ENOTDIR") return ["a file of that name"];
    throw thrown;
  });
  if (inside.length > 0)
    throw new SlipwayError(
      "ALREADY_EXISTS",
      `${folder} is not empty: it has ${inside[0]}. Choose another, or remove it.`,
      {
        details: { folder },
      },
    );
}

/** Writes the files, and last what `listing` makes of them; the folder is there when all of it is. Throws ALREADY_EXISTS. */
export async function writeFolder(
  folder: string,
  files: readonly NewFile[],
  listing: (written: readonly WrittenFile[]) => NewFile,
): Promise<readonly WrittenFile[]> {
  await requireEmpty(folder);
  const unfinished = `${folder}.unfinished-${process.pid}`;
  const folders = new Set<string>();
  const write = async ({ name, content }: NewFile): Promise<WrittenFile> => {
    const path = join(unfinished, name);
    const parent = dirname(path);
    if (!folders.has(parent)) await mkdir(parent, { recursive: true });
    folders.add(parent);
    const bytes =
      typeof content === "string"
        ? Buffer.from(content)
        : content instanceof Uint8Array
          ? content
          : await readFile(content.copyOf);
    const file = await open(path, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    return { name, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  };
  try {
    const written: WrittenFile[] = [];
    for (const file of files) written.push(await write(file));
    await write(listing(written));
    await mkdir(dirname(folder), { recursive: true });
    // Takes the place of an empty folder, and of nothing else.
    await rename(unfinished, folder);
    return written;
  } catch (thrown) {
    await rm(unfinished, { recursive: true, force: true });
    throw thrown;
  }
}
