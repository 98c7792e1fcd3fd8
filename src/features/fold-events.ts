// Pushed events, folded into the online store in the order in which they were acknowledged. A view keeps the number of the last event it has
// with its values, in the same transaction: whoever was killed, each event counts once. An event whose time is still to come is kept
// beside the values until then, so that it neither shows nor hides the present.

import {
  type Column,
  columnFrom,
  type DataType,
  type Instant,
  SlipwayError,
  type Table,
  type Value,
  type ValueOf,
  valueAt,
} from "../core/core.ts";
import { letInCondition, type PushSpec } from "../define/define.ts";
import type { OfflineEngine, OnlineChange, OnlineStore, SqlDialect } from "../ports/ports.ts";
import { metaKey } from "./entity-key.ts";
import { changeOf, decodeMeta, knownOf } from "./materialize.ts";
import {
  type MaterializeEngines,
  type MaterializeProgress,
  type MaterializeWatch,
  stopIfAborted,
} from "./materialize-watch.ts";
import { decodeRow, encodeRow } from "./online-row.ts";
import type { Cursor, OnlineView } from "./online-view.ts";
import { sourceExpression, timeColumns } from "./view-events-sql.ts";

/** Events in the order of their numbers: the source's columns, then `e` and `k` as `streamRows` has them. */
export interface EventBatch {
  readonly table: Table;
  /** The number of the last event, or of the last one before an empty batch. */
  readonly last: bigint;
  /** Everything that was acknowledged up to here is in this batch or one before it. */
  readonly through: Instant;
  /** When each event itself said to have become known, of a batch that was read back from the log. */
  readonly said?: Column;
}

/** An event whose time is still to come. */
interface WaitingEvent {
  readonly known: Instant;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** How far a view has come. */
export interface EventMark {
  /** The number of the last event that is in the view's values or waits beside them; 0 when none is. */
  readonly position: bigint;
  /** Undefined before the first fold. */
  readonly through: Instant | undefined;
  /** By the moment they become known. */
  readonly waiting: readonly WaitingEvent[];
}

/** Where a view keeps its position; like the other bookkeeping, before every entity key. */
const positionKey: Uint8Array = Uint8Array.of(0, 1);
const WAITING = Uint8Array.of(0, 2);

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const decodePosition = (value: Uint8Array | undefined): bigint => (value ? BigInt(decoder.decode(value)) : 0n);

/** How far a view has come in its source's events. */
export async function eventMark(online: OnlineStore, { namespace }: OnlineView): Promise<EventMark> {
  const [meta, position] = await online.get([
    { namespace, key: metaKey },
    { namespace, key: positionKey },
  ]);
  const waiting: WaitingEvent[] = [];
  // Bookkeeping comes first in a scan.
  for await (const { key, value } of online.scan(namespace)) {
    if (key[0] !== 0) break;
    if (key[1] === WAITING[1]) waiting.push({ known: knownIn(key), key, value });
  }
  return { position: decodePosition(position), through: decodeMeta(meta), waiting };
}

function waitingKey(known: Instant, number: bigint): Uint8Array {
  const key = Buffer.alloc(18);
  key.set(WAITING);
  key.writeBigInt64BE(known, 2);
  key.writeBigInt64BE(number, 10);
  return key;
}

function knownIn(key: Uint8Array): Instant {
  return Buffer.from(key).readBigInt64BE(2);
}

/** The change that takes a batch into a view, and where the view then is. It throws STATE_LOCKED when another process came first. */
export function foldChange(
  view: OnlineView,
  mark: EventMark,
  batch: EventBatch,
): { readonly change: OnlineChange; readonly mark: EventMark } {
  const { columns } = view.spec.source;
  const through = mark.through !== undefined && mark.through > batch.through ? mark.through : batch.through;
  const due: Cursor[] = [];
  const later: WaitingEvent[] = [];
  for (let index = 0; index < batch.table.rowCount; index += 1) {
    const cursor: Cursor = { table: batch.table, index };
    const known = knownOf(cursor);
    if (known <= through) due.push(cursor);
    else later.push(waitingEvent(view, cursor, known, batch.last - BigInt(batch.table.rowCount - 1 - index)));
  }
  const released = mark.waiting.filter(({ known }) => known <= through);
  const rows = [...released.map(({ value, known }) => cursorOf(columns, value, known)), ...due];
  const own = changeOf({ view, rows, expected: mark.through, through });
  const next: EventMark = {
    position: batch.last,
    through,
    waiting: [...mark.waiting.filter(({ known }) => known > through), ...later],
  };
  return {
    change: {
      namespace: view.namespace,
      keys: [positionKey, ...own.keys, ...released.map(({ key }) => key), ...later.map(({ key }) => key)],
      unread: released.length + later.length,
      change: (current) => {
        if (decodePosition(current[0]) !== mark.position)
          throw new SlipwayError(
            "STATE_LOCKED",
            `Another process is bringing events into "${view.spec.name}". Wait for it to end, then run this again.`,
          );
        return [
          encoder.encode(String(next.position)),
          ...own.change(current.slice(1, 1 + own.keys.length)),
          ...released.map(() => undefined),
          ...later.map(({ value }) => value),
        ];
      },
    },
    mark: next,
  };
}

function waitingEvent(view: OnlineView, { table, index }: Cursor, known: Instant, place: bigint): WaitingEvent {
  const { columns } = view.spec.source;
  const values = columns.map((_, column) => valueAt(table.columns[column] as never, index));
  const event = table.columns[columns.length]?.values[index] as bigint;
  return {
    known,
    // Unique in the view: numbers only grow, and so do places counted back from them.
    key: waitingKey(known, place),
    value: encodeRow(columns, { event, created: known, values }),
  };
}

type Columns = OnlineView["spec"]["source"]["columns"];

function cursorOf(columns: Columns, value: Uint8Array, known: Instant): Cursor {
  const { event, values } = decodeRow(columns, value);
  return { table: eventTable(columns, [values], [event], [known]), index: 0 };
}

/** Events as a batch's table. `values` are in the order of the source's columns. */
export function eventTable(
  columns: Columns,
  values: readonly (readonly Value[])[],
  events: readonly Instant[],
  known: readonly Instant[],
): Table {
  const cells = columns.map(({ name, type }, index) =>
    columnFrom(
      name,
      type,
      values.map((row) => (row[index] ?? null) as ValueOf<DataType> | null),
    ),
  );
  return {
    rowCount: values.length,
    columns: [...cells, columnFrom("e", "int64", events), columnFrom("k", "int64", known)],
  };
}

/** SQL that leaves out the events which the source's expectations do not let in: those from before it had them. */
function letInSql(dialect: SqlDialect, { expect }: PushSpec): readonly string[] {
  const condition = letInCondition(expect);
  return condition === undefined ? [] : [`(${sourceExpression(dialect, condition, "s")}) IS NOT FALSE`];
}

/**
 * A source's events after `position`, up to event `number`, in their order, a batch at a time. Those of one acknowledgement may be
 * in two batches; `through` is then the moment before it.
 */
export async function* eventsAfter(
  offline: OfflineEngine,
  source: PushSpec,
  position: bigint,
  until: { readonly number: bigint },
  which: "all" | "let in" = "let in",
): AsyncGenerator<EventBatch> {
  const { dialect } = offline;
  const columns = source.columns.map(({ name }) => `s.${dialect.identifier(name)}`);
  const { event, known } = timeColumns(dialect, { source });
  const [number, at, said] = ["#n", "#at", "#said"].map((name) => `s.${dialect.identifier(name)}`);
  const limits = [
    `${number} > ${position}`,
    `${number} <= ${until.number}`,
    ...(which === "all" ? [] : letInSql(dialect, source)),
  ];
  const sql = `SELECT ${columns.join(", ")}, ${event} AS e, ${known} AS k, ${said}, ${at}, ${number} FROM ${dialect.scanEvents(source)} s WHERE ${limits.join(" AND ")} ORDER BY ${number}`;
  for await (const { rowCount, columns: found } of offline.stream(sql)) {
    yield {
      table: { rowCount, columns: found.slice(0, -3) },
      last: found.at(-1)?.values[rowCount - 1] as bigint,
      through: (found.at(-2)?.values[rowCount - 1] as bigint) - 1n,
      said: found.at(-3) as Column,
    };
  }
}

/**
 * Brings a view over a push source up to event `number`, the last that is sure to stay, and to everything known `through`. Throws STATE_LOCKED when
 * another process is at it.
 */
export async function foldEvents(
  { offline, online }: MaterializeEngines,
  view: OnlineView,
  { number, through }: { readonly number: bigint; readonly through: Instant | undefined },
  watch: MaterializeWatch = {},
): Promise<MaterializeProgress> {
  const source = view.spec.source as PushSpec;
  await offline.check(source);
  let mark = await eventMark(online, view);
  let rows = 0;
  const standing = (): MaterializeProgress => ({ view: view.spec.name, rows, through: mark.through ?? through ?? 0n });
  const take = async (batch: EventBatch): Promise<void> => {
    const step = foldChange(view, mark, batch);
    await online.update(step.change.namespace, step.change.keys, step.change.change);
    mark = step.mark;
    rows += batch.table.rowCount;
    watch.onProgress?.(standing());
  };
  for await (const batch of eventsAfter(offline, source, mark.position, { number })) {
    stopIfAborted(view, watch);
    await take(batch);
  }
  if (through !== undefined && (mark.through === undefined || mark.through < through))
    await take({ table: eventTable(source.columns, [], [], []), last: mark.position, through });
  return standing();
}
