// Whether two sources read the same rows: the same file under two names, a file that another one's pattern takes in, or one table.

import { resolve } from "node:path";
import { type SourceSpec, sourcePlace } from "../define/define.ts";

/** Whether two sources share rows, as far as their places tell; relative paths start from `root`. */
export function readSameData(one: SourceSpec, other: SourceSpec, root: string): boolean {
  if (!("path" in one) || !("path" in other)) return sourcePlace(one) === sourcePlace(other);
  if ("table" in one !== "table" in other) return false;
  if ("table" in one && "table" in other && one.table !== other.table) return false;
  const [a, b] = [resolve(root, one.path), resolve(root, other.path)];
  return a === b || pattern(a).test(b) || pattern(b).test(a);
}

/** A path as a pattern: `**` is any folders, `*` and `?` stay in one, `[...]` is one character of some. */
function pattern(path: string): RegExp {
  const parts = path.split(/(\*\*\/?|\*|\?|\[[^\]]*\])/);
  const source = parts.map((part) => {
    if (part.startsWith("**")) return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (/^\[.+\]$/.test(part)) return part.replace(/^\[!/, "[^");
    return part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  });
  return new RegExp(`^${source.join("")}$`);
}
