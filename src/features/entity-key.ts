// An entity key as bytes: a typed tuple, so that ("a", "bc") and ("ab", "c") never meet.

import { type ColumnSchema, SlipwayError, sha256, type Value } from "../core/core.ts";

/** The key under which a view keeps its own bookkeeping; entity keys start with another byte. */
export const metaKey: Uint8Array = Uint8Array.of(0);

const LONGEST = 400;
/** First byte of the keys that a hash stands for. */
const HASHED = 2;

/** Encodes a key's values in the entity's order; undefined when one is null, for null keys match nothing. */
export function encodeKey(keys: readonly ColumnSchema[], values: readonly Value[]): Uint8Array | undefined {
  let size = 1;
  for (const value of values) {
    if (value === null) return undefined;
    size += 8 + (typeof value === "string" ? utf8Length(value) : 0);
  }
  const bytes = new Uint8Array(size);
  bytes[0] = 1;
  let at = 1;
  for (let index = 0; index < keys.length; index += 1) {
    const value = values[index] ?? null;
    if (value === null) return undefined;
    if (typeof value === "string") {
      const length = writeUtf8(bytes, at + 8, value);
      for (let rest = length, place = at + 7; rest > 0; rest = Math.floor(rest / 256), place -= 1) bytes[place] = rest;
      at += 8 + length;
    } else {
      whole.setBigInt64(0, BigInt(value as bigint | number | boolean));
      bytes.set(wholeBytes, at);
      at += 8;
    }
  }
  // Stores limit a key's length; a hash of 256 bits stands for a longer one.
  return size <= LONGEST ? bytes : Buffer.concat([Uint8Array.of(HASHED), Buffer.from(sha256(bytes), "hex")]);
}

/** Whether a hash stands for the key. */
export function isHashedKey(key: Uint8Array): boolean {
  return key[0] === HASHED;
}

const whole = new DataView(new ArrayBuffer(8));
const wholeBytes = new Uint8Array(whole.buffer);

/** Texts up to here are gone through character by character: that is less than a call into the engine. */
const SHORT = 48;

function isShortAscii(text: string): boolean {
  if (text.length > SHORT) return false;
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 127) return false;
  return true;
}

function utf8Length(text: string): number {
  return isShortAscii(text) ? text.length : Buffer.byteLength(text);
}

/** Writes a text at a place; gives how many bytes it took. */
function writeUtf8(bytes: Uint8Array, at: number, text: string): number {
  if (!isShortAscii(text)) return encoder.encodeInto(text, bytes.subarray(at)).written;
  for (let index = 0; index < text.length; index += 1) bytes[at + index] = text.charCodeAt(index);
  return text.length;
}

const encoder = new TextEncoder();

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
