// Random numbers that a seed decides: the same seed gives the same resamples on every machine.

/** Whole numbers from 0 to `below` − 1, each as likely as the next (to 2⁻³²·below). */
export type WholeRandom = (below: number) => number;

/** Xoshiro128** of Blackman and Vigna 2018, "Scrambled linear pseudorandom number generators", its state filled from the seed. */
export function seededRandom(seed: number): WholeRandom {
  let filling = seed >>> 0;
  const fill = (): number => {
    // Murmur3's finaliser over a Weyl sequence, so that neighbouring seeds have nothing in common.
    filling = (filling + 0x9e3779b9) >>> 0;
    let mixed = filling;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  let [a, b, c, d] = [fill(), fill(), fill(), fill()];
  const rotated = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
  return (below) => {
    const drawn = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotated(d, 11);
    return Math.floor((drawn / 2 ** 32) * below);
  };
}
