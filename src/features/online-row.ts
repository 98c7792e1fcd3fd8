// A source row as bytes and back, so that the newest row of a key can be kept, compared when times tie, and read by expressions.

import {
  type ColumnSchema,
  type DataType,
  type Instant,
  isFloat,
  isList,
  isStruct,
  kindOf,
  type ListType,
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
  if (isFloat(type)) buffer.writeDoubleBE(value as number, start);
  else buffer.writeBigInt64BE(BigInt(value as bigint | number | boolean), start);
  return start + 8;
}

/** Decodes {@link encodeRow}. */
export function decodeRow(columns: readonly ColumnSchema[], bytes: Uint8Array): TimedRow {
  const reader: RowReader = { buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 16 };
  const values = columns.map(({ type }) => readValue(reader, type));
  return { event: reader.buffer.readBigInt64BE(0), created: reader.buffer.readBigInt64BE(8), values };
}

interface RowReader {
  readonly buffer: Buffer;
  at: number;
}

function readValue(reader: RowReader, type: DataType): Value {
  const { buffer } = reader;
  const isPresent = buffer[reader.at] === 1;
  reader.at += 1;
  if (!isPresent) return null;
  if (isStruct(type))
    return Object.fromEntries(type.fields.map(({ name, type: own }) => [name, readValue(reader, own)]));
  const start = reader.at;
  reader.at += 8;
  const kind = kindOf(type);
  switch (kind) {
    case "string":
    case "uuid":
      reader.at += Number(buffer.readBigInt64BE(start));
      return buffer.toString("utf8", start + 8, reader.at);
    case "bytes":
      reader.at += Number(buffer.readBigInt64BE(start));
      return Uint8Array.from(buffer.subarray(start + 8, reader.at));
    case "list":
      return Array.from({ length: Number(buffer.readBigInt64BE(start)) }, () =>
        readValue(reader, (type as ListType).of),
      );
    case "float32":
    case "float64":
      return buffer.readDoubleBE(start);
    case "int32":
    case "date":
      return Number(buffer.readBigInt64BE(start));
    case "bool":
      return buffer.readBigInt64BE(start) !== 0n;
    case "int64":
    case "timestamp":
    case "decimal":
      return buffer.readBigInt64BE(start);
    case "struct":
      throw new TypeError("A struct is read above.");
    default:
      return kind satisfies never;
  }
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
