import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A hash of some files and of all below some folders, by their names within and what they hold: runs that are kept under it are not taken for those of other code. */
export function codeHash(paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const [place, path] of paths.entries()) {
    const names = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, encoding: "utf8" })
          .filter((name) => statSync(join(path, name)).isFile())
          .sort()
      : [""];
    for (const name of names) {
      const bytes = readFileSync(join(path, name));
      hash.update(`${place}\n${name}\n${bytes.length}\n`).update(bytes);
    }
  }
  return hash.digest("hex").slice(0, 12);
}
