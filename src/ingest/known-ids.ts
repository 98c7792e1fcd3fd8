// Which ids a source has seen, for good: an entry per id in the online store, with a mark of the event's content. It follows the log like a
// view does, by its own position, so it can be made again from the log; what the log has beyond the position is kept in memory.

import { byteRoom, type Instant, sha256Mark, type Value, valueAt } from "../core/core.ts";
import type { PushSpec } from "../define/define.ts";
import { type EventBatch, encodeKey } from "../features/features.ts";
import { isShowingStore, type OnlineChange, type OnlineStore } from "../ports/ports.ts";
import type { RowWriter } from "./event-line.ts";

/** An id with what tells the contents of two events apart: a hash over the values as they were sent, a character a byte. */
export interface KnownId {
  readonly key: Uint8Array;
  readonly mark: string;
}

const NOTHING = new Uint8Array();
const positionKey: Uint8Array = Uint8Array.of(0, 1);
const namespaceOf = (source: PushSpec): string => `events of ${source.name}`;

/** What makes of an id and its event's row what is kept of them. */
export function knownIds(source: PushSpec): (id: Value, row: string) => KnownId {
  const column = source.columns.filter(({ name }) => name === source.id);
  return (id, row) => {
    const key = encodeKey(column, [id]);
    if (!key) throw new TypeError("An id is never null.");
    return { key, mark: sha256Mark(row) };
  };
}

/** The marks kept under some keys, in their order. */
export async function knownMarks(
  online: OnlineStore,
  source: PushSpec,
  keys: readonly Uint8Array[],
): Promise<readonly (string | undefined)[]> {
  const namespace = namespaceOf(source);
  const wanted = keys.map((key) => ({ namespace, key }));
  const marks: (string | undefined)[] = [];
  const see = (bytes: Uint8Array, length: number): void => {
    marks.push(length < 0 ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("latin1"));
  };
  if (isShowingStore(online)) online.show(wanted, see);
  else for (const mark of await online.get(wanted)) see(mark ?? NOTHING, mark?.length ?? -1);
  return marks;
}

/** How far a source's ids are kept: only what was acknowledged is, so others may take this for the end of the log. */
export interface KeptPosition {
  /** The number of the last event whose id is kept. */
  readonly number: bigint;
  /** Everything that was acknowledged up to here is kept; undefined where nothing was, or another version kept it. */
  readonly through: Instant | undefined;
}

/** How far a source's ids are kept. */
export async function keptPosition(online: OnlineStore, source: PushSpec): Promise<KeptPosition> {
  const [value = "0"] = await knownMarks(online, source, [positionKey]);
  const [number = "0", through] = value.split(" ");
  return { number: BigInt(number), through: through === undefined ? undefined : BigInt(through) };
}

/** The change that keeps some ids and moves the position. */
export function keepIds(
  source: PushSpec,
  ids: readonly KnownId[],
  { last, through }: Pick<EventBatch, "last" | "through">,
): OnlineChange {
  const room = byteRoom();
  return {
    namespace: namespaceOf(source),
    keys: [positionKey, ...ids.map(({ key }) => key)],
    unread: ids.length,
    change: () => [bytesOf(`${last} ${through}`, room), ...ids.map(({ mark }) => bytesOf(mark, room))],
  };
}

function bytesOf(text: string, room: (size: number) => Uint8Array): Uint8Array {
  const bytes = room(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** The ids of a batch read back from the log, with their content marks. */
export function idsOf(source: PushSpec, writer: RowWriter, { table, said }: EventBatch): readonly KnownId[] {
  const { columns } = source;
  const place = (name: string): number => columns.findIndex((column) => column.name === name);
  const [idPlace, createdPlace] = [place(source.id), place(source.createdAt)];
  const known = knownIds(source);
  return Array.from({ length: table.rowCount }, (_, index) => {
    const values = columns.map((_column, column) => valueAt(table.columns[column] as never, index));
    // What was filled in was not sent.
    if (said) values[createdPlace] = valueAt(said, index);
    return known(values[idPlace] ?? null, writer.text(values));
  });
}
