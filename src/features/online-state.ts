// What the online store keeps for one key of one view: the newest row, and per hop the partial sums of each tile, with the events
// of the current tile kept apart so that a window can end at any microsecond. Everything is 8-byte cells (float64, or int64
// for times and whole minima), so decoding is a copy. Layout in cells:
//   [row bytes, last event, recent count, tile count per hop...] [recent: e, slots...] [tiles per hop: start, slots...] then the row.

import { floorTo, type Instant } from "../core/core.ts";

/** One cell of a tile: how it starts out and how another is merged in. */
export type SlotKind = "sum" | "min" | "max" | "wholeMin" | "wholeMax";

/** How a view's state is laid out. */
export interface StateShape {
  readonly slots: readonly SlotKind[];
  /** Each grid with the longest window on it. */
  readonly hops: readonly { readonly hop: bigint; readonly longest: bigint }[];
}

/** Cells of one tile or moment: its time, then the slots; `n` of them one after another. */
export interface Cells {
  readonly times: bigint[];
  readonly slots: Float64Array[];
}

/** A key's state, taken apart to be changed. */
export interface OnlineState {
  row: Uint8Array | undefined;
  lastEvent: Instant | undefined;
  /** Events of the newest tile, merged by their exact time, oldest first. */
  readonly recent: Cells;
  /** Tiles per hop, oldest first. */
  readonly tiles: readonly Cells[];
}

const NO_EVENT = -(2n ** 63n);

/** A state that knows nothing. */
export function emptyState(shape: StateShape): OnlineState {
  const cells = (): Cells => ({ times: [], slots: [] });
  return { row: undefined, lastEvent: undefined, recent: cells(), tiles: shape.hops.map(cells) };
}

function mergeSlot(kind: SlotKind, into: Float64Array, index: number, from: Float64Array): void {
  const a = into[index] ?? 0;
  const b = from[index] ?? 0;
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
      const [x, y] = [left[index] ?? 0n, right[index] ?? 0n];
      left[index] = (kind === "wholeMin" ? y < x : y > x) ? y : x;
      return;
    }
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
    else if (kind === "wholeMin") bits[index] = 2n ** 63n - 1n;
    else if (kind === "wholeMax") bits[index] = -(2n ** 63n);
  });
  return slots;
}

function mergeSlots(kinds: readonly SlotKind[], into: Float64Array, from: Float64Array): void {
  for (let index = 0; index < kinds.length; index += 1) mergeSlot(kinds[index] as SlotKind, into, index, from);
}

/** Merges only the minima and maxima of `from` into `into`. */
export function mergeExtremes(kinds: readonly SlotKind[], into: Float64Array, from: Float64Array): void {
  kinds.forEach((kind, index) => {
    if (kind !== "sum") mergeSlot(kind, into, index, from);
  });
}

/** Adds one event's slots: to its tile on every grid, and to the recent moments. */
export function addEvent(shape: StateShape, state: OnlineState, event: Instant, slots: Float64Array): void {
  if (state.lastEvent === undefined || event > state.lastEvent) state.lastEvent = event;
  if (shape.hops.length === 0) return;
  addAt(shape.slots, state.recent, event, slots);
  shape.hops.forEach(({ hop }, index) => {
    addAt(shape.slots, state.tiles[index] as Cells, floorTo(event, hop), slots);
  });
}

function addAt(kinds: readonly SlotKind[], cells: Cells, time: bigint, slots: Float64Array): void {
  const { times } = cells;
  let place = times.length;
  while (place > 0 && (times[place - 1] as bigint) > time) place -= 1;
  if (place > 0 && times[place - 1] === time) mergeSlots(kinds, cells.slots[place - 1] as Float64Array, slots);
  else {
    times.splice(place, 0, time);
    cells.slots.splice(place, 0, slots.slice());
  }
}

/** Forgets what no window can see any more once everything known up to `through` is in. */
export function prune(shape: StateShape, state: OnlineState, through: Instant): void {
  let coarsest = 0n;
  shape.hops.forEach(({ hop, longest }, index) => {
    if (hop > coarsest) coarsest = hop;
    dropBefore(state.tiles[index] as Cells, floorTo(through - longest, hop));
  });
  if (coarsest > 0n) dropBefore(state.recent, floorTo(through, coarsest));
}

function dropBefore(cells: Cells, time: bigint): void {
  let gone = 0;
  while (gone < cells.times.length && (cells.times[gone] as bigint) < time) gone += 1;
  cells.times.splice(0, gone);
  cells.slots.splice(0, gone);
}

/** A state as bytes. */
export function encodeState(shape: StateShape, state: OnlineState): Uint8Array {
  const width = 1 + shape.slots.length;
  const groups = [state.recent, ...state.tiles];
  const header = 2 + groups.length;
  const cellCount = header + groups.reduce((total, group) => total + group.times.length * width, 0);
  const rowBytes = state.row?.length ?? 0;
  const bytes = new Uint8Array(cellCount * 8 + rowBytes);
  const wholes = new BigInt64Array(bytes.buffer, 0, cellCount);
  const floats = new Float64Array(bytes.buffer, 0, cellCount);
  wholes[0] = BigInt(state.row === undefined ? -1 : rowBytes);
  wholes[1] = state.lastEvent ?? NO_EVENT;
  groups.forEach((group, index) => {
    wholes[2 + index] = BigInt(group.times.length);
  });
  let at = header;
  for (const group of groups)
    for (let index = 0; index < group.times.length; index += 1) {
      wholes[at] = group.times[index] as bigint;
      floats.set(group.slots[index] as Float64Array, at + 1);
      at += width;
    }
  if (state.row) bytes.set(state.row, cellCount * 8);
  return bytes;
}

/** A state as the store holds it, readable without being taken apart. */
export interface StateView {
  readonly lastEvent: Instant | undefined;
  readonly row: Uint8Array | undefined;
  /** Cells of `recent` (0) and of each hop's tiles (1, 2, ...): where they start, how many, and both ways of reading them. */
  readonly groups: readonly { readonly start: number; readonly count: number }[];
  readonly wholes: BigInt64Array;
  readonly floats: Float64Array;
}

/** Opens stored bytes. They are copied once: a store's memory may be unaligned, or reused after the read. */
export function viewState(shape: StateShape, stored: Uint8Array): StateView {
  const copy = stored.slice();
  const head = new BigInt64Array(copy.buffer, 0, 3 + shape.hops.length);
  const width = 1 + shape.slots.length;
  const groups: { start: number; count: number }[] = [];
  let start = 3 + shape.hops.length;
  for (let index = 2; index < head.length; index += 1) {
    const count = Number(head[index]);
    groups.push({ start, count });
    start += count * width;
  }
  const rowBytes = Number(head[0]);
  return {
    lastEvent: head[1] === NO_EVENT ? undefined : head[1],
    row: rowBytes < 0 ? undefined : copy.subarray(start * 8, start * 8 + rowBytes),
    groups,
    wholes: new BigInt64Array(copy.buffer, 0, start),
    floats: new Float64Array(copy.buffer, 0, start),
  };
}

/** Takes stored bytes apart, to be changed. */
export function decodeState(shape: StateShape, stored: Uint8Array): OnlineState {
  const { groups, wholes, floats, lastEvent, row } = viewState(shape, stored);
  const width = 1 + shape.slots.length;
  const cells = groups.map(({ start, count }): Cells => {
    const times: bigint[] = [];
    const slots: Float64Array[] = [];
    for (let at = start; at < start + count * width; at += width) {
      times.push(wholes[at] as bigint);
      slots.push(floats.subarray(at + 1, at + width));
    }
    return { times, slots };
  });
  const [recent = { times: [], slots: [] }, ...tiles] = cells;
  return { row, lastEvent, recent, tiles };
}
