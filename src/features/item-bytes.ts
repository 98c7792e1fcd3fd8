// Bytes of what an online state keeps besides its cells: lists of times, numbers, items and rows, written one after the other.

import { type DataType, kindOf, type StructValue, type Value } from "../core/core.ts";

/** A value that can be counted: not null, not a list, not a struct. */
export type Item = Exclude<Value, null | readonly Value[] | StructValue> | Uint8Array;

/** What a map knows an item by: the same for equal items, so that NaN is one and -0 is 0. */
export type ItemMark = string | number | bigint | boolean;

/** The mark of an item. */
export function markOf(item: Item): ItemMark {
  return item instanceof Uint8Array ? Buffer.from(item).toString("latin1") : item;
}

/** What a map holds, by mark: the order in which items came leaves no trace in what is stored. */
export function inOrder<T>(items: ReadonlyMap<ItemMark, T>): readonly T[] {
  // NaN is after every number.
  const isBefore = (a: ItemMark, b: ItemMark): boolean => a < b || (Number.isNaN(b) && !Number.isNaN(a));
  return [...items].sort(([a], [b]) => (isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0)).map(([, item]) => item);
}

/** Bytes that grow. */
export interface ByteWriter {
  whole(value: bigint): void;
  count(value: number): void;
  bytes(value: Uint8Array): void;
  item(type: DataType, value: Item): void;
  done(): Uint8Array;
}

/** Starts writing. */
export function byteWriter(): ByteWriter {
  let buffer = Buffer.alloc(256);
  let at = 0;
  const room = (size: number): number => {
    const start = at;
    at += size;
    if (at > buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(at)]);
    return start;
  };
  const writer: ByteWriter = {
    whole: (value) => {
      const start = room(8);
      buffer.writeBigInt64LE(value, start);
    },
    count: (value) => {
      const start = room(8);
      buffer.writeDoubleLE(value, start);
    },
    bytes: (value) => {
      writer.count(value.length);
      const start = room(value.length);
      buffer.set(value, start);
    },
    item: (type, value) => {
      if (typeof value === "string") writer.bytes(Buffer.from(value));
      else if (value instanceof Uint8Array) writer.bytes(value);
      else if (type === "int32" || type === "date") {
        const start = room(4);
        buffer.writeInt32LE(value as number, start);
      } else if (typeof value === "number") writer.count(value);
      else writer.whole(BigInt(value));
    },
    done: () => Uint8Array.from(buffer.subarray(0, at)),
  };
  return writer;
}

/** Reads what a {@link byteWriter} wrote, in the same order. */
export interface ByteReader {
  whole(): bigint;
  count(): number;
  bytes(): Uint8Array;
  item(type: DataType): Item;
  readonly isAtEnd: boolean;
}

/** Starts reading. */
export function byteReader(from: Uint8Array): ByteReader {
  const buffer = Buffer.from(from.buffer, from.byteOffset, from.byteLength);
  let at = 0;
  const step = (size: number): number => {
    at += size;
    return at - size;
  };
  const reader: ByteReader = {
    whole: () => buffer.readBigInt64LE(step(8)),
    count: () => buffer.readDoubleLE(step(8)),
    bytes: () => {
      const length = reader.count();
      const start = step(length);
      return from.subarray(start, start + length);
    },
    item: (type) => {
      const kind = kindOf(type);
      switch (kind) {
        case "string":
        case "uuid":
          return Buffer.from(reader.bytes()).toString();
        case "bytes":
          return Uint8Array.from(reader.bytes());
        case "int32":
        case "date":
          return buffer.readInt32LE(step(4));
        case "float32":
        case "float64":
          return reader.count();
        case "bool":
          return reader.whole() !== 0n;
        case "int64":
        case "decimal":
        case "timestamp":
          return reader.whole();
        case "list":
        case "struct":
          throw new TypeError(`A ${kind} is not counted.`);
        default:
          return kind satisfies never;
      }
    },
    get isAtEnd() {
      return at >= buffer.length;
    },
  };
  return reader;
}
