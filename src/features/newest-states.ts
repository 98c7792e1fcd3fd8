// The states of a view without windows: a key's newest row and nothing else. They are written straight from the columns that DuckDB gives,
// without a state that is taken apart, because there are as many as keys: the bytes are those of encodeState and encodeRow.

import {
  byteRoom,
  type Column,
  type ColumnSchema,
  type Instant,
  isFloat,
  isValid,
  type Table,
  valueAt,
} from "../core/core.ts";
import { encodeKey } from "./entity-key.ts";
import { encodeRow, isNewer, type TimedRow } from "./online-row.ts";
import type { OnlineView } from "./online-view.ts";
import { HEAD_BYTES } from "./state-bytes.ts";

/** A key with the bytes of its state. */
export interface KeyState {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Source rows in it. */
  readonly rows: number;
}

/** A row of a table, and where it is among the keys. */
interface Newest {
  readonly key: Uint8Array;
  readonly rows: number;
  readonly event: Instant;
  readonly columns: readonly Column[];
  readonly index: number;
}

/**
 * States from tables of `keys`, `part`, `moment`, `n`, `total` and the source's columns, ordered by key. Where several rows have a key
 * the one that wins is kept.
 */
export async function* newestStates(
  { spec }: OnlineView,
  tables: AsyncIterable<Table>,
  onTotal: (total: number) => void,
): AsyncGenerator<KeyState> {
  const { keys, source } = spec;
  const created = source.columns.findIndex(({ name }) => name === source.createdAt);
  const write = stateWriter(source.columns);
  const createdOf = ({ columns, index, event }: Newest): Instant =>
    (created < 0 ? null : (valueAt(columns[created] as Column, index) as Instant | null)) ?? event;
  const rowOf = (row: Newest): TimedRow => ({
    event: row.event,
    created: createdOf(row),
    values: row.columns.map((column) => valueAt(column, row.index)),
  });
  const done = (row: Newest): KeyState => ({
    key: row.key,
    value: write(row.columns, row.index, row.event, createdOf(row)),
    rows: row.rows,
  });
  let newest: Newest | undefined;
  for await (const { rowCount, columns: all } of tables) {
    const own = all.slice(0, keys.length);
    const columns = all.slice(keys.length + 4);
    const [moments, counts, totals] = [1, 2, 3].map((place) => all[keys.length + place]?.values as BigInt64Array) as [
      BigInt64Array,
      BigInt64Array,
      BigInt64Array,
    ];
    if (!newest && rowCount > 0) onTotal(Number(totals[0]));
    const values = own.map(() => null as ReturnType<typeof valueAt>);
    for (let index = 0; index < rowCount; index += 1) {
      for (let place = 0; place < own.length; place += 1) values[place] = valueAt(own[place] as Column, index);
      const key = encodeKey(keys, values) as Uint8Array;
      const row: Newest = { key, rows: Number(counts[index]), event: moments[index] as bigint, columns, index };
      if (newest && isSame(newest.key, key)) {
        if (isNewer(rowOf(row), rowOf(newest))) newest = row;
        continue;
      }
      if (newest) yield done(newest);
      newest = row;
    }
  }
  if (newest) yield done(newest);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  // Keys in order differ at their ends.
  for (let place = a.length - 1; place >= 0; place -= 1) if (a[place] !== b[place]) return false;
  return true;
}

type WriteState = (columns: readonly Column[], index: number, event: Instant, created: Instant) => Uint8Array;

/** Writes states of rows of columns; where all of them are single values into one room that is used again and again. */
function stateWriter(schema: readonly ColumnSchema[]): WriteState {
  const isPlain = schema.every(({ type }) => typeof type === "string" || type.kind === "decimal");
  if (!isPlain)
    return (columns, index, event, created) => {
      const values = columns.map((column) => valueAt(column, index));
      const row = encodeRow(schema, { event, created, values });
      const state = new Uint8Array(HEAD_BYTES + row.length);
      writeHead(new DataView(state.buffer), row.length, event);
      state.set(row, HEAD_BYTES);
      return state;
    };
  const room = byteRoom();
  let bytes = new Uint8Array(1024);
  let view = new DataView(bytes.buffer);
  const ensure = (size: number): void => {
    if (size <= bytes.length) return;
    const larger = new Uint8Array(2 * size);
    larger.set(bytes);
    bytes = larger;
    view = new DataView(bytes.buffer);
  };
  const writers = schema.map(({ type }) => {
    if (isFloat(type))
      return (values: Column["values"], index: number, at: number): void =>
        view.setFloat64(at, (values[index] as number) + 0);
    if (type === "int32" || type === "date" || type === "bool")
      return (values: Column["values"], index: number, at: number): void => {
        const value = values[index] as number;
        view.setInt32(at, value < 0 ? -1 : 0);
        view.setInt32(at + 4, value);
      };
    return (values: Column["values"], index: number, at: number): void => view.setBigInt64(at, values[index] as bigint);
  });
  const isSized = schema.map(({ type }) => type === "string" || type === "uuid" || type === "bytes");
  return (columns, index, event, created) => {
    view.setBigInt64(HEAD_BYTES, event);
    view.setBigInt64(HEAD_BYTES + 8, created);
    let at = HEAD_BYTES + 16;
    for (let place = 0; place < columns.length; place += 1) {
      const column = columns[place] as Column;
      ensure(at + 9);
      if (!isValid(column, index)) {
        bytes[at] = 0;
        at += 1;
        continue;
      }
      bytes[at] = 1;
      at += 1;
      if (!isSized[place]) writers[place]?.(column.values, index, at);
      else {
        const value = column.values[index] as string | Uint8Array;
        ensure(at + 8 + 3 * value.length);
        const length = typeof value === "string" ? writeText(bytes, at + 8, value) : value.length;
        if (typeof value !== "string") bytes.set(value, at + 8);
        view.setInt32(at, 0);
        view.setInt32(at + 4, length);
        at += length;
      }
      at += 8;
    }
    writeHead(view, at - HEAD_BYTES, event);
    // Pieces of a shared block: a buffer for each of a million states costs the garbage collector more than the writing.
    const own = room(at);
    own.set(bytes.subarray(0, at));
    return own;
  };
}

/** The head's numbers are in the order of the machine's typed arrays, unlike a row's. */
function writeHead(view: DataView, rowBytes: number, event: Instant): void {
  view.setInt32(0, rowBytes, true);
  view.setInt32(4, 0, true);
  view.setBigInt64(8, event, true);
  view.setBigInt64(16, 0n, true);
}

const encoder = new TextEncoder();

/** Writes a text, character by character as long as that is less than a call into the engine; gives how many bytes it took. */
function writeText(bytes: Uint8Array, at: number, text: string): number {
  if (text.length > 32) return encoder.encodeInto(text, bytes.subarray(at)).written;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 127) return encoder.encodeInto(text, bytes.subarray(at)).written;
    bytes[at + index] = code;
  }
  return text.length;
}
