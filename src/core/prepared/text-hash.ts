// Texts as places among a fixed number of buckets, the same on every machine and in scikit-learn's hashing vectorisers: MurmurHash3 (A. Appleby,
// x86 32 bit, seed 0) of the UTF-8 bytes, its absolute value modulo the buckets.

const utf8 = new TextEncoder();

/** MurmurHash3 of a text's UTF-8 bytes, x86 32 bit with seed 0, as a signed number. */
export function murmur3(text: string): number {
  const bytes = utf8.encode(text);
  const { length } = bytes;
  const whole = length - (length % 4);
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    const word =
      (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    hash ^= scrambled(word);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let at = length - 1; at >= whole; at -= 1) rest = (rest << 8) | (bytes[at] ?? 0);
  if (length > whole) hash ^= scrambled(rest);
  hash ^= length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function scrambled(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

/** The bucket of a text, from 0 to `buckets` − 1. */
export function bucketOf(text: string, buckets: number): number {
  const hash = murmur3(text);
  // The one number without a positive counterpart in 32 bits; scikit-learn wraps it just so.
  return hash === -(2 ** 31) ? (2 ** 31 - 1 - (buckets - 1)) % buckets : Math.abs(hash) % buckets;
}

/** How often each bucket is met by the runs of `n` characters (code points) of a text, added to `counts`, where bucket b of this text stands at `row` + b × `rows`. */
export function countGrams(
  text: string,
  n: number,
  buckets: number,
  counts: Float64Array,
  row: number,
  rows: number,
): void {
  const points = [...text];
  for (let from = 0; from + n <= points.length; from += 1) {
    const place = row + rows * bucketOf(points.slice(from, from + n).join(""), buckets);
    counts[place] = (counts[place] ?? 0) + 1;
  }
}
