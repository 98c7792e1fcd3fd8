// Identifiers that sort by time: UUID version 7 (RFC 9562, section 5.7), from an instant and random bytes given as arguments.

import type { Instant } from "./time.ts";

/** A source of random bytes; the system engine gives the real one. */
export type RandomBytes = (count: number) => Uint8Array;

/** A UUIDv7 for `now`: ids made later sort later, to the millisecond. */
export function newId(now: Instant, random: RandomBytes): string {
  const bytes = random(16);
  const millis = now / 1000n;
  for (let index = 0; index < 6; index += 1) bytes[index] = Number((millis >> BigInt(8 * (5 - index))) & 0xffn);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
