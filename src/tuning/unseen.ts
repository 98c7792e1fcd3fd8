// No configuration is tried twice while another is left: a space of few values would otherwise spend its budget on the same best one.

import { type Encoding, fill, isAmong, type Point } from "./encoding.ts";
import { firstUntried, randomPoint } from "./plain-samplers.ts";
import type { Question } from "./trial.ts";

/** The point itself where it is new, else a new one near it, else any new one; the point where none is left to be found. */
export function unseen({ encoding, trials, random }: Question, point: Point): Point {
  const taken = trials.map((trial) => trial.point);
  const isNew = (candidate: Point): boolean => !isAmong(taken, candidate);
  if (isNew(point)) return point;
  for (let reach = 1; reach <= 64; reach += 1) {
    const near = neighbour(encoding, point, random.next, reach / 64);
    if (isNew(near)) return near;
  }
  for (let drawn = 0; drawn < 64; drawn += 1) {
    const any = randomPoint(encoding, random);
    if (isNew(any)) return any;
  }
  const isCountable = encoding.dimensions.every(({ levels }) => levels !== Number.POSITIVE_INFINITY);
  return (isCountable ? firstUntried(encoding, trials) : undefined) ?? point;
}

/** A point with some parameters moved: `share` of them, and each by at most that much of its range. */
function neighbour(encoding: Encoding, point: Point, next: () => number, share: number): Point {
  return fill(encoding, (index) => {
    const { ordered, levels } = encoding.dimensions[index]!;
    const place = point[index]!;
    const stays = next() > Math.max(share, 1 / encoding.dimensions.length);
    if (Number.isNaN(place) || !stays) {
      if (!ordered) return Math.floor(next() * levels);
      if (Number.isNaN(place)) return next();
      const reach = Math.max(share, 1.5 / levels);
      return place + (2 * next() - 1) * reach;
    }
    return place;
  });
}
