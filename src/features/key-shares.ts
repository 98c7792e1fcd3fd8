import { SlipwayError } from "../core/core.ts";

/** One of `of` shares of the keys, counted from 0; what is too much for the memory at once is put together a share after the other. */
export interface KeyShare {
  readonly index: number;
  readonly of: number;
}

/** Where the keys are too many for the memory at once, so many times more shares of them are tried, up to the most. */
const MORE_SHARES = 4;
const MOST_SHARES = 256;

/** Does something for all keys at once, or where that needs too much memory again in more and more shares. Throws MEMORY_EXHAUSTED when even a small share is too much. */
export async function inKeyShares<T>(work: (shares: number) => Promise<T>): Promise<T> {
  for (let shares = 1; ; shares *= MORE_SHARES) {
    try {
      return await work(shares);
    } catch (thrown) {
      const isTooMuch = thrown instanceof SlipwayError && thrown.code === "MEMORY_EXHAUSTED";
      if (!isTooMuch || shares >= MOST_SHARES) throw thrown;
    }
  }
}
