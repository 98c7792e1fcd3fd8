// Content hashes: the identity of datasets, versions and definitions.

import { createHash, hash } from "node:crypto";

/** The SHA-256 of bytes or text, in hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The first 16 bytes of the SHA-256 of a text, as a text with one character (0 to 255) a byte. */
export function sha256Mark(content: string): string {
  // As a text, for a Buffer of 32 bytes costs more than the hash.
  return hash("sha256", content, "binary").slice(0, 16);
}

/**
 * A value as JSON that is the same for equal values: keys sorted, undefined left out, bigint written as `"123n"`,
 * and NaN, Infinity and -0 spelled out, which plain JSON would lose.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `"${value}n"`;
  if (typeof value === "number") {
    if (Object.is(value, -0)) return '"-0"';
    return Number.isFinite(value) ? String(value) : `"${value}"`;
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object") {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined && typeof item !== "function");
    const sorted = entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${sorted.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
  }
  throw new TypeError(`A ${typeof value} has no canonical form.`);
}

/** The SHA-256 of a value's canonical JSON. */
export function contentHash(value: unknown): string {
  return sha256(canonicalJson(value));
}
