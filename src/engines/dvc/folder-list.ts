// The list of a folder's files, which is an object in a store: JSON whose MD5, with `.dir`, names the folder. Which bytes it has decides the hash, so it
// is written exactly as Python's `json.dumps` does: ", " and ": " between, everything beyond ASCII escaped, sorted by path, no newline.

import { createHash } from "node:crypto";
import { refused } from "./pointer.ts";
import { isPathBelow } from "./relative-path.ts";

/** One file of a folder. */
export interface ListedFile {
  readonly md5: string;
  /** Below the folder, with `/`. */
  readonly relpath: string;
}

/** The most bytes that a list may have: some half a million files. */
export const MOST_LIST_BYTES = 2 ** 26;

/** The list as an object, and its name. */
export function encodeList(files: readonly ListedFile[]): { readonly name: string; readonly bytes: Buffer } {
  // UTF-8 sorts as code points do, and as Python does; JavaScript's own order is of UTF-16.
  const sorted = files
    .map((file) => ({ file, key: Buffer.from(file.relpath, "utf8") }))
    .sort((a, b) => Buffer.compare(a.key, b.key));
  const items = sorted.map(({ file }) => `{"md5": "${file.md5}", "relpath": ${pythonText(file.relpath)}}`);
  const bytes = Buffer.from(`[${items.join(", ")}]`, "ascii");
  return { name: `${createHash("md5").update(bytes).digest("hex")}.dir`, bytes };
}

/** Reads a list. Throws DATASET_CORRUPT for anything but paths below the folder, each once, with hashes. */
export function decodeList(place: string, bytes: Buffer): readonly ListedFile[] {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw refused(place, "it is not JSON", cause);
  }
  if (!Array.isArray(value)) throw refused(place, "it is no list of files");
  const seen = new Set<string>();
  const files = value.map((item: unknown): ListedFile => {
    const { md5, relpath } = (typeof item === "object" && item !== null ? item : {}) as Readonly<
      Record<string, unknown>
    >;
    const what = JSON.stringify(relpath)?.slice(0, 200);
    if (typeof relpath !== "string" || !isPathBelow(relpath))
      throw refused(place, `${what} is no path below its folder`);
    if (typeof md5 !== "string" || !/^[0-9a-f]{32}$/.test(md5)) throw refused(place, `${what} has no hash`);
    if (seen.has(relpath)) throw refused(place, `${what} is in it twice`);
    seen.add(relpath);
    return { md5, relpath };
  });
  for (const path of seen)
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1))
      if (seen.has(path.slice(0, end)))
        throw refused(place, `${JSON.stringify(path.slice(0, end))} is a file and a folder`);
  return files;
}

function pythonText(text: string): string {
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, escaped);
}
