// What a window keeps of a value when it does not keep the value: a code for counting distinct values approximately, and a bucket for
// quantiles. sketch-sql.ts computes the very same in SQL, so both sides have the same partials and give the same answers. Both merge
// exactly and in any order.
//
// Distinct values: HyperLogLog (Flajolet, Fusy, Gandouet & Meunier 2007) with 2^12 registers over the lower half of the MD5 of the value as text,
// read little-endian: 12 bits name the register, the leading zeros of the other 52 are its rank. The estimate is Ertl's (2017, "New
// cardinality estimation algorithms for HyperLogLog sketches", improved raw estimator), which needs no table and no special case for few
// values; its term for full registers is left out, because none is full before 2^50 values. Standard error 1.04 / √4096 = 1.6 %.
//
// Quantiles: buckets of relative width (Masson, Rim & Lee 2019, "DDSketch"), 64 to each power of two, so that a bucket's number is the upper
// bits of the float64 itself and needs no logarithm that two libraries would round differently. The value given for a bucket is the
// harmonic mean of its ends: within 1/128 (0.78 %) of every value in it.

import { hash } from "node:crypto";
import { type DataType, isFloat } from "../core/core.ts";
import type { Item } from "./item-bytes.ts";

const REGISTERS = 4096;
/** A register code is the register times this, plus the rank. */
export const RANKS = 64;
const LOW_BITS = 2n ** 52n - 1n;

/** A value as what is hashed, the same for values that are equal: its bytes, or its text. */
function hashed(value: Item, type: DataType): Uint8Array | string {
  if (value instanceof Uint8Array) return value;
  if (!isFloat(type)) return String(value);
  if (Number.isNaN(value)) return "NaN";
  // Plus 0, because -0 equals 0.
  return String(bitsOf((value as number) + 0));
}

/** A value's HyperLogLog code: its register times 64 plus the rank it asks for, 1 to 53. */
export function registerCode(value: Item, type: DataType): number {
  const digest = hash("md5", hashed(value, type), "buffer");
  const number = digest.readBigUInt64LE(8);
  const low = number & LOW_BITS;
  const rank = low === 0n ? 53 : 53 - low.toString(2).length;
  return Number(number >> 52n) * RANKS + rank;
}

/** The number of distinct values that left these codes. */
export function estimateDistinct(codes: Iterable<number>): bigint {
  const ranks = new Map<number, number>();
  for (const code of codes) {
    const register = Math.floor(code / RANKS);
    ranks.set(register, Math.max(ranks.get(register) ?? 0, code % RANKS));
  }
  // Σ 2^-rank in units of 2^-53, so that the sum is exact in any order.
  let sum = 0n;
  for (const rank of ranks.values()) sum += 2n ** BigInt(53 - rank);
  if (sum === 0n) return 0n;
  const empty = REGISTERS * sigma((REGISTERS - ranks.size) / REGISTERS);
  return BigInt(Math.floor(ALPHA / (Number(sum) / 2 ** 53 + empty) + 0.5));
}

/** m² / (2 ln 2), written out because it is in the SQL too. */
export const ALPHA = 12102203.161561485;

/** How often sigma squares its argument: by then nothing is left of (4095/4096)^(2^n). */
export const SIGMA_STEPS = 22;

/** Ertl's σ(x) = x + Σ x^(2^k) 2^(k-1), by repeated squaring and a fixed number of steps. */
function sigma(part: number): number {
  let [power, weight, sum] = [part, 1, part];
  for (let step = 0; step < SIGMA_STEPS; step += 1) {
    sum += power * power * weight;
    power *= power;
    weight += weight;
  }
  return sum;
}

/** The bucket of NaN, after every other. */
export const NAN_BUCKET = 131_072;

/** The bucket of Infinity; that of -Infinity is its negative. */
export const INFINITY_BUCKET = 131_008;

/** The least normal float64: what lies nearer to zero is in bucket 0. */
export const LEAST_NORMAL = 2.2250738585072014e-308;

/** Bits of a float64 below a bucket's number. */
export const BUCKET_SHIFT = 46;

/** Buckets from one power of two to the next. */
export const BUCKETS_PER_OCTAVE = 64;

/** The bucket of a number: in the order of the numbers, negative ones below 0. */
export function bucketOf(value: number): number {
  if (Number.isNaN(value)) return NAN_BUCKET;
  const size = Math.abs(value);
  if (size < LEAST_NORMAL) return 0;
  const bucket = Number(bitsOf(size) >> BigInt(BUCKET_SHIFT));
  return value < 0 ? -bucket : bucket;
}

/** The number that stands for all in a bucket. */
function bucketValue(bucket: number): number {
  if (bucket === NAN_BUCKET) return Number.NaN;
  const size = Math.abs(bucket);
  if (size === 0) return 0;
  const from = 1 + (size % BUCKETS_PER_OCTAVE) / BUCKETS_PER_OCTAVE;
  const to = from + 1 / BUCKETS_PER_OCTAVE;
  const octave = 2 ** (Math.floor(size / BUCKETS_PER_OCTAVE) - 1023);
  const value = size === INFINITY_BUCKET ? Infinity : octave * ((2 * from * to) / (from + to));
  return bucket < 0 ? -value : value;
}

/**
 * The value at `rank` (0 to 1) among counted buckets: that of place floor(rank × (n − 1)) in order; null when there are none. Where all values
 * are whole it is rounded: below 128 a bucket holds one whole number, so that it is exact there.
 */
export function quantileOf(counts: ReadonlyMap<number, number>, rank: number, isWhole: boolean): number | null {
  let total = 0;
  for (const count of counts.values()) total += count;
  const place = Math.floor(rank * (total - 1));
  let upTo = 0;
  for (const [bucket, count] of [...counts].sort(([a], [b]) => a - b)) {
    upTo += count;
    if (upTo > place) return isWhole ? Math.floor(bucketValue(bucket) + 0.5) : bucketValue(bucket);
  }
  return null;
}

const word = new DataView(new ArrayBuffer(8));

function bitsOf(value: number): bigint {
  word.setFloat64(0, value);
  return word.getBigInt64(0);
}
