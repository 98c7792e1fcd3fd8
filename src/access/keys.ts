// A key is `slip_<id>_<secret>`: the id says whose it may be, the secret has 256 random bits. Only the SHA-256 of the whole is kept, which is
// enough for a secret that nobody can guess, and quick enough to be asked with every request.

import { timingSafeEqual } from "node:crypto";
import { type RandomBytes, sha256 } from "../core/core.ts";

/** A new key, and what is kept of it. */
export interface NewKey {
  readonly key: string;
  readonly id: string;
  readonly hash: string;
}

/** Makes a key. */
export function newKey(random: RandomBytes): NewKey {
  const id = Buffer.from(random(9)).toString("base64url");
  const key = `slip_${id}_${Buffer.from(random(32)).toString("base64url")}`;
  return { key, id, hash: sha256(key) };
}

/** The id in a key, or undefined for what is no key. */
export function keyId(key: string): string | undefined {
  return /^slip_([\w-]{12})_[\w-]{43}$/.exec(key)?.[1];
}

/** Whether a key is the one that was kept as this hash; takes the same time for every wrong one. */
export function isKey(key: string, hash: string): boolean {
  const [given, kept] = [Buffer.from(sha256(key)), Buffer.from(hash)];
  return given.length === kept.length && timingSafeEqual(given, kept);
}
