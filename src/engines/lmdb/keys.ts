// All namespaces share one tree: a stored key is the namespace, a zero byte and the key. A namespace holds no zero byte, so the first
// one ends it and no two pairs can meet; within a namespace the tree's byte order is the keys' own.

import { SlipwayError } from "../../core/core.ts";

/** What one entry of the tree can have as its key, with the engine's pages of 4 KiB. */
const LONGEST_STORED_KEY = 1978;

const prefixes = new Map<string, Uint8Array>();

/** The bytes before every key of a namespace. */
export function namespacePrefix(namespace: string): Uint8Array {
  const known = prefixes.get(namespace);
  if (known) return known;
  if (namespace === "" || namespace.includes("\0") || namespace.length > 200)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${JSON.stringify(namespace)} is no namespace: use 1 to 200 characters and no zero character.`,
    );
  const prefix = new TextEncoder().encode(`${namespace}\0`);
  prefixes.set(namespace, prefix);
  return prefix;
}

/** The first bytes after every key of a namespace. */
export function namespaceEnd(namespace: string): Uint8Array {
  const end = namespacePrefix(namespace).slice();
  end[end.length - 1] = 1;
  return end;
}

/** A namespace's key as the tree stores it. */
export function storedKey(namespace: string, key: Uint8Array): Uint8Array {
  const prefix = namespacePrefix(namespace);
  if (prefix.length + key.length > LONGEST_STORED_KEY)
    throw new SlipwayError(
      "INPUT_INVALID",
      `A key of ${key.length} bytes is too long for the online store: ${namespace} takes up to ${LONGEST_STORED_KEY - prefix.length}.`,
    );
  const stored = new Uint8Array(prefix.length + key.length);
  stored.set(prefix);
  stored.set(key, prefix.length);
  return stored;
}

/** Room for a stored key of each length, written over by the next of that length. */
const rooms = new Map<number, Uint8Array>();

/** A stored key that is good until the next one of its length: for a lookup that copies it anyway. */
export function keyInto(namespace: string, key: Uint8Array): Uint8Array {
  const prefix = namespacePrefix(namespace);
  const length = prefix.length + key.length;
  if (length > LONGEST_STORED_KEY) return storedKey(namespace, key);
  let room = rooms.get(length);
  if (!room) {
    room = new Uint8Array(length);
    rooms.set(length, room);
  }
  room.set(prefix);
  room.set(key, prefix.length);
  return room;
}
