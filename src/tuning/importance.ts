// How much each parameter alone explains of what came out: functional analysis of variance over a regression forest (Hutter, Hoos and Leyton-Brown 2014,
// "An Efficient Approach for Assessing Hyperparameter Importance", §3). The rest is what parameters do together.

import { SlipwayError } from "../core/core.ts";
import { encode, pointOf } from "./encoding.ts";
import { type Box, type ForestColumn, forestOf } from "./forest.ts";
import type { Params, Space } from "./space.ts";

/** One parameter's part. */
export interface Importance {
  readonly name: string;
  /** The share of the variance that it explains alone, in [0, 1]. */
  readonly share: number;
}

/** Fewer trials say nothing. */
const LEAST = 4;

/**
 * The parameters of a space by their importance, most important first; empty where too few trials have a value or all the same. A parameter that a trial's
 * branch did not have stands in the middle of its range, or is a choice of its own.
 *
 * @param trials - with every active parameter; those that are none of the space's are left out
 * @throws SlipwayError `INPUT_INVALID` for a value that is not finite
 */
export function importanceOf(
  space: Space,
  trials: readonly { readonly params: Params; readonly value: number }[],
  { trees = 64, seed = 0 }: { readonly trees?: number; readonly seed?: number } = {},
): readonly Importance[] {
  const encoding = encode(space);
  const bad = trials.find(({ value }) => !Number.isFinite(value));
  if (bad)
    throw new SlipwayError("INPUT_INVALID", `A trial's value must be a finite number, not ${bad.value}; leave it out.`);
  const known = trials.flatMap(({ params, value }) => {
    const point = pointOf(encoding, params);
    return point === undefined ? [] : [{ point, value }];
  });
  if (known.length < LEAST) return [];
  const columns = encoding.dimensions.map(
    ({ ordered, levels, conditions }): ForestColumn => ({
      ordered,
      levels: ordered ? levels : levels + Number(conditions.length > 0),
    }),
  );
  const rows = known.map(({ point }) =>
    point.map((place, column) =>
      Number.isNaN(place) ? (columns[column]!.ordered ? 0.5 : columns[column]!.levels - 1) : place,
    ),
  );
  const values = scaled(Float64Array.from(known, ({ value }) => value));
  if (values === undefined) return [];
  const sums = new Float64Array(columns.length);
  let counted = 0;
  for (const boxes of forestOf(columns, rows, values, trees, seed)) {
    const shares = sharesOf(columns, boxes);
    if (shares === undefined) continue;
    counted += 1;
    shares.forEach((share, column) => {
      sums[column]! += share;
    });
  }
  return encoding.dimensions
    .map(({ name }, column) => ({ name, share: counted === 0 ? 0 : Math.min(1, sums[column]! / counted) }))
    .sort((left, right) => right.share - left.share);
}

/** Values moved and stretched to mean 0 and a largest distance of 1, which changes no share; undefined where all are the same. */
function scaled(values: Float64Array): Float64Array | undefined {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  const widest = values.reduce((most, value) => Math.max(most, Math.abs(value - mean)), 0);
  return values.some((value) => value !== values[0]) && Number.isFinite(widest)
    ? values.map((value) => (value - mean) / widest)
    : undefined;
}

/** Each column's share of one tree's variance; undefined for a tree that is all the same. */
function sharesOf(columns: readonly ForestColumn[], boxes: readonly Box[]): Float64Array | undefined {
  const parts = boxes.map(({ sides }) => sides.map((side, column) => partOf(columns[column]!, side)));
  const sizes = parts.map((each) => each.reduce((size, part) => size * part, 1));
  const mean = boxes.reduce((sum, { value }, index) => sum + sizes[index]! * value, 0);
  const variance = boxes.reduce((sum, { value }, index) => sum + sizes[index]! * (value - mean) ** 2, 0);
  if (!(variance > 1e-15)) return undefined;
  return Float64Array.from(columns, (column, at) => {
    // Of each box what remains of its size and value where this column is held.
    const held = boxes.map(({ sides, value }, index) => ({
      side: sides[at]!,
      pull: parts[index]!.reduce((size, part, other) => (other === at ? size : size * part), value - mean),
    }));
    return (column.ordered ? alongInterval(held) : alongChoices(held, column.levels)) / variance;
  });
}

function partOf({ ordered, levels }: ForestColumn, side: Box["sides"][number]): number {
  if (ordered) return (side[1] as number) - (side[0] as number);
  return (side as readonly boolean[]).filter(Boolean).length / levels;
}

interface Held {
  readonly side: Box["sides"][number];
  readonly pull: number;
}

/** The variance of the marginal mean along an ordered column. */
function alongInterval(held: readonly Held[]): number {
  const changes = new Map<number, number>();
  for (const { side, pull } of held) {
    const [low, high] = side as readonly [number, number];
    changes.set(low, (changes.get(low) ?? 0) + pull);
    changes.set(high, (changes.get(high) ?? 0) - pull);
  }
  const ends = [...changes].sort(([left], [right]) => left - right);
  let [sum, level] = [0, 0];
  for (let index = 0; index + 1 < ends.length; index += 1) {
    level += ends[index]![1];
    sum += level ** 2 * (ends[index + 1]![0] - ends[index]![0]);
  }
  return sum;
}

function alongChoices(held: readonly Held[], levels: number): number {
  let sum = 0;
  for (let choice = 0; choice < levels; choice += 1) {
    const level = held.reduce((all, { side, pull }) => all + ((side as readonly boolean[])[choice] ? pull : 0), 0);
    sum += level ** 2 / levels;
  }
  return sum;
}
