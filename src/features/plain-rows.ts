// Views whose wanted features are each the newest value of one column, which is what most views are: their values are read straight from the
// stored bytes, columns that nobody wants are stepped over, and nothing is opened, copied or evaluated on the way. What is stored is written
// by encodeState (online-state.ts) and encodeRow (online-row.ts).

import { type DataType, type Instant, isFloat, type Value } from "../core/core.ts";
import type { FeatureViewSpec } from "../define/define.ts";
import { decodeText } from "./online-row.ts";
import type { KeyRead } from "./read-online.ts";
import { HEAD_BYTES } from "./state-bytes.ts";

/** Reads a key's stored bytes: the first `length` of `bytes`, which `view` is over; nothing is stored when it is negative. */
export type PlainReader = (bytes: Uint8Array, view: DataView, length: number, at: Instant) => KeyRead;

// What a cell holds after its presence byte.
const SIZED = 0;
const BYTES = 1;
const TEXT = 2;
const FLOAT = 3;
const SMALL = 4;
const TRUTH = 5;
const WHOLE = 6;
/** An int64 that may be given as a number. */
const NUMBER = 7;

/**
 * Compiles the reading of some features of a view, without `wanted` all of them; undefined when one is more than a column's newest value. With
 * `asNumbers` an int64 comes as a number where one holds it exactly.
 */
export function plainReader(
  spec: FeatureViewSpec,
  wanted: readonly number[] | undefined,
  asNumbers: boolean,
): PlainReader | undefined {
  const { columns, eventTime } = spec.source;
  const { ttl } = spec;
  if ((spec.expect ?? []).length > 0 || spec.features.some(({ rule }) => rule.kind === "window")) return undefined;
  const places = wanted ?? [...spec.features.keys()];
  const slots = columns.map(() => -1);
  for (const [slot, place] of places.entries()) {
    const rule = spec.features[place]?.rule;
    if (rule?.kind !== "latest" || rule.value.kind !== "column") return undefined;
    const { name } = rule.value;
    const column = columns.findIndex((each) => each.name === name);
    // A column that two features show is rare.
    if (column < 0 || slots[column] !== -1) return undefined;
    slots[column] = slot;
  }
  const end = slots.findLastIndex((slot) => slot >= 0) + 1;
  const cells: number[] = [];
  for (const [index, { type }] of columns.slice(0, end).entries()) {
    const cell = cellOf(type, asNumbers);
    if (cell === undefined) return undefined;
    cells.push(slots[index] === -1 && cell <= TEXT ? SIZED : cell);
  }
  const isStatic = eventTime === undefined;
  const size = places.length;
  const nulls = (): Value[] => new Array<Value>(size).fill(null);
  const nothing: KeyRead = { status: "missing", event: null, values: nulls() };

  return (bytes, view, length, at) => {
    if (length < 0) return nothing;
    const values = nulls();
    if (view.getInt32(0, true) < 0) return { status: "present", event: null, values };
    const event = isStatic ? null : view.getBigInt64(HEAD_BYTES);
    if (event !== null && ttl !== undefined && at - event > ttl) return { status: "expired", event, values };
    let next = HEAD_BYTES + TIMES_BYTES;
    for (let index = 0; index < end; index += 1) {
      const slot = slots[index] as number;
      const start = next + 1;
      if (bytes[next] !== 1) {
        next = start;
        continue;
      }
      next = start + 8;
      const cell = cells[index] as number;
      if (cell <= TEXT) {
        const from = next;
        next += view.getUint32(start + 4);
        if (cell === TEXT) values[slot] = decodeText(bytes, from, next);
        else if (cell === BYTES) values[slot] = Uint8Array.prototype.slice.call(bytes, from, next);
      } else if (slot >= 0) values[slot] = fixed(cell, view, start);
    }
    return { status: "present", event, values };
  };
}

/** A row's event time and its creation time. */
const TIMES_BYTES = 16;

/** How a column's cells are read; undefined for lists and structs, which only a whole row's reader knows. */
function cellOf(type: DataType, asNumbers: boolean): number | undefined {
  if (typeof type === "object") return type.kind === "decimal" ? WHOLE : undefined;
  if (isFloat(type)) return FLOAT;
  switch (type) {
    case "string":
    case "uuid":
      return TEXT;
    case "bytes":
      return BYTES;
    case "int32":
    case "date":
      return SMALL;
    case "bool":
      return TRUTH;
    default:
      return asNumbers && type === "int64" ? NUMBER : WHOLE;
  }
}

function fixed(cell: number, view: DataView, at: number): Value {
  switch (cell) {
    case FLOAT:
      return view.getFloat64(at);
    case TRUTH:
      return view.getInt32(at + 4) !== 0;
    case SMALL:
      return view.getInt32(at + 4);
    case NUMBER: {
      const number = view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4);
      return Number.isSafeInteger(number) ? number : view.getBigInt64(at);
    }
    default:
      return view.getBigInt64(at);
  }
}
