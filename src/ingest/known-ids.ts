// Which ids a source has seen, for good: an entry per id in the online store, with a mark of the event's content. It follows the log like a
// view does, by its own position, so it can be made again from the log; what the log has beyond the position is kept in memory.

import { type Value, valueAt } from "../core/core.ts";
import type { PushSpec } from "../define/define.ts";
import { type EventBatch, encodeKey } from "../features/features.ts";
import type { OnlineChange, OnlineStore } from "../ports/ports.ts";
import { contentMark, type RowWriter } from "./event-line.ts";

const positionKey: Uint8Array = Uint8Array.of(0, 1);
const namespaceOf = (source: PushSpec): string => `events of ${source.name}`;

/** The key under which an id is known. */
export function idKey(source: PushSpec, id: Value): Uint8Array {
  const column = source.columns.filter(({ name }) => name === source.id);
  const key = encodeKey(column, [id]);
  if (!key) throw new TypeError("An id is never null.");
  return key;
}

/** The content marks kept under some keys, in their order. */
export function knownMarks(
  online: OnlineStore,
  source: PushSpec,
  keys: readonly Uint8Array[],
): Promise<readonly (Uint8Array | undefined)[]> {
  const namespace = namespaceOf(source);
  return online.get(keys.map((key) => ({ namespace, key })));
}

/** The number of the last event whose id is kept. */
export async function knownPosition(online: OnlineStore, source: PushSpec): Promise<bigint> {
  const [value] = await knownMarks(online, source, [positionKey]);
  return value === undefined ? 0n : BigInt(new TextDecoder().decode(value));
}

/** The change that keeps some ids and moves the position. */
export function keepIds(
  source: PushSpec,
  ids: readonly { readonly key: Uint8Array; readonly mark: Uint8Array }[],
  last: bigint,
): OnlineChange {
  const values = [new TextEncoder().encode(String(last)), ...ids.map(({ mark }) => mark)];
  return { namespace: namespaceOf(source), keys: [positionKey, ...ids.map(({ key }) => key)], change: () => values };
}

/** The ids of a batch read back from the log, with their content marks. */
export function idsOf(
  source: PushSpec,
  writer: RowWriter,
  { table, said }: EventBatch,
): readonly { readonly key: Uint8Array; readonly mark: Uint8Array }[] {
  const { columns } = source;
  const place = (name: string): number => columns.findIndex((column) => column.name === name);
  const [idPlace, createdPlace] = [place(source.id), place(source.createdAt)];
  return Array.from({ length: table.rowCount }, (_, index) => {
    const values = columns.map((_column, column) => valueAt(table.columns[column] as never, index));
    // What was filled in was not sent.
    if (said) values[createdPlace] = valueAt(said, index);
    return { key: idKey(source, values[idPlace] ?? null), mark: contentMark(writer.text(values)) };
  });
}
