// An entity key as bytes: a typed tuple, so that ("a", "bc") and ("ab", "c") never meet.

import { type ColumnSchema, SlipwayError, sha256, type Value } from "../core/core.ts";

/** The key under which a view keeps its own bookkeeping; entity keys start with another byte. */
export const metaKey: Uint8Array = Uint8Array.of(0);

const encoder = new TextEncoder();
const LONGEST = 400;

/** Encodes a key's values in the entity's order; undefined when one is null, for null keys match nothing. */
export function encodeKey(keys: readonly ColumnSchema[], values: readonly Value[]): Uint8Array | undefined {
  const parts: Uint8Array[] = [Uint8Array.of(1)];
  for (const [index, { type }] of keys.entries()) {
    const value = values[index] ?? null;
    if (value === null) return undefined;
    if (type === "string") {
      const bytes = encoder.encode(value as string);
      parts.push(wholeNumber(BigInt(bytes.length)), bytes);
    } else parts.push(wholeNumber(BigInt(value as bigint | number | boolean)));
  }
  const bytes = Buffer.concat(parts);
  // Stores limit a key's length; a hash of 256 bits stands for a longer one.
  return bytes.length <= LONGEST ? bytes : Buffer.concat([Uint8Array.of(2), Buffer.from(sha256(bytes), "hex")]);
}

function wholeNumber(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
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
