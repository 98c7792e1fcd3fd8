// A `.dvc` file: YAML that names one file or folder beside it by the MD5 of its content. It comes out of a repository that anybody may have written,
// so everything in it is checked.

import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { SlipwayError } from "../../core/core.ts";
import { isPathBelow } from "./relative-path.ts";

/** What a pointer names. */
export interface Pointer {
  readonly file: string;
  /** The MD5 of a file, or of a folder's list with `.dir` at the end. */
  readonly md5: string;
  /** All bytes; undefined where it is not said. */
  readonly size: number | undefined;
  readonly nfiles: number | undefined;
  /** Where the file or folder belongs in the workspace. */
  readonly target: string;
}

const MOST_BYTES = 2 ** 20;
/** An MD5 in hex, of a folder's list with `.dir`. */
export const OBJECT_NAME = /^[0-9a-f]{32}(\.dir)?$/;

/** Reads a pointer file. Throws DATASET_NOT_FOUND or DATASET_CORRUPT. */
export async function readPointer(file: string): Promise<Pointer> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile())
    throw new SlipwayError("DATASET_NOT_FOUND", `There is no DVC file ${file}. Check the path, or run git pull.`, {
      details: { file },
    });
  if (found.size > MOST_BYTES) throw refused(file, `it has ${found.size} bytes, and no DVC file has that many`);
  const out = onlyOut(file, parsed(file, await readFile(file, "utf8")));
  const { md5, size, nfiles, path, hash } = out;
  if (typeof md5 !== "string")
    throw refused(file, "it names no md5; data imported from a URL or cloud version is not read");
  if (hash !== "md5")
    throw refused(file, "it was written by DVC 2, whose hashes are of other bytes; run: dvc cache migrate --dvc-files");
  if (!OBJECT_NAME.test(md5)) throw refused(file, `md5 ${shown(md5)} is no hash`);
  if (typeof path !== "string" || !isPathBelow(path))
    throw refused(file, `path ${shown(path)} leads out of its folder`);
  for (const [name, value] of Object.entries({ size, nfiles }))
    if (value !== undefined && !(Number.isSafeInteger(value) && (value as number) >= 0))
      throw refused(file, `${name} ${shown(value)} is no count`);
  return {
    file,
    md5,
    size: size as number | undefined,
    nfiles: nfiles as number | undefined,
    target: join(dirname(file), path),
  };
}

/** A pointer as DVC writes it. */
export function pointerText(out: {
  readonly md5: string;
  readonly size: number;
  readonly nfiles: number;
  readonly path: string;
}): string {
  const { md5, size, nfiles, path } = out;
  return stringify({ outs: [{ md5, size, nfiles, hash: "md5", path }] }, { indentSeq: false, lineWidth: 0 });
}

/** The error for what a DVC file or list says. */
export function refused(file: string, problem: string, cause?: unknown): SlipwayError {
  return new SlipwayError("DATASET_CORRUPT", `${file} cannot be followed: ${problem}.`, { cause, details: { file } });
}

function parsed(file: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0, uniqueKeys: true, schema: "core" });
  } catch (cause) {
    throw refused(file, `it is not YAML (${cause instanceof Error ? cause.message.split("\n")[0] : cause})`, cause);
  }
}

function onlyOut(file: string, document: unknown): Readonly<Record<string, unknown>> {
  const { outs, wdir } = (typeof document === "object" && document !== null ? document : {}) as Readonly<
    Record<string, unknown>
  >;
  if (wdir !== undefined && wdir !== ".") throw refused(file, `it has the working directory ${shown(wdir)}`);
  const [out, other] = Array.isArray(outs) ? (outs as unknown[]) : [];
  if (typeof out !== "object" || out === null || other !== undefined)
    throw refused(file, "it does not name one file or folder under outs");
  return out as Readonly<Record<string, unknown>>;
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 100);
