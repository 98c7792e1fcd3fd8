// A source row as bytes and back, so that the newest row of a key can be kept, compared when times tie, and read by expressions.

import {
  type ColumnSchema,
  type DataType,
  type Instant,
  isFloat,
  isList,
  isStruct,
  type ListType,
  type StructType,
  type StructValue,
  type Value,
} from "../core/core.ts";
import { compareValues } from "../define/define.ts";

/** A row with its times. `values` are the source's columns in schema order. */
export interface TimedRow {
  readonly event: Instant;
  readonly created: Instant;
  readonly values: readonly Value[];
}

/**
 * Encodes a row: 16 bytes of times, then per value a presence byte and 8 bytes, or a length and text or bytes; a list is its length and its
 * elements, a struct its fields, each with a presence byte.
 */
export function encodeRow(columns: readonly ColumnSchema[], row: TimedRow): Uint8Array {
  let size = 16;
  for (let index = 0; index < columns.length; index += 1)
    size += sizeOf((columns[index] as ColumnSchema).type, row.values[index] ?? null);
  const bytes = new Uint8Array(size);
  const buffer = Buffer.from(bytes.buffer);
  buffer.writeBigInt64BE(row.event, 0);
  buffer.writeBigInt64BE(row.created, 8);
  let at = 16;
  for (let index = 0; index < columns.length; index += 1)
    at = writeValue(buffer, at, (columns[index] as ColumnSchema).type, row.values[index] ?? null);
  return bytes;
}

function sizeOf(type: DataType, value: Value): number {
  if (value === null) return 1;
  if (typeof value === "string") return 9 + Buffer.byteLength(value);
  if (value instanceof Uint8Array) return 9 + value.length;
  if (isList(type)) return (value as readonly Value[]).reduce((sum: number, item) => sum + sizeOf(type.of, item), 9);
  if (isStruct(type)) {
    const struct = value as StructValue;
    return type.fields.reduce((sum, field) => sum + sizeOf(field.type, struct[field.name] ?? null), 1);
  }
  return 9;
}

/** Writes a value with its presence byte at `at`; returns where the next one goes. */
function writeValue(buffer: Buffer, at: number, type: DataType, value: Value): number {
  const start = at + 1;
  buffer[at] = value === null ? 0 : 1;
  if (value === null) return start;
  if (typeof value === "string") {
    const length = buffer.write(value, start + 8);
    buffer.writeBigInt64BE(BigInt(length), start);
    return start + 8 + length;
  }
  if (value instanceof Uint8Array) {
    buffer.writeBigInt64BE(BigInt(value.length), start);
    buffer.set(value, start + 8);
    return start + 8 + value.length;
  }
  if (isList(type)) {
    const items = value as readonly Value[];
    buffer.writeBigInt64BE(BigInt(items.length), start);
    return items.reduce((next: number, item) => writeValue(buffer, next, type.of, item), start + 8);
  }
  if (isStruct(type)) {
    const struct = value as StructValue;
    return type.fields.reduce(
      (next, { name, type: own }) => writeValue(buffer, next, own, struct[name] ?? null),
      start,
    );
  }
  // Plus 0, because -0 and 0 are one value: of rows that are equal but for that, which is kept must not depend on which came first.
  if (isFloat(type)) buffer.writeDoubleBE((value as number) + 0, start);
  else buffer.writeBigInt64BE(BigInt(value as bigint | number | boolean), start);
  return start + 8;
}

/** Decodes {@link encodeRow}. */
export function decodeRow(columns: readonly ColumnSchema[], bytes: Uint8Array): TimedRow {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader: RowReader = { bytes, view, at: 16 };
  const values: Value[] = [];
  for (let index = 0; index < columns.length; index += 1)
    values.push(readValue(reader, (columns[index] as ColumnSchema).type));
  return { event: view.getBigInt64(0), created: view.getBigInt64(8), values };
}

interface RowReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
}

// A byte order mark is a character like any other: what comes out is what went in.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text in bytes from `start` up to, not including, `end`. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}

function readValue(reader: RowReader, type: DataType): Value {
  const { bytes, view, at } = reader;
  if (bytes[at] !== 1) {
    reader.at = at + 1;
    return null;
  }
  const start = at + 1;
  if (typeof type === "object" && type.kind !== "decimal") {
    reader.at = start;
    return readNested(reader, type);
  }
  reader.at = start + 8;
  switch (type) {
    case "string":
    case "uuid":
    case "bytes": {
      const end = start + 8 + Number(view.getBigInt64(start));
      reader.at = end;
      return type === "bytes" ? Uint8Array.from(bytes.subarray(start + 8, end)) : decodeText(bytes, start + 8, end);
    }
    case "float32":
    case "float64":
      return view.getFloat64(start);
    case "int32":
    case "date":
      return Number(view.getBigInt64(start));
    case "bool":
      return view.getBigInt64(start) !== 0n;
    default:
      return view.getBigInt64(start);
  }
}

function readNested(reader: RowReader, type: ListType | StructType): Value {
  if (type.kind === "struct")
    return Object.fromEntries(type.fields.map(({ name, type: own }) => [name, readValue(reader, own)]));
  const count = Number(reader.view.getBigInt64(reader.at));
  reader.at += 8;
  return Array.from({ length: count }, () => readValue(reader, type.of));
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

/** The event time of an encoded row. */
export function rowEvent(row: Uint8Array): Instant {
  return new DataView(row.buffer, row.byteOffset, row.byteLength).getBigInt64(0);
}
