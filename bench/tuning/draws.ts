// Chance for tasks and noise that no sampler under test can share: SHA-256 in counter mode over a purpose and a seed. Slipway's samplers draw from a
// generator of their own, seeded by small numbers; a bench that drew optima from it would put them where a sampler's seed looks first.

import { createHash } from "node:crypto";

/** A stream of random numbers. */
export interface Draws {
  /** A number in [0, 1). */
  next(): number;
  /** A draw from the standard normal distribution. */
  normal(): number;
  /** A whole number in [0, count). */
  below(count: number): number;
}

/** The stream of a purpose and a seed. */
export function drawsOf(purpose: string, seed: number): Draws {
  let block = Buffer.alloc(0);
  let at = 0;
  let count = 0;
  const word = (): number => {
    if (at === block.length) {
      block = createHash("sha256").update(`slipway bench: ${purpose}: ${seed}: ${count}`).digest();
      count += 1;
      at = 0;
    }
    at += 4;
    return block.readUInt32LE(at - 4);
  };
  const next = (): number => word() / 2 ** 32;
  return {
    next,
    // Box and Muller (1958).
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    below: (limit) => Math.floor(next() * limit),
  };
}
