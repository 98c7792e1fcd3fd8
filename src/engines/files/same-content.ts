import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { systemCode } from "./durable.ts";

/** Whether a path is in use. */
export async function takenBy(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return false;
    throw thrown;
  }
}

/** Whether a file holds just these bytes, or the same as another file; neither is read into memory. */
export async function sameContent(path: string, other: Uint8Array | string): Promise<boolean> {
  const size = typeof other === "string" ? (await stat(other)).size : other.length;
  if ((await stat(path)).size !== size) return false;
  const expected = typeof other === "string" ? await fileHash(other) : createHash("sha256").update(other).digest("hex");
  return (await fileHash(path)) === expected;
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
