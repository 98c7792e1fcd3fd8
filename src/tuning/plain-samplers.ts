// Samplers that learn nothing: random search, Sobol's sequence and the grid.

import type { Random } from "../core/core.ts";
import { type Encoding, fill, isActive, type Point } from "./encoding.ts";
import { shiftedSobol } from "./sobol.ts";
import type { Question, Trial } from "./trial.ts";

/** How many values a continuous parameter has on a grid. */
const GRID_LEVELS = 5;

/** A point drawn evenly. */
export function randomPoint(encoding: Encoding, random: Random): Point {
  return fill(encoding, (index) => fromUnit(encoding, index, random.next()));
}

/** Random search (Bergstra and Bengio 2012). */
export function randomSampler({ encoding, random }: Question): Point {
  return randomPoint(encoding, random);
}

/** Sobol's sequence, shifted by the seed: trial k is its point k. */
export function sobolSampler({ encoding, seed, id }: Question): Point {
  const place = shiftedSobol(seed, id, encoding.dimensions.length);
  return fill(encoding, (index) => fromUnit(encoding, index, place[index]!));
}

/**
 * Every combination in order, the last parameter fastest; five evenly set values of a continuous one. What was tried already, here or before the
 * study, is passed over; after the last it begins again.
 */
export function gridSampler({ encoding, trials, id }: Question): Point {
  const passed: Point[] = [];
  const point = firstUntried(encoding, trials, (taken) => passed.push(taken));
  return point ?? passed[id % passed.length]!;
}

/** The first combination of the grid that no trial has; `onTaken` sees those before it. Undefined where all were tried. */
export function firstUntried(
  encoding: Encoding,
  trials: readonly Trial[],
  onTaken: (point: Point) => void = () => undefined,
): Point | undefined {
  const tried = new Set(trials.map(({ point }) => point.join()));
  for (const point of gridPoints(encoding)) {
    if (!tried.has(point.join())) return point;
    onTaken(point);
  }
  return undefined;
}

/** Every combination in order, the last parameter fastest, each branch once; five evenly set values of a continuous parameter. */
export function* gridPoints(encoding: Encoding): Generator<Point> {
  const radix = encoding.dimensions.map(({ levels }) => (levels === Number.POSITIVE_INFINITY ? GRID_LEVELS : levels));
  const digits = new Array<number>(radix.length).fill(0);
  do {
    yield gridPoint(encoding, radix, digits);
    advance(encoding, radix, digits);
  } while (digits.some((digit) => digit !== 0));
}

function gridPoint(encoding: Encoding, radix: readonly number[], digits: readonly number[]): Point {
  return fill(encoding, (index) => {
    const dimension = encoding.dimensions[index]!;
    return dimension.levels === Number.POSITIVE_INFINITY
      ? digits[index]! / (radix[index]! - 1)
      : dimension.nth(digits[index]!);
  });
}

/** Moves to the next combination: digits of inactive parameters stay 0, so that no branch comes twice. */
function advance(encoding: Encoding, radix: readonly number[], digits: number[]): void {
  const point = gridPoint(encoding, radix, digits);
  for (let index = digits.length - 1; index >= 0; index -= 1) {
    if (!isActive(encoding, point, index)) continue;
    digits[index]! += 1;
    if (digits[index]! < radix[index]!) return;
    digits[index] = 0;
  }
}

function fromUnit(encoding: Encoding, index: number, unit: number): number {
  const { ordered, levels } = encoding.dimensions[index]!;
  return ordered ? unit : Math.min(levels - 1, Math.floor(unit * levels));
}
