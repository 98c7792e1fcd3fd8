// What a glob matches besides files: links that lead nowhere, and folders. DuckDB passes both over, and rows that were meant to be read would be
// missing without a word.

import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { SourceSpec } from "../../define/define.ts";
import { unreadable } from "./source-error.ts";

const MAGIC = /[*?[]/;

/** Refuses a glob that matches a link without a target, or a folder where its last part names files: SOURCE_UNREADABLE that says which. */
export async function refuseStrays(source: SourceSpec, path: string): Promise<void> {
  if (!MAGIC.test(path)) return;
  const parts = path.split(sep);
  const last = parts.at(-1) ?? "";
  for await (const { file, entry } of matches(sep, parts.slice(1))) {
    if (entry.isSymbolicLink() && (await isGone(file)))
      throw unreadable(
        source.name,
        file,
        "is a link that leads nowhere",
        "Put its target back, or take it out of the path.",
        undefined,
      );
    // `*` and `**` match every folder, and nobody means these.
    if (entry.isDirectory() && /[^*]/.test(last))
      throw unreadable(
        source.name,
        file,
        "is a folder, and no file",
        `Name the files in it (${join(file, last)}), or take it out of the path.`,
        undefined,
      );
  }
}

interface Match {
  readonly file: string;
  readonly entry: Dirent;
}

/** Everything below a folder that the parts of a glob match, whatever it is. */
async function* matches(folder: string, parts: readonly string[]): AsyncGenerator<Match> {
  const [part = "", ...rest] = parts;
  if (!MAGIC.test(part) && rest.length > 0) {
    yield* matches(join(folder, part), rest);
    return;
  }
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  if (part === "**") {
    if (rest.length > 0) yield* matches(folder, rest);
    for (const entry of entries) {
      if (entry.isDirectory()) yield* matches(join(folder, entry.name), parts);
      if (rest.length === 0 && !entry.isDirectory()) yield { file: join(folder, entry.name), entry };
    }
    return;
  }
  const isMatch = partPattern(part);
  for (const entry of entries) {
    if (!isMatch.test(entry.name)) continue;
    const file = join(folder, entry.name);
    if (rest.length === 0) yield { file, entry };
    else if (!entry.isFile()) yield* matches(file, rest);
  }
}

/** One part of a glob as a pattern. */
function partPattern(part: string): RegExp {
  const source = part.replace(/\[!?[^\]]+\]|[\s\S]/g, (piece) => {
    if (piece === "*") return ".*";
    if (piece === "?") return ".";
    if (piece.length > 1) return piece.replace("[!", "[^").replaceAll("\\", "\\\\");
    return piece.replace(/[\\^$.|+(){}[\]]/g, "\\$&");
  });
  return new RegExp(`^${source}$`, "s");
}

async function isGone(file: string): Promise<boolean> {
  return stat(file).then(
    () => false,
    () => true,
  );
}
