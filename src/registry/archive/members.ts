import { invalidArchive } from "./tar.ts";

/** The members of an object from elsewhere. */
export type Members = Readonly<Record<string, unknown>>;

/** An object; each of these throws ARCHIVE_INVALID for anything else. */
export function object(value: unknown, what: string): Members {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Members;
  throw invalidArchive(`${what} is not an object`);
}

/** A list. */
export function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalidArchive(`${what} is not a list`);
}

/** A member that is text of a sensible length. */
export function text(root: Members, name: string): string {
  const value = root[name];
  if (typeof value === "string" && value.length <= 1000) return value;
  throw invalidArchive(`${name} is not text`);
}

/** A member that is a whole number from 0 up. */
export function whole(root: Members, name: string): number {
  const value = root[name];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidArchive(`${name} is not a whole number`);
}
