/** The fold of a training row, from its place and a seed: dealt as if by chance, the same every time the rows are read. */
export function foldOf(row: number, seed: number, folds: number): number {
  let mixed = Math.imul(row ^ Math.floor(row / 2 ** 32), 0x9e3779b9) ^ Math.imul(seed + 1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return ((mixed ^ (mixed >>> 15)) >>> 0) % folds;
}
