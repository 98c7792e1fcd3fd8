// What is known of one key of one view: the newest row, and per hop the partial sums of each tile, with the events of the current tile
// kept apart, so that a window can end at any microsecond from the watermark on. Events before the watermark are before every read that is
// still to come, so they need their exact times no more: `prune` makes one of those in a tile of the finest hop, and a busy key stays small.
// How a state lies in the store is in state-bytes.ts.

import { floorTo, type Instant } from "../core/core.ts";
import { mergeMoments, NO_SCALE } from "./exact-moments.ts";
import { addExactly } from "./exact-sum.ts";
import type { Gathering, Grid } from "./gathering.ts";

/**
 * One cell of a tile: how it starts out and how another is merged in. The three parts of an exact sum (exact-sum.ts) merge together, and so do
 * the scale and the limbs of moments (exact-moments.ts).
 */
export type SlotKind =
  | ("sum" | "min" | "max" | "wholeMin" | "wholeMax")
  | ("exactSum" | "exactRest" | "exactLast" | "momentScale" | "momentLimb");

/** Whether cells of several tiles are simply added up by a read. */
export function isAdded(kind: SlotKind): boolean {
  return kind === "sum" || kind === "exactSum" || kind === "exactRest" || kind === "exactLast";
}

/** How a view's state is laid out. */
export interface StateShape {
  readonly slots: readonly SlotKind[];
  /** Each grid with the longest window on it. */
  readonly hops: readonly Grid[];
  /** What is kept besides cells, a section each. */
  readonly sections: readonly Gathering<unknown, unknown>[];
}

/** A row of tiles or moments, oldest first: each its time, then its slots, in `width` cells. The arrays are views of the same bytes. */
export interface Cells {
  bytes: Uint8Array;
  wholes: BigInt64Array;
  floats: Float64Array;
  readonly width: number;
  /** The first one that is still kept, and how many there are from there. */
  first: number;
  count: number;
}

/** Room for new tiles, so that adding a few copies nothing. */
const SPARE = 8;

function emptyCells(width: number): Cells {
  const floats = new Float64Array(SPARE * width);
  const { buffer } = floats;
  return { floats, wholes: new BigInt64Array(buffer), bytes: new Uint8Array(buffer), width, first: 0, count: 0 };
}

/** Makes room for `count` tiles and some more; what is there stays, from the first one that is kept. */
function ensureRoom(cells: Cells, count: number): void {
  const { floats, width, first } = cells;
  if ((first + count) * width <= floats.length) return;
  const { buffer } = new Float64Array((count + Math.max(SPARE, count >> 1)) * width);
  cells.floats = new Float64Array(buffer);
  cells.wholes = new BigInt64Array(buffer);
  cells.bytes = new Uint8Array(buffer);
  cells.floats.set(floats.subarray(first * width, (first + cells.count) * width));
  cells.first = 0;
}

/** Puts `count` stored tiles in place of those that are there. */
export function fillCells(cells: Cells, stored: Uint8Array, count: number): void {
  cells.first = 0;
  cells.count = 0;
  ensureRoom(cells, count);
  cells.bytes.set(stored);
  cells.count = count;
}

/** A key's state, taken apart to be changed. */
export interface OnlineState {
  row: Uint8Array | undefined;
  lastEvent: Instant | undefined;
  /** Events of the newest tile, merged by their exact time where that still matters, oldest first. */
  readonly recent: Cells;
  /** The first place among the recent ones that was changed since the last `prune`. */
  changed: number;
  /** Tiles per hop, oldest first. */
  readonly tiles: readonly Cells[];
  /** The state of each section. */
  sections: readonly unknown[];
}

/** A state that knows nothing. */
export function emptyState(shape: StateShape): OnlineState {
  const cells = (): Cells => emptyCells(1 + shape.slots.length);
  const sections = shape.sections.map((section) => section.decode(undefined));
  return {
    row: undefined,
    lastEvent: undefined,
    recent: cells(),
    changed: Number.POSITIVE_INFINITY,
    tiles: shape.hops.map(cells),
    sections,
  };
}

/** Merges `from[other]` into `into[index]`. */
function mergeSlot(kind: SlotKind, into: Float64Array, index: number, from: Float64Array, other: number): void {
  const a = into[index] ?? 0;
  const b = from[other] ?? 0;
  switch (kind) {
    case "sum":
      into[index] = a + b;
      return;
    case "min":
      // NaN is greatest: it is the minimum only when there is nothing else.
      into[index] = Number.isNaN(a) || b < a ? b : a;
      return;
    case "max":
      into[index] = Number.isNaN(a) || a > b ? a : b;
      return;
    case "wholeMin":
    case "wholeMax": {
      // Read as int64, because a float64 that happens to be a NaN would lose its bits.
      const left = new BigInt64Array(into.buffer, into.byteOffset, into.length);
      const right = new BigInt64Array(from.buffer, from.byteOffset, from.length);
      const [x, y] = [left[index] ?? 0n, right[other] ?? 0n];
      left[index] = (kind === "wholeMin" ? y < x : y > x) ? y : x;
      return;
    }
    case "momentScale":
      mergeMoments(into, index, from, other);
      return;
    case "exactSum":
      for (let part = 0; part < 3; part += 1) addExactly(into, index, from[other + part] ?? 0);
      return;
    case "momentLimb":
    case "exactRest":
    case "exactLast":
      return;
    default:
      kind satisfies never;
  }
}

/** Slots as they are before anything is added: sums 0, minima and maxima at the far end. */
export function neutralSlots(kinds: readonly SlotKind[]): Float64Array {
  const slots = new Float64Array(kinds.length);
  const bits = new BigInt64Array(slots.buffer);
  kinds.forEach((kind, index) => {
    if (kind === "min") slots[index] = Number.NaN;
    else if (kind === "max") slots[index] = -Infinity;
    else if (kind === "momentScale") slots[index] = NO_SCALE;
    else if (kind === "wholeMin") bits[index] = 2n ** 63n - 1n;
    else if (kind === "wholeMax") bits[index] = -(2n ** 63n);
  });
  return slots;
}

/** Merges what a read does not simply add up of `from` into `into`. */
export function mergeBesidesSums(kinds: readonly SlotKind[], into: Float64Array, from: Float64Array): void {
  kinds.forEach((kind, index) => {
    if (!isAdded(kind)) mergeSlot(kind, into, index, from, index);
  });
}

/** Adds one event's slots: to its tile on every grid, and to the recent moments. */
export function addEvent(shape: StateShape, state: OnlineState, event: Instant, slots: Float64Array): void {
  if (state.lastEvent === undefined || event > state.lastEvent) state.lastEvent = event;
  const { hops } = shape;
  if (hops.length === 0) return;
  state.changed = Math.min(state.changed, addAt(shape.slots, state.recent, event, slots));
  for (let index = 0; index < hops.length; index += 1)
    addAt(shape.slots, state.tiles[index] as Cells, floorTo(event, (hops[index] as Grid).hop), slots);
}

/** Merges partial slots into the cells of `recent` (group 0) at a moment, or of a grid's tiles (1, 2, ...) at a tile's start. */
export function addPartial(
  shape: StateShape,
  state: OnlineState,
  group: number,
  time: bigint,
  slots: Float64Array,
): void {
  addAt(shape.slots, group === 0 ? state.recent : (state.tiles[group - 1] as Cells), time, slots);
}

/** Adds slots to those of a time; gives their place. */
function addAt(kinds: readonly SlotKind[], cells: Cells, time: bigint, slots: Float64Array): number {
  const { width } = cells;
  const place = placeAfter(cells, time);
  if (place > 0 && cells.wholes[(cells.first + place - 1) * width] === time) {
    mergeSlots(kinds, cells.floats, (cells.first + place - 1) * width + 1, slots, 0);
    return place - 1;
  }
  ensureRoom(cells, cells.count + 1);
  const { first } = cells;
  const start = (first + place) * width;
  if (place < cells.count) cells.floats.copyWithin(start + width, start, (first + cells.count) * width);
  cells.wholes[start] = time;
  cells.floats.set(slots, start + 1);
  cells.count += 1;
  return place;
}

/** How many are at or before a time; searched for from the newest, for most events are new. */
function placeAfter({ wholes, width, first, count }: Cells, time: bigint): number {
  let place = count;
  while (place > 0 && (wholes[(first + place - 1) * width] as bigint) > time) place -= 1;
  return place;
}

function mergeSlots(
  kinds: readonly SlotKind[],
  into: Float64Array,
  start: number,
  from: Float64Array,
  other: number,
): void {
  for (let index = 0; index < kinds.length; index += 1)
    mergeSlot(kinds[index] as SlotKind, into, start + index, from, other + index);
}

/** What `prune` drops and merges by, the same for every key. */
export interface Pruning {
  readonly through: Instant;
  /** The first time that is kept of the recent moments, and of the tiles of each hop. */
  readonly recentFrom: Instant;
  readonly tilesFrom: readonly Instant[];
  /** The place and the length of the finest hop. */
  readonly finest: number;
  readonly hop: bigint;
}

/** What no window can see any more that is read at `through` or later. */
export function pruningAt({ hops }: StateShape, through: Instant): Pruning {
  let [coarsest, finest] = [0n, 0];
  hops.forEach(({ hop }, index) => {
    if (hop > coarsest) coarsest = hop;
    if (hop < (hops[finest] as Grid).hop) finest = index;
  });
  return {
    through,
    recentFrom: coarsest > 0n ? floorTo(through, coarsest) : through,
    tilesFrom: hops.map(({ hop, longest }) => floorTo(through - longest, hop)),
    finest,
    hop: hops[finest]?.hop ?? 1n,
  };
}

/**
 * Forgets what no window can see any more, and the exact times that no read can tell apart. Whoever keeps a state calls it with the key's
 * newest event: no read is before that, and the state is the same whatever the order and the steps were in which the rows came.
 */
export function prune(shape: StateShape, state: OnlineState, pruning: Pruning): void {
  if (shape.hops.length > 0) {
    mergeRecent(shape, state, pruning);
    for (let index = 0; index < shape.hops.length; index += 1)
      dropBefore(state.tiles[index] as Cells, pruning.tilesFrom[index] as Instant);
    dropBefore(state.recent, pruning.recentFrom);
  }
  for (let index = 0; index < shape.sections.length; index += 1)
    shape.sections[index]?.prune(state.sections[index], pruning.through);
}

/**
 * Makes one of the recent moments in each tile of the finest hop that are before the watermark, under the time of the last of them. At the watermark
 * itself a read may fall, which does not see that moment, so it stays apart.
 */
function mergeRecent({ slots: kinds }: StateShape, state: OnlineState, pruning: Pruning): void {
  const { recent: cells } = state;
  const { wholes, floats, width, first, count } = cells;
  const timeOf = (place: number): bigint => wholes[(first + place) * width] as bigint;
  // The last one from before may have stood at the watermark of then, beside those that were merged.
  let place = Math.max(0, state.changed - 2);
  state.changed = Number.POSITIVE_INFINITY;
  let kept = place;
  while (place < count) {
    const tile = floorTo(timeOf(place), pruning.hop);
    let end = place + 1;
    const isMerged = (each: number): boolean => timeOf(each) < tile + pruning.hop && timeOf(each) < pruning.through;
    while (end < count && isMerged(end)) end += 1;
    if (end - place > 1) {
      const isWhole = end === count || timeOf(end) >= tile + pruning.hop;
      mergeOne(kinds, cells, place, end, isWhole ? tile : undefined, state.tiles[pruning.finest] as Cells, pruning);
      place = end - 1;
    }
    if (kept < place) floats.copyWithin((first + kept) * width, (first + place) * width, (first + end) * width);
    kept += end - place;
    place = end;
  }
  if (kept < count) cells.count = kept;
}

/** Sums up the moments from `place` to `end` in the last of them; `tile` is where they are all of a tile. */
function mergeOne(
  kinds: readonly SlotKind[],
  { floats, width, first }: Cells,
  place: number,
  end: number,
  tile: Instant | undefined,
  tiles: Cells,
  { tilesFrom, finest }: Pruning,
): void {
  const start = (first + end - 1) * width + 1;
  const own = tile === undefined ? -1 : placeAfter(tiles, tile) - 1;
  const at = (tiles.first + own) * tiles.width;
  // The tile is their sum, in the order in which they came. One that was dropped before and begun anew is not.
  if (tile !== undefined && own >= 0 && tile >= (tilesFrom[finest] as Instant) && tiles.wholes[at] === tile) {
    floats.set(tiles.floats.subarray(at + 1, at + tiles.width), start);
    return;
  }
  const sum = neutralSlots(kinds);
  for (let each = place; each < end; each += 1) mergeSlots(kinds, sum, 0, floats, (first + each) * width + 1);
  floats.set(sum, start);
}

function dropBefore(cells: Cells, time: bigint): void {
  while (cells.count > 0 && (cells.wholes[cells.first * cells.width] as bigint) < time) {
    cells.first += 1;
    cells.count -= 1;
  }
}
