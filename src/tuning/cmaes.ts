// Covariance matrix adaptation (Hansen 2016, arXiv 1604.00772) over the ordered parameters; choices are TPE's. The search is a fold over the told
// trials, a generation at a time, so it keeps no state between suggestions and takes trials told in any order.

import { fill, type Point } from "./encoding.ts";
import { cholesky } from "./gp/linear.ts";
import { tpeSampler } from "./tpe.ts";
import { type Question, ranked, type Trial } from "./trial.ts";

/** Where the next generation is drawn: x = mean + spread · (factor · z), with factor a lower Cholesky factor. */
interface Distribution {
  readonly mean: Float64Array;
  readonly spread: number;
  readonly factor: Float64Array;
}

const START_SPREAD = 0.3;
/** Draws outside the bounds are drawn again so often, then put on the bound. */
const REDRAWS = 20;

/** Covariance matrix adaptation. */
export function cmaesSampler(question: Question): Point {
  const { encoding, trials, random } = question;
  const columns = encoding.dimensions.flatMap(({ ordered }, index) => (ordered ? [index] : []));
  if (columns.length === 0) return tpeSampler(question);
  const { mean, spread, factor } = evolved(columns, trials);
  const size = columns.length;
  let place = new Float64Array(size);
  for (let draw = 0; draw < REDRAWS; draw += 1) {
    const z = Float64Array.from({ length: size }, () => random.normal());
    place = mean.map((value, row) => {
      let sum = 0;
      for (let column = 0; column <= row; column += 1) sum += factor[row * size + column]! * z[column]!;
      return value + spread * sum;
    });
    if (place.every((value) => value >= 0 && value <= 1)) break;
  }
  const chosen = columns.length < encoding.dimensions.length ? tpeSampler(question) : undefined;
  return fill(encoding, (index) => {
    const column = columns.indexOf(index);
    if (column >= 0) return place[column]!;
    // A choice that exists only now, for a whole number moved, has no suggestion of its own.
    const choice = chosen?.[index] ?? Number.NaN;
    return Number.isNaN(choice) ? random.below(encoding.dimensions[index]!.levels) : choice;
  });
}

function evolved(columns: readonly number[], trials: readonly Trial[]): Distribution {
  const size = columns.length;
  const offspring = 4 + Math.floor(3 * Math.log(size));
  const parents = Math.floor(offspring / 2);
  const raw = Array.from({ length: parents }, (_, rank) => Math.log((offspring + 1) / 2) - Math.log(rank + 1));
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  const weights = raw.map((weight) => weight / total);
  const mass = 1 / weights.reduce((sum, weight) => sum + weight * weight, 0);
  // The names and defaults of Hansen's table 1.
  const cSigma = (mass + 2) / (size + mass + 5);
  const damping = 1 + 2 * Math.max(0, Math.sqrt((mass - 1) / (size + 1)) - 1) + cSigma;
  const cPath = (4 + mass / size) / (size + 4 + (2 * mass) / size);
  const cOne = 2 / ((size + 1.3) ** 2 + mass);
  const cRank = Math.min(1 - cOne, (2 * (mass - 2 + 1 / mass)) / ((size + 2) ** 2 + mass));
  const expected = Math.sqrt(size) * (1 - 1 / (4 * size) + 1 / (21 * size * size));

  const mean = new Float64Array(size).fill(0.5);
  let spread = START_SPREAD;
  const covariance = identity(size);
  let factor = identity(size);
  const [sigmaPath, path] = [new Float64Array(size), new Float64Array(size)];
  const told = trials.filter(({ state }) => state !== "running");
  for (let first = 0; first + offspring <= told.length; first += offspring) {
    const best = ranked(told.slice(first, first + offspring)).slice(0, parents);
    const steps = best.map(({ point }) =>
      Float64Array.from(columns, (index, row) => {
        const place = point[index]!;
        // What a branch did not have tells nothing: it counts as no step.
        return Number.isNaN(place) ? 0 : (place - mean[row]!) / spread;
      }),
    );
    const step = new Float64Array(size);
    steps.forEach((each, rank) => {
      for (let row = 0; row < size; row += 1) step[row]! += weights[rank]! * each[row]!;
    });
    const whitened = solveLower(factor, step);
    const pull = Math.sqrt(cSigma * (2 - cSigma) * mass);
    let length = 0;
    for (let row = 0; row < size; row += 1) {
      mean[row]! += spread * step[row]!;
      sigmaPath[row] = (1 - cSigma) * sigmaPath[row]! + pull * whitened[row]!;
      length += sigmaPath[row]! ** 2;
    }
    length = Math.sqrt(length);
    const generation = first / offspring + 1;
    const steady = length / Math.sqrt(1 - (1 - cSigma) ** (2 * generation)) < (1.4 + 2 / (size + 1)) * expected ? 1 : 0;
    for (let row = 0; row < size; row += 1)
      path[row] = (1 - cPath) * path[row]! + steady * Math.sqrt(cPath * (2 - cPath) * mass) * step[row]!;
    const kept = 1 - cOne - cRank + (1 - steady) * cOne * cPath * (2 - cPath);
    for (let row = 0; row < size; row += 1)
      for (let column = 0; column < size; column += 1) {
        let spreadOut = 0;
        for (let rank = 0; rank < parents; rank += 1)
          spreadOut += weights[rank]! * steps[rank]![row]! * steps[rank]![column]!;
        const at = row * size + column;
        covariance[at] = kept * covariance[at]! + cOne * path[row]! * path[column]! + cRank * spreadOut;
      }
    spread = Math.min(1, spread * Math.exp((cSigma / damping) * (length / expected - 1)));
    const next = covariance.slice();
    // A covariance that lost a direction to rounding keeps the shape it had.
    if (cholesky(next, size)) factor = next;
  }
  return { mean: mean.map((value) => Math.min(1, Math.max(0, value))), spread, factor };
}

function identity(size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, at) => Number(at % (size + 1) === 0));
}

function solveLower(factor: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  const solved = new Float64Array(size);
  for (let row = 0; row < size; row += 1) {
    let rest = vector[row]!;
    for (let column = 0; column < row; column += 1) rest -= factor[row * size + column]! * solved[column]!;
    solved[row] = rest / factor[row * size + row]!;
  }
  return solved;
}
