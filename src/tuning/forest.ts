// A regression forest (Breiman 2001) that is kept as what it says: boxes of the space with a value each. A box is an interval per ordered column and a set
// of choices per other one, so that means over parts of the space are sums over boxes and no sampling is needed.

import { type Random, randomOf } from "../core/core.ts";

/** What one column's values are. */
export interface ForestColumn {
  /** Values lie in [0, 1]; else they are choices from 0. */
  readonly ordered: boolean;
  readonly levels: number;
}

/** A part of the space with one value: per column an interval in [0, 1], or which choices. */
export interface Box {
  readonly sides: readonly (readonly [low: number, high: number] | readonly boolean[])[];
  readonly value: number;
}

interface Split {
  readonly gain: number;
  readonly column: number;
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly sides: readonly [Box["sides"][number], Box["sides"][number]];
}

/**
 * Trees as lists of boxes, each grown to its end on as many rows as there are, drawn with replacement.
 *
 * @param rows - one per trial, a value per column
 * @param values - one per row
 */
export function forestOf(
  columns: readonly ForestColumn[],
  rows: readonly Float64Array[],
  values: Float64Array,
  trees = 64,
  seed = 0,
): readonly (readonly Box[])[] {
  return Array.from({ length: trees }, (_, number) => {
    const random: Random = randomOf(seed, number);
    const drawn = rows.map(() => random.below(rows.length));
    const whole = columns.map(({ ordered, levels }) =>
      ordered ? ([0, 1] as const) : new Array<boolean>(levels).fill(true),
    );
    const boxes: Box[] = [];
    grow(columns, rows, values, drawn, whole, boxes);
    return boxes;
  });
}

function grow(
  columns: readonly ForestColumn[],
  rows: readonly Float64Array[],
  values: Float64Array,
  members: readonly number[],
  sides: Box["sides"],
  boxes: Box[],
): void {
  let best: Split | undefined;
  for (let column = 0; column < columns.length; column += 1) {
    const split = bestSplit(columns[column]!, column, rows, values, members, sides[column]!);
    if (split && split.gain > (best?.gain ?? 0)) best = split;
  }
  if (best === undefined) {
    boxes.push({ sides, value: members.reduce((sum, row) => sum + values[row]! / members.length, 0) });
    return;
  }
  const { column, left, right } = best;
  const within = (side: Box["sides"][number]): Box["sides"] => sides.map((each, at) => (at === column ? side : each));
  grow(columns, rows, values, left, within(best.sides[0]), boxes);
  grow(columns, rows, values, right, within(best.sides[1]), boxes);
}

/** The cut of one column that lowers the squares most. Choices are put in the order of their means, where the best set is a prefix (Breiman et al. 1984, §9.4). */
function bestSplit(
  { ordered }: ForestColumn,
  column: number,
  rows: readonly Float64Array[],
  values: Float64Array,
  members: readonly number[],
  side: Box["sides"][number],
): Split | undefined {
  const key = ordered ? (row: number) => rows[row]![column]! : byMean(column, rows, values, members);
  const order = [...members].sort((left, right) => key(left) - key(right));
  const total = order.reduce((sum, row) => sum + values[row]!, 0);
  let [gain, at, sum] = [1e-12 * Math.max(1, Math.abs(total)), 0, 0];
  for (let count = 1; count < order.length; count += 1) {
    sum += values[order[count - 1]!]!;
    if (key(order[count - 1]!) === key(order[count]!)) continue;
    const rest = order.length - count;
    const own = sum ** 2 / count + (total - sum) ** 2 / rest - total ** 2 / order.length;
    if (own > gain) [gain, at] = [own, count];
  }
  if (at === 0) return undefined;
  const [left, right] = [order.slice(0, at), order.slice(at)];
  if (ordered) {
    const [low, high] = side as readonly [number, number];
    const middle = (key(order[at - 1]!) + key(order[at]!)) / 2;
    return {
      gain,
      column,
      left,
      right,
      sides: [
        [low, middle],
        [middle, high],
      ],
    };
  }
  const here = side as readonly boolean[];
  const onLeft = new Set(left.map((row) => rows[row]![column]!));
  const onRight = new Set(right.map((row) => rows[row]![column]!));
  // A choice that no row of this part has goes with the larger half.
  const unseenLeft = left.length >= right.length;
  const isLeft = (choice: number): boolean => onLeft.has(choice) || (unseenLeft && !onRight.has(choice));
  return {
    gain,
    column,
    left,
    right,
    sides: [here.map((is, choice) => is && isLeft(choice)), here.map((is, choice) => is && !isLeft(choice))],
  };
}

function byMean(column: number, rows: readonly Float64Array[], values: Float64Array, members: readonly number[]) {
  const sums = new Map<number, [sum: number, count: number]>();
  for (const row of members) {
    const [sum, count] = sums.get(rows[row]![column]!) ?? [0, 0];
    sums.set(rows[row]![column]!, [sum + values[row]!, count + 1]);
  }
  // Choices of equal means stay apart: by their own number, in places too close to matter.
  const ranks = [...sums]
    .map(([choice, [sum, count]]) => ({ choice, mean: sum / count }))
    .sort((one, other) => one.mean - other.mean || one.choice - other.choice);
  const place = new Map(ranks.map(({ choice }, rank) => [choice, rank]));
  return (row: number): number => place.get(rows[row]![column]!)!;
}
