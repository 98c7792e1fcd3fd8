// Chances of more than a value: the tails that p-values are read from. All keep their digits where they are small.

import { betaShare, gammaTail, logGamma } from "./special-functions.ts";

/** The chance that a standard normal variable is above z. */
export function normalTail(z: number): number {
  const tail = 0.5 * gammaTail(0.5, (z * z) / 2);
  return z >= 0 ? tail : 1 - tail;
}

/** The density of the standard normal distribution at z. */
export const normalDensity = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

/** The chance that a standard normal variable is farther from 0 than z is. */
export const normalBeyond = (z: number): number => Math.min(1, 2 * normalTail(Math.abs(z)));

/**
 * The value a standard normal variable stays below with a probability between 0 and 1, both excluded, to about 1e-12: the
 * approximation of Abramowitz and Stegun 26.2.23 (Hastings 1955), then Newton's steps on the logarithm of the tail.
 */
export function normalQuantile(probability: number): number {
  const chance = Math.min(probability, 1 - probability);
  const tail = Math.sqrt(-2 * Math.log(chance));
  const above = 2.515517 + tail * (0.802853 + tail * 0.010328);
  const below = 1 + tail * (1.432788 + tail * (0.189269 + tail * 0.001308));
  let z = tail - above / below;
  for (let step = 0; step < 4; step += 1) {
    const here = normalTail(z);
    z += ((Math.log(here) - Math.log(chance)) * here) / normalDensity(z);
  }
  return probability < 0.5 ? -z : z;
}

/** The distance from 0 that a standard normal variable exceeds with so small a chance, both sides together. */
export const normalDistance = (chance: number): number => (chance >= 1 ? 0 : -normalQuantile(chance / 2));

/** The chance that a χ² variable with so many degrees of freedom is above x; with `shift`, that of a non-central one (λ). */
export function chiSquareTail(x: number, freedom: number, shift = 0): number {
  if (x <= 0) return 1;
  if (shift === 0) return gammaTail(freedom / 2, x / 2);
  // A mixture of central ones, its weights those of a Poisson variable of mean λ/2 (Patnaik 1949).
  const mean = shift / 2;
  const reach = 12 * Math.sqrt(mean) + 40;
  let tail = 0;
  for (let step = Math.max(0, Math.floor(mean - reach)); step <= mean + reach; step += 1) {
    const weight = Math.exp(step * Math.log(mean) - mean - logGamma(step + 1));
    tail += weight * gammaTail(freedom / 2 + step, x / 2);
  }
  return Math.min(1, tail);
}

/** The x that a χ² variable, non-central with `shift`, exceeds with so small a chance; by bisection. */
export function chiSquareExceeded(chance: number, freedom: number, shift = 0): number {
  let low = 0;
  let high = freedom + shift + 10;
  while (chiSquareTail(high, freedom, shift) > chance) high *= 2;
  for (let step = 0; step < 50; step += 1) {
    const middle = (low + high) / 2;
    if (chiSquareTail(middle, freedom, shift) > chance) low = middle;
    else high = middle;
  }
  return high;
}

/** The chance that a variable of Student's t is above t. */
export function studentTail(t: number, freedom: number): number {
  const tail = 0.5 * betaShare(freedom / 2, 0.5, freedom / (freedom + t * t));
  return t >= 0 ? tail : 1 - tail;
}

/** The t that a variable of Student's t is farther from 0 than with so small a chance; by bisection. */
export function studentDistance(chance: number, freedom: number): number {
  let low = 0;
  let high = 10;
  while (2 * studentTail(high, freedom) > chance) high *= 2;
  for (let step = 0; step < 50; step += 1) {
    const middle = (low + high) / 2;
    if (2 * studentTail(middle, freedom) > chance) low = middle;
    else high = middle;
  }
  return high;
}

/** The chance of `hits` or more in so many tries. */
export function binomialTail(hits: number, tries: number, chance: number): number {
  if (hits <= 0) return 1;
  return hits > tries ? 0 : betaShare(hits, tries - hits + 1, chance);
}

/** The chance that a number of hits is as far to its side as this, twice the lesser side; at most 1. */
export function binomialBeyond(hits: number, tries: number, chance: number): number {
  const above = binomialTail(hits, tries, chance);
  const below = binomialTail(tries - hits, tries, 1 - chance);
  return Math.min(1, 2 * Math.min(above, below));
}

const logChoose = (of: number, taken: number): number =>
  logGamma(of + 1) - logGamma(taken + 1) - logGamma(of - taken + 1);

/**
 * The chance that `drawn` of `all` rows, taken without putting back, hold a number of the `marked` ones as far to its side as
 * `hits`: the hypergeometric tail, twice the lesser side (Fisher's exact test); at most 1.
 */
export function hypergeometricBeyond(hits: number, marked: number, drawn: number, all: number): number {
  const lowest = Math.max(0, drawn + marked - all);
  const highest = Math.min(marked, drawn);
  const first = Math.exp(logChoose(marked, hits) + logChoose(all - marked, drawn - hits) - logChoose(all, drawn));
  const isAbove = hits * all >= marked * drawn;
  let term = first;
  let tail = first;
  // Away from the middle each term is less than the one before, so the sum ends where a term no longer counts.
  for (let at = hits; isAbove ? at < highest : at > lowest; at += isAbove ? 1 : -1) {
    term *= isAbove
      ? ((marked - at) * (drawn - at)) / ((at + 1) * (all - marked - drawn + at + 1))
      : (at * (all - marked - drawn + at)) / ((marked - at + 1) * (drawn - at + 1));
    tail += term;
    if (term < tail * 1e-17) break;
  }
  return Math.min(1, 2 * tail);
}
