// What the online store keeps for one key of one view: the newest row, and per hop the partial sums of each tile, with the events
// of the current tile kept apart so that a window can end at any microsecond. Everything is 8-byte cells (float64, or int64
// for times and whole minima), so decoding is a copy. Layout in cells:
//   [row bytes, last event, recent count, tile count per hop...] [recent: e, slots...] [tiles per hop: start, slots...] then the row,
// then per section of what is not of fixed size (gathering.ts) its length and its bytes.

import { floorTo, type Instant } from "../core/core.ts";
import type { Gathering, Grid } from "./gathering.ts";

/** One cell of a tile: how it starts out and how another is merged in. A number, a mean and an m2 that follow each other merge together. */
export type SlotKind = "sum" | "min" | "max" | "wholeMin" | "wholeMax" | "momentsNumber" | "momentsMean" | "momentsM2";

/** How a view's state is laid out. */
export interface StateShape {
  readonly slots: readonly SlotKind[];
  /** Each grid with the longest window on it. */
  readonly hops: readonly Grid[];
  /** What is kept besides cells, a section each. */
  readonly sections: readonly Gathering<unknown, unknown>[];
}

/** A row of tiles or moments, oldest first: each its time, then its slots, in `width` cells. Both arrays are views of the same bytes. */
export interface Cells {
  wholes: BigInt64Array;
  floats: Float64Array;
  readonly width: number;
  /** The first one that is still kept, and how many there are from there. */
  first: number;
  count: number;
}

/** Room for new tiles, so that adding a few copies nothing. */
const SPARE = 8;

function cellsOf(width: number, from: Float64Array): Cells {
  const floats = new Float64Array(from.length + SPARE * width);
  floats.set(from);
  return { floats, wholes: new BigInt64Array(floats.buffer), width, first: 0, count: from.length / width };
}

/** A key's state, taken apart to be changed. */
export interface OnlineState {
  row: Uint8Array | undefined;
  lastEvent: Instant | undefined;
  /** Events of the newest tile, merged by their exact time, oldest first. */
  readonly recent: Cells;
  /** Tiles per hop, oldest first. */
  readonly tiles: readonly Cells[];
  /** The state of each section. */
  readonly sections: readonly unknown[];
}

const NO_EVENT = -(2n ** 63n);

/** A state that knows nothing. */
export function emptyState(shape: StateShape): OnlineState {
  const cells = (): Cells => cellsOf(1 + shape.slots.length, new Float64Array());
  const sections = shape.sections.map((section) => section.decode(undefined));
  return { row: undefined, lastEvent: undefined, recent: cells(), tiles: shape.hops.map(cells), sections };
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
    case "momentsNumber":
      mergeMoments(into, index, from, other);
      return;
    case "momentsMean":
    case "momentsM2":
      return;
    default:
      kind satisfies never;
  }
}

/** Number, mean and m2 at `index` with those at `other`: Chan, Golub & LeVeque 1979; window-terms-sql.ts does the same. */
function mergeMoments(into: Float64Array, index: number, from: Float64Array, other: number): void {
  const [a = 0, meanA = 0, m2A = 0] = into.subarray(index, index + 3);
  const [b = 0, meanB = 0, m2B = 0] = from.subarray(other, other + 3);
  if (b === 0) return;
  const apart = meanB - meanA;
  const all = a + b;
  into.set(
    a === 0 ? [b, meanB, m2B] : [all, meanA + apart * (b / all), m2A + m2B + apart * apart * ((a * b) / all)],
    index,
  );
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

/** Merges what is not a plain sum of `from` into `into`. */
export function mergeBesidesSums(kinds: readonly SlotKind[], into: Float64Array, from: Float64Array): void {
  kinds.forEach((kind, index) => {
    if (kind !== "sum") mergeSlot(kind, into, index, from, index);
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
  const { width, first } = cells;
  let place = cells.count;
  while (place > 0 && (cells.wholes[(first + place - 1) * width] as bigint) > time) place -= 1;
  if (place > 0 && cells.wholes[(first + place - 1) * width] === time) {
    const start = (first + place - 1) * width + 1;
    for (let index = 0; index < kinds.length; index += 1)
      mergeSlot(kinds[index] as SlotKind, cells.floats, start + index, slots, index);
    return;
  }
  if ((first + cells.count + 1) * width > cells.floats.length) {
    const grown = cellsOf(width, cells.floats);
    cells.floats = grown.floats;
    cells.wholes = grown.wholes;
  }
  const start = (first + place) * width;
  cells.floats.copyWithin(start + width, start, (first + cells.count) * width);
  cells.wholes[start] = time;
  cells.floats.set(slots, start + 1);
  cells.count += 1;
}

/** Forgets what no window can see any more once everything known up to `through` is in. */
export function prune(shape: StateShape, state: OnlineState, through: Instant): void {
  let coarsest = 0n;
  shape.hops.forEach(({ hop, longest }, index) => {
    if (hop > coarsest) coarsest = hop;
    dropBefore(state.tiles[index] as Cells, floorTo(through - longest, hop));
  });
  if (coarsest > 0n) dropBefore(state.recent, floorTo(through, coarsest));
  shape.sections.forEach((section, index) => {
    section.prune(state.sections[index], through);
  });
}

function dropBefore(cells: Cells, time: bigint): void {
  while (cells.count > 0 && (cells.wholes[cells.first * cells.width] as bigint) < time) {
    cells.first += 1;
    cells.count -= 1;
  }
}

/** A state as bytes. */
export function encodeState(shape: StateShape, state: OnlineState): Uint8Array {
  const width = 1 + shape.slots.length;
  const groups = [state.recent, ...state.tiles];
  const header = 2 + groups.length;
  const cellCount = header + groups.reduce((total, group) => total + group.count * width, 0);
  const rowBytes = state.row?.length ?? 0;
  const sections = shape.sections.map((section, index) => section.encode(state.sections[index]));
  const size = sections.reduce((total, { length }) => total + 8 + length, cellCount * 8 + rowBytes);
  const bytes = new Uint8Array(size);
  const wholes = new BigInt64Array(bytes.buffer, 0, cellCount);
  const floats = new Float64Array(bytes.buffer, 0, cellCount);
  wholes[0] = BigInt(state.row === undefined ? -1 : rowBytes);
  wholes[1] = state.lastEvent ?? NO_EVENT;
  groups.forEach((group, index) => {
    wholes[2 + index] = BigInt(group.count);
  });
  let at = header;
  for (const { floats: cells, first, count } of groups) {
    floats.set(cells.subarray(first * width, (first + count) * width), at);
    at += count * width;
  }
  if (state.row) bytes.set(state.row, cellCount * 8);
  const view = new DataView(bytes.buffer);
  let place = cellCount * 8 + rowBytes;
  for (const section of sections) {
    view.setFloat64(place, section.length);
    bytes.set(section, place + 8);
    place += 8 + section.length;
  }
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
  /** The bytes of each section. */
  readonly sections: readonly Uint8Array[];
}

/** The head of a state without tiles: row bytes, last event, recent count. */
export const HEAD_BYTES = 24;
const NO_CELLS = { groups: [], wholes: new BigInt64Array(), floats: new Float64Array(), sections: [] } as const;

/** Opens stored bytes. Tiles are copied once, because a store's memory may be unaligned; a row stays where it lies, and is read at once. */
export function viewState(shape: StateShape, stored: Uint8Array): StateView {
  if (shape.hops.length === 0 && shape.sections.length === 0) {
    const head = new DataView(stored.buffer, stored.byteOffset, HEAD_BYTES);
    const lastEvent = head.getBigInt64(8, true);
    const rowBytes = head.getInt32(0, true);
    return {
      lastEvent: lastEvent === NO_EVENT ? undefined : lastEvent,
      row: rowBytes < 0 ? undefined : stored.subarray(HEAD_BYTES, HEAD_BYTES + rowBytes),
      ...NO_CELLS,
    };
  }
  const copy = new Uint8Array(stored);
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
  const view = new DataView(copy.buffer);
  let place = start * 8 + Math.max(rowBytes, 0);
  const sections = shape.sections.map(() => {
    const from = place + 8;
    place = from + view.getFloat64(place);
    return copy.subarray(from, place);
  });
  return {
    lastEvent: head[1] === NO_EVENT ? undefined : head[1],
    row: rowBytes < 0 ? undefined : copy.subarray(start * 8, start * 8 + rowBytes),
    groups,
    wholes: new BigInt64Array(copy.buffer, 0, start),
    floats: new Float64Array(copy.buffer, 0, start),
    sections,
  };
}

/** Takes stored bytes apart, to be changed. */
export function decodeState(shape: StateShape, stored: Uint8Array): OnlineState {
  const { groups, floats, lastEvent, row, sections } = viewState(shape, stored);
  const width = 1 + shape.slots.length;
  const cells = groups.map(({ start, count }) => cellsOf(width, floats.subarray(start, start + count * width)));
  const [recent = cellsOf(width, new Float64Array()), ...tiles] = cells;
  const gathered = shape.sections.map((section, index) => section.decode(sections[index]));
  return { row, lastEvent, recent, tiles, sections: gathered };
}
