import type { Encoding, Point } from "../encoding.ts";
import type { Features } from "./process.ts";

/** A point as the process sees it: what the branch does not have stands in the middle, or is a choice of its own. */
export function rowOf({ dimensions }: Encoding, point: Point): Float64Array {
  return point.map((place, index) => (Number.isNaN(place) ? (dimensions[index]!.ordered ? 0.5 : -1) : place));
}

/** Points as features; `alive` counts what branches have, so that lengths do not grow with parameters that are mostly absent. */
export function featuresOf(encoding: Encoding, points: readonly Point[]): Features {
  const active = points.reduce((sum, point) => sum + point.filter((place) => !Number.isNaN(place)).length, 0);
  return {
    rows: points.map((point) => rowOf(encoding, point)),
    ordered: encoding.dimensions.map(({ ordered }) => ordered),
    alive: active / points.length,
  };
}
