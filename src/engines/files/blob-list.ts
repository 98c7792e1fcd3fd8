import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "./durable.ts";
import { pathUnder } from "./names.ts";
import { TEMPORARY_FOLDER } from "./temporary.ts";

/** The names of all blobs that begin with `prefix`, sorted; an empty prefix means all. */
export async function listBlobs(base: string, prefix: string): Promise<readonly string[]> {
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  const start = folder === "" ? base : pathUnder(base, folder.slice(0, -1));
  const names = await namesIn(start, folder);
  return names.filter((name) => name.startsWith(prefix)).sort();
}

async function namesIn(folder: string, prefix: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of await entriesOf(folder)) {
    if (prefix === "" && entry.name === TEMPORARY_FOLDER) continue;
    if (entry.isDirectory()) names.push(...(await namesIn(join(folder, entry.name), `${prefix}${entry.name}/`)));
    else names.push(prefix + entry.name);
  }
  return names;
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(thrown))) return [];
    throw thrown;
  }
}
