// An entity key as bytes: a typed tuple, so that ("a", "bc") and ("ab", "c") never meet.

import { type ColumnSchema, SlipwayError, sha256, type Value } from "../core/core.ts";

/** The key under which a view keeps its own bookkeeping; entity keys start with another byte. */
export const metaKey: Uint8Array = Uint8Array.of(0);

const LONGEST = 400;

/** Encodes a key's values in the entity's order; undefined when one is null, for null keys match nothing. */
export function encodeKey(keys: readonly ColumnSchema[], values: readonly Value[]): Uint8Array | undefined {
  let size = 1;
  for (const value of values) {
    if (value === null) return undefined;
    size += 8 + (typeof value === "string" ? Buffer.byteLength(value) : 0);
  }
  const bytes = Buffer.allocUnsafe(size);
  bytes[0] = 1;
  let at = 1;
  for (let index = 0; index < keys.length; index += 1) {
    const value = values[index] ?? null;
    if (value === null) return undefined;
    if (typeof value === "string") {
      const length = bytes.write(value, at + 8);
      bytes.writeBigInt64BE(BigInt(length), at);
      at += 8 + length;
    } else {
      bytes.writeBigInt64BE(BigInt(value as bigint | number | boolean), at);
      at += 8;
    }
  }
  // Stores limit a key's length; a hash of 256 bits stands for a longer one.
  return size <= LONGEST ? bytes : Buffer.concat([Uint8Array.of(2), Buffer.from(sha256(bytes), "hex")]);
}

/** A key's values picked from an object. Throws INPUT_INVALID for a key that is left out. */
export function keyValues(
  keys: readonly ColumnSchema[],
  row: Readonly<Record<string, Value | undefined>>,
  what: string,
): readonly Value[] {
  return keys.map(({ name }) => {
    const value = row[name];
    if (value === undefined)
      throw new SlipwayError(
        "INPUT_INVALID",
        `${what} needs key "${name}". Its keys are: ${keys.map((key) => key.name).join(", ")}.`,
      );
    return value;
  });
}
