// Randomness that two numbers decide: a seed and the number of a stream, say a study's trial. So what is drawn does not depend on threads or speed,
// and is the same on every machine.

/** A stream of random numbers. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A draw from the standard normal distribution. */
  normal(): number;
  /** A whole number in [0, count). */
  below(count: number): number;
}

/** The stream of a seed and a number: sfc32 (Doty-Humphrey, PractRand), its state spread by splitmix32. */
export function randomOf(seed: number, number: number): Random {
  const spread = splitmix(seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, number >>> 0);
  let [a, b, c, counter] = [spread(), spread(), spread(), 1];
  const word = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let skipped = 0; skipped < 12; skipped += 1) word();
  const next = (): number => word() / 2 ** 32;
  return {
    next,
    // Box and Muller (1958); the second draw is dropped, so that a stream has no hidden state.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    below: (count) => Math.floor(next() * count),
  };
}

function splitmix(...words: readonly number[]): () => number {
  let state = 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  for (const word of words) state = next() ^ word;
  return next;
}
