// Points that fill a space evenly: Sobol's sequence with the direction numbers of Joe and Kuo (2008, "Constructing Sobol sequences with better
// two-dimensional projections", new-joe-kuo-6), shifted digitally by the seed. Past the table's dimensions the rest is random.

import { randomOf } from "../core/core.ts";

/** Per dimension after the first: its primitive polynomial as bits, then the odd initial direction numbers. */
const DIRECTIONS: readonly (readonly number[])[] = [
  [3, 1],
  [7, 1, 3],
  [11, 1, 3, 1],
  [13, 1, 1, 1],
  [19, 1, 1, 3, 3],
  [25, 1, 3, 5, 13],
  [37, 1, 1, 5, 5, 17],
  [41, 1, 1, 5, 5, 5],
  [47, 1, 1, 7, 11, 19],
  [55, 1, 1, 5, 1, 1],
  [59, 1, 1, 1, 3, 11],
  [61, 1, 3, 5, 5, 31],
  [67, 1, 3, 3, 9, 7, 49],
  [91, 1, 1, 1, 15, 21, 21],
  [97, 1, 3, 1, 13, 27, 49],
  [103, 1, 1, 1, 15, 7, 5],
  [109, 1, 3, 1, 15, 13, 25],
  [115, 1, 1, 5, 5, 19, 61],
  [131, 1, 3, 7, 11, 23, 15, 103],
  [137, 1, 3, 7, 13, 13, 15, 69],
  [143, 1, 1, 3, 13, 7, 35, 63],
  [145, 1, 3, 5, 9, 1, 25, 53],
  [157, 1, 3, 1, 13, 9, 35, 107],
  [167, 1, 3, 1, 5, 27, 61, 31],
  [171, 1, 1, 5, 11, 19, 41, 61],
  [185, 1, 3, 5, 3, 3, 13, 69],
  [191, 1, 1, 7, 13, 1, 19, 1],
  [193, 1, 3, 7, 5, 13, 19, 59],
  [203, 1, 1, 3, 9, 25, 29, 41],
  [211, 1, 3, 5, 13, 23, 1, 55],
  [213, 1, 3, 7, 3, 13, 59, 17],
  [229, 1, 3, 1, 3, 5, 53, 69],
  [239, 1, 1, 5, 5, 23, 33, 13],
  [241, 1, 1, 7, 7, 1, 61, 123],
  [247, 1, 1, 7, 9, 13, 61, 49],
  [253, 1, 3, 3, 5, 3, 55, 33],
  [285, 1, 3, 1, 15, 31, 13, 49, 245],
  [299, 1, 3, 5, 15, 31, 59, 63, 97],
  [301, 1, 3, 1, 11, 11, 11, 77, 249],
];
const BITS = 32;
const columns = new Map<number, Uint32Array>();

/** One coordinate of Sobol's sequence, in [0, 1): point `index` (from 0, which is the origin), dimension `dimension` (from 0). Unshifted. */
export function sobol(index: number, dimension: number): number {
  return sobolBits(index, dimension) / 2 ** BITS;
}

/** Point `index` of the sequence that a seed shifts; `count` coordinates in [0, 1). */
export function shiftedSobol(seed: number, index: number, count: number): Float64Array {
  const shift = randomOf(seed, 0xfffffffe);
  const beyond = randomOf(seed, index);
  return Float64Array.from({ length: count }, (_, dimension) => {
    const word = (shift.next() * 2 ** BITS) >>> 0;
    if (dimension > DIRECTIONS.length) return beyond.next();
    return ((sobolBits(index, dimension) ^ word) >>> 0) / 2 ** BITS;
  });
}

function sobolBits(index: number, dimension: number): number {
  const column = columnOf(dimension);
  // Antonov and Saleev (1979): point n is the sum, without carries, of the directions at the ones of n's Gray code.
  let gray = (index ^ (index >>> 1)) >>> 0;
  let sum = 0;
  for (let bit = 0; gray !== 0; bit += 1, gray >>>= 1) if (gray & 1) sum ^= column[bit]!;
  return sum >>> 0;
}

function columnOf(dimension: number): Uint32Array {
  const known = columns.get(dimension);
  if (known !== undefined) return known;
  const column = new Uint32Array(BITS);
  const [polynomial = 1, ...initial] = dimension === 0 ? [1] : DIRECTIONS[dimension - 1]!;
  const degree = initial.length;
  for (let bit = 0; bit < BITS; bit += 1) {
    if (dimension === 0) column[bit] = 1 << (BITS - 1 - bit);
    else if (bit < degree) column[bit] = initial[bit]! << (BITS - 1 - bit);
    else {
      let word = column[bit - degree]! ^ (column[bit - degree]! >>> degree);
      for (let back = 1; back < degree; back += 1)
        if ((polynomial >>> (degree - back)) & 1) word ^= column[bit - back]!;
      column[bit] = word;
    }
  }
  columns.set(dimension, column);
  return column;
}
