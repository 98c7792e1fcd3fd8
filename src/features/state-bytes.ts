// How the online store keeps a key's state. Everything is 8-byte cells (float64, or int64 for times and whole minima), so taking one
// apart is a copy. Layout in cells:
//   [row bytes, last event, recent count, tile count per hop...] [recent: e, slots...] [tiles per hop: start, slots...] then the row,
// then per section of what is not of fixed size (gathering.ts) its length and its bytes.

import { type ByteRoom, byteRoom, type Instant } from "../core/core.ts";
import { type Cells, fillCells, type OnlineState, type StateShape } from "./online-state.ts";

const NO_EVENT = -(2n ** 63n);

/** Where the head of a state is put together and taken apart: stored bytes may lie at any address. */
const HEAD_CELLS = 64;
const headWholes = new BigInt64Array(HEAD_CELLS);
const headInts = new Int32Array(headWholes.buffer);
const headBytes = new Uint8Array(headWholes.buffer);

/** A state as bytes, of a room or of their own. */
export function encodeState(shape: StateShape, state: OnlineState, room: ByteRoom = byteRoom()): Uint8Array {
  const { recent, tiles, row } = state;
  const width = 8 * (1 + shape.slots.length);
  const rowBytes = row?.length ?? 0;
  let size = 24 + 8 * tiles.length + recent.count * width + rowBytes;
  for (let index = 0; index < tiles.length; index += 1) size += (tiles[index] as Cells).count * width;
  const sections = shape.sections.map((section, index) => section.encode(state.sections[index]));
  for (const { length } of sections) size += 8 + length;
  const bytes = room(size);
  setHead(0, row === undefined ? -1 : rowBytes);
  headWholes[1] = state.lastEvent ?? NO_EVENT;
  setHead(2, recent.count);
  for (let index = 0; index < tiles.length; index += 1) setHead(3 + index, (tiles[index] as Cells).count);
  let place = 24 + 8 * tiles.length;
  bytes.set(headBytes.subarray(0, place));
  for (let index = -1; index < tiles.length; index += 1) {
    const { bytes: cells, first, count } = index < 0 ? recent : (tiles[index] as Cells);
    if (count > 0) bytes.set(cells.subarray(first * width, (first + count) * width), place);
    place += count * width;
  }
  if (row) bytes.set(row, place);
  place += rowBytes;
  for (const section of sections) {
    new DataView(bytes.buffer, bytes.byteOffset).setFloat64(place, section.length);
    bytes.set(section, place + 8);
    place += 8 + section.length;
  }
  return bytes;
}

function setHead(cell: number, value: number): void {
  // Little-endian, as everything that runs Node.
  headInts[2 * cell] = value;
  headInts[2 * cell + 1] = value < 0 ? -1 : 0;
}

/** Takes stored bytes apart into a state, in place of what it was; without bytes it knows nothing then. It may go on using the bytes. */
export function loadState(shape: StateShape, state: OnlineState, stored: Uint8Array | undefined): void {
  const { recent, tiles } = state;
  state.changed = Number.POSITIVE_INFINITY;
  state.row = undefined;
  state.lastEvent = undefined;
  let place = 24 + 8 * tiles.length;
  if (stored) headBytes.set(stored.subarray(0, place));
  else headWholes.fill(0n, 0, 3 + tiles.length);
  const rowBytes = headInts[0] as number;
  const last = headWholes[1] as bigint;
  const width = 8 * (1 + shape.slots.length);
  for (let index = -1; index < tiles.length; index += 1) {
    const cells = index < 0 ? recent : (tiles[index] as Cells);
    const count = headInts[2 * (3 + index)] as number;
    const own = stored && count > 0 ? stored.subarray(place, place + count * width) : NOTHING;
    fillCells(cells, own, count);
    place += count * width;
  }
  if (stored) {
    if (last !== NO_EVENT) state.lastEvent = last;
    if (rowBytes >= 0) state.row = stored.subarray(place, place + rowBytes);
    place += Math.max(rowBytes, 0);
  }
  if (shape.sections.length > 0)
    state.sections = shape.sections.map((section) => {
      if (!stored) return section.decode(undefined);
      const from = place + 8;
      place = from + new DataView(stored.buffer, stored.byteOffset).getFloat64(place);
      return section.decode(stored.subarray(from, place));
    });
}

const NOTHING = new Uint8Array();

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
