// A source row as bytes and back, so that the newest row of a key can be kept, compared when times tie, and read by expressions.

import type { ColumnSchema, Instant, Value } from "../core/core.ts";
import { compareValues } from "../define/define.ts";

/** A row with its times. `values` are the source's columns in schema order. */
export interface TimedRow {
  readonly event: Instant;
  readonly created: Instant;
  readonly values: readonly Value[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Encodes a row: 16 bytes of times, then per value a presence byte and 8 bytes or a length and text. */
export function encodeRow(columns: readonly ColumnSchema[], row: TimedRow): Uint8Array {
  const texts = row.values.map((value) => (typeof value === "string" ? encoder.encode(value) : undefined));
  const size = row.values.reduce<number>((total, value, index) => {
    return total + 1 + (value === null ? 0 : 8 + (texts[index]?.length ?? 0));
  }, 16);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, row.event);
  view.setBigInt64(8, row.created);
  let at = 16;
  columns.forEach(({ type }, index) => {
    const value = row.values[index] ?? null;
    view.setUint8(at, value === null ? 0 : 1);
    at += 1;
    if (value === null) return;
    const text = texts[index];
    if (text) {
      view.setBigInt64(at, BigInt(text.length));
      bytes.set(text, at + 8);
      at += 8 + text.length;
      return;
    }
    if (type === "float64") view.setFloat64(at, value as number);
    else view.setBigInt64(at, BigInt(value as bigint | number | boolean));
    at += 8;
  });
  return bytes;
}

/** Decodes {@link encodeRow}. */
export function decodeRow(columns: readonly ColumnSchema[], bytes: Uint8Array): TimedRow {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 16;
  const values = columns.map(({ type }): Value => {
    const present = view.getUint8(at) === 1;
    at += 1;
    if (!present) return null;
    const start = at;
    at += 8;
    switch (type) {
      case "string": {
        const length = Number(view.getBigInt64(start));
        at += length;
        return decoder.decode(bytes.subarray(start + 8, start + 8 + length));
      }
      case "float64":
        return view.getFloat64(start);
      case "int32":
        return Number(view.getBigInt64(start));
      case "bool":
        return view.getBigInt64(start) !== 0n;
      case "int64":
      case "timestamp":
        return view.getBigInt64(start);
      default:
        return type satisfies never;
    }
  });
  return { event: view.getBigInt64(0), created: view.getBigInt64(8), values };
}

/** Whether `candidate` beats `current`: later event, then later created, then the greater row value by value, null least. */
export function isNewer(candidate: TimedRow, current: TimedRow): boolean {
  if (candidate.event !== current.event) return candidate.event > current.event;
  if (candidate.created !== current.created) return candidate.created > current.created;
  for (const [index, value] of candidate.values.entries()) {
    const other = current.values[index] ?? null;
    if (value === null || other === null) {
      if (value === other) continue;
      return other === null;
    }
    const order = compareValues(value, other);
    if (order !== 0) return order > 0;
  }
  return false;
}
