/** Whether a path with `/` stays below the folder that it starts from, in every reading of it, and can be a file's name there. */
export function isPathBelow(path: string): boolean {
  if (path === "" || path.length > 4096 || path.includes("\0") || path.includes("\\")) return false;
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return false;
  return path
    .split("/")
    .every((segment) => segment !== "" && segment !== "." && segment !== ".." && segment.length <= 255);
}
