import { createHash } from "node:crypto";
import type { CodePatch } from "../../ports/workspace.ts";

/** The most bytes of differences that are kept. */
export const MOST_PATCH = 1024 * 1024;

/** Git's diff as a patch of whole files, as many of them as fit; null for an empty one. */
export function patchOf(diff: Buffer): CodePatch | null {
  if (diff.length === 0) return null;
  const whole = diff.toString("utf8");
  const leftOut: string[] = [];
  let kept = "";
  let bytes = 0;
  for (const file of whole.split(/^(?=diff --git )/m)) {
    const size = Buffer.byteLength(file);
    if (bytes + size <= MOST_PATCH) {
      kept += file;
      bytes += size;
    } else leftOut.push(/^diff --git a\/(.*) b\/\1$/m.exec(file)?.[1] ?? file.split("\n")[0] ?? "");
  }
  return { text: kept, bytes: diff.length, hash: createHash("sha256").update(diff).digest("hex"), leftOut };
}
