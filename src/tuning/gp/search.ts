// The point with the highest gain: many candidates, evenly drawn and near the best trials; from the best of them gradients over what is ordered, and
// one change at a time over what has few values.

import type { Random } from "../../core/core.ts";
import { type Encoding, fill, isAmong, type Point, snap } from "../encoding.ts";
import { logImprovement } from "../normal.ts";
import { randomPoint } from "../plain-samplers.ts";
import { climb } from "./climb.ts";
import { rowOf } from "./features.ts";
import type { Process } from "./process.ts";

const EVEN = 150;
/** Candidates near the best trial, and near each of the next four. */
const NEAR = [40, 15, 15, 15, 15];
const CLIMBS = 3;
const ROUNDS = 2;
const LOOKS = 25;
/** Parameters of more values than this are climbed alone. */
const FEW = 64;

/** Where to search. */
export interface Region {
  readonly encoding: Encoding;
  readonly process: Process;
  /** What is to be improved on: the lowest mean. */
  readonly incumbent: number;
  /** The points of trials from best to worst. */
  readonly best: readonly Point[];
  /** Points that are not to come again. */
  readonly taken: readonly Point[];
  readonly random: Random;
  /** Which points are of the branch that is searched. */
  readonly accepts: (point: Point) => boolean;
}

interface Scored {
  readonly point: Point;
  readonly gain: number;
}

/** The point with the highest log expected improvement that was found; undefined where no point of the region is left. */
export function mostPromising(region: Region): Point | undefined {
  const scored = candidatesOf(region)
    .filter((point) => isFree(region, point))
    .map((point) => ({ point, gain: gainOf(region, point) }))
    .sort((left, right) => right.gain - left.gain);
  let [best] = scored;
  for (const start of scored.slice(0, CLIMBS)) {
    let here = start;
    for (let round = 0; round < ROUNDS; round += 1) here = changed(region, climbed(region, here));
    if (best !== undefined && here.gain > best.gain && isFree(region, here.point)) best = here;
  }
  return best?.point;
}

function isFree({ taken, accepts }: Region, point: Point): boolean {
  return accepts(point) && !isAmong(taken, point);
}

function gainOf({ encoding, process, incumbent }: Region, point: Point): number {
  const { mean, variance } = process.predict(rowOf(encoding, point));
  const deviation = Math.sqrt(variance);
  return Math.log(deviation) + logImprovement((incumbent - mean) / deviation).log;
}

function candidatesOf({ encoding, best, random, accepts }: Region): readonly Point[] {
  const candidates: Point[] = [];
  // A narrow branch is met rarely by even draws, so more are allowed than are wanted.
  for (let drawn = 0; drawn < 4 * EVEN && candidates.length < EVEN; drawn += 1) {
    const point = randomPoint(encoding, random);
    if (accepts(point)) candidates.push(point);
  }
  best
    .filter(accepts)
    .slice(0, NEAR.length)
    .forEach((point, rank) => {
      for (let drawn = 0; drawn < NEAR[rank]!; drawn += 1) candidates.push(nearby(encoding, point, random));
    });
  return candidates;
}

/** A point with some parameters moved, by anything from a quarter of the range to a hundredth. */
function nearby(encoding: Encoding, point: Point, random: Random): Point {
  const few = 1.5 / encoding.dimensions.length;
  const share = random.next() < 0.5 ? few : Math.max(few, 0.5);
  const scale = 10 ** (-0.6 - 1.6 * random.next());
  return fill(encoding, (index) => {
    const { ordered, levels } = encoding.dimensions[index]!;
    const place = point[index]!;
    if (Number.isNaN(place)) return anyPlace(encoding, index, random);
    if (random.next() > share) return place;
    if (!ordered) return random.below(levels);
    return place + random.normal() * Math.max(scale, levels === Number.POSITIVE_INFINITY ? 0 : 0.7 / levels);
  });
}

function anyPlace({ dimensions }: Encoding, index: number, random: Random): number {
  const { ordered, levels } = dimensions[index]!;
  return ordered ? random.next() : random.below(levels);
}

function climbed(region: Region, from: Scored): Scored {
  const { encoding, process, incumbent, random } = region;
  const free = encoding.dimensions.flatMap(({ ordered, levels }, index) =>
    ordered && levels > 2 && !Number.isNaN(from.point[index]!) ? [index] : [],
  );
  if (free.length === 0) return from;
  const row = rowOf(encoding, from.point);
  const [byMean, byVariance] = [new Float64Array(row.length), new Float64Array(row.length)];
  const { at } = climb(
    (x, gradient) => {
      for (const [place, index] of free.entries()) row[index] = x[place]!;
      const { mean, variance } = process.slopes(row, byMean, byVariance);
      const deviation = Math.sqrt(variance);
      const z = (incumbent - mean) / deviation;
      const { log, slope } = logImprovement(z);
      for (const [place, index] of free.entries()) {
        const byDeviation = byVariance[index]! / (2 * variance);
        gradient[place] = byDeviation - slope * (byMean[index]! / deviation + z * byDeviation);
      }
      return Math.log(deviation) + log;
    },
    Float64Array.from(free, (index) => from.point[index]!),
    { low: 0, high: 1, step: 0.03, looks: LOOKS },
  );
  const moved = from.point.slice();
  for (const [place, index] of free.entries()) moved[index] = snap(encoding.dimensions[index]!, at[place]!);
  // A branch may hang on a whole number that moved.
  const point = encoding.conditional
    ? fill(encoding, (index) => (Number.isNaN(moved[index]!) ? anyPlace(encoding, index, random) : moved[index]!))
    : moved;
  const gain = gainOf(region, point);
  return gain > from.gain ? { point, gain } : from;
}

/** Tries other values of each parameter that has few, one parameter at a time. */
function changed(region: Region, from: Scored): Scored {
  const { encoding, random } = region;
  let here = from;
  encoding.dimensions.forEach(({ ordered, levels }, index) => {
    const own = here.point[index]!;
    if (levels > FEW || Number.isNaN(own)) return;
    const others = ordered
      ? [-2, -1, 1, 2].map((steps) => own + steps / levels).filter((place) => place > 0 && place < 1)
      : Array.from({ length: levels }, (_, choice) => choice).filter((choice) => choice !== own);
    for (const place of others) {
      const point = fill(encoding, (at) => {
        if (at === index) return place;
        const kept = here.point[at]!;
        return Number.isNaN(kept) ? anyPlace(encoding, at, random) : kept;
      });
      if (!isFree(region, point)) continue;
      const gain = gainOf(region, point);
      if (gain > here.gain) here = { point, gain };
    }
  });
  return here;
}
