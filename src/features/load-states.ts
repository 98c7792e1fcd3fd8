// A view's first run. The states of all keys are put together one after the other, in the order of the keys, and written many at a time; the
// watermark comes last, so that nobody reads a view of which a part is missing. A process killed before that leaves entries that nobody
// reads: the next run removes them and starts again. Two runs at once cannot mix: each takes a number when it starts, and writes only as
// long as no other has taken the next.

import { type Column, type Instant, isValid, type Table, valueAt } from "../core/core.ts";
import { isJointStore, type OnlineStore } from "../ports/ports.ts";
import { encodeKey, metaKey } from "./entity-key.ts";
import { addExactly } from "./exact-sum.ts";
import { INFINITY_PART, MINUS_INFINITY_PART, NAN_PART } from "./exact-sum-sql.ts";
import { inKeyShares, type KeyShare } from "./key-shares.ts";
import { lockedOut, type MaterializeEngines, type MaterializeWatch, stopIfAborted } from "./materialize-watch.ts";
import { type KeyState, newestStates } from "./newest-states.ts";
import { decodeRow, encodeRow, isNewer } from "./online-row.ts";
import { addPartial, emptyState, neutralSlots, type OnlineState, prune, pruningAt } from "./online-state.ts";
import type { Cursor, OnlineView } from "./online-view.ts";
import { encodeState } from "./state-bytes.ts";
import { isReducible, KEY_PART, type ReducedTerm, reducedSql, rowsByKeySql, slotColumns } from "./states-sql.ts";

/** Where a first run keeps its number; like the other bookkeeping, before every entity key. */
const runKey: Uint8Array = Uint8Array.of(0, 3);

/** How much is written together. */
const BATCH_KEYS = 8_000;
const BATCH_BYTES = 16 * 2 ** 20;

/** How many rows of a key are added before what no window sees any more is dropped. */
const PRUNE_EVERY = 1000;

/**
 * Puts together the states of every key from what was known at `to`, writes them and then `meta`. Gives how many source rows are in them.
 * Throws STATE_LOCKED when another process is at it, and MEMORY_EXHAUSTED when even a small share of the keys is too much for the memory.
 */
export async function loadStates(
  engines: MaterializeEngines,
  view: OnlineView,
  to: Instant,
  meta: Uint8Array,
  watch: MaterializeWatch,
): Promise<number> {
  return inKeyShares((shares) => loadShares(engines, view, { to, meta, shares }, watch));
}

async function loadShares(
  { offline, online }: MaterializeEngines,
  view: OnlineView,
  { to, meta, shares }: { readonly to: Instant; readonly meta: Uint8Array; readonly shares: number },
  watch: MaterializeWatch,
): Promise<number> {
  const run = await startRun(online, view);
  let rows = 0;
  let total: number | undefined;
  const write = async (batch: readonly KeyState[], isLast: boolean): Promise<void> => {
    const keys = [metaKey, runKey, ...batch.map(({ key }) => key)];
    const change = ([before, current]: readonly (Uint8Array | undefined)[]): readonly (Uint8Array | undefined)[] => {
      if (before !== undefined || current === undefined || numberOf(current) !== run) throw lockedOut(view);
      return [isLast ? meta : undefined, isLast ? undefined : current, ...batch.map(({ value }) => value)];
    };
    // What is under the keys themselves needs no look: nothing was left when the run started.
    if (isJointStore(online))
      await online.updateTogether([{ namespace: view.namespace, keys, unread: batch.length, change }]);
    else await online.update(view.namespace, keys, change);
    for (const state of batch) rows += state.rows;
    watch.onProgress?.({ view: view.spec.name, rows, through: to, ...(total === undefined ? {} : { total }) });
  };
  const reduced = view.shape.hops.length === 0 ? newestStates : reducedStates;
  const statesOf = (share: KeyShare): AsyncGenerator<KeyState> =>
    isReducible(view)
      ? reduced(view, offline.stream(reducedSql(offline.dialect, view, to, share)), (found) => {
          // A share tells of its own rows; the others have about as many.
          total = found * share.of;
        })
      : statesByKey(view, offline.stream(rowsByKeySql(offline.dialect, view, to, { share })));
  let batch: KeyState[] = [];
  let bytes = 0;
  for (let index = 0; index < shares; index += 1)
    for await (const state of statesOf({ index, of: shares })) {
      batch.push(state);
      bytes += state.value.length;
      if (batch.length < BATCH_KEYS && bytes < BATCH_BYTES) continue;
      stopIfAborted(view, watch);
      await write(batch, false);
      batch = [];
      bytes = 0;
    }
  stopIfAborted(view, watch);
  await write(batch, true);
  return rows;
}

const numberOf = (value: Uint8Array): bigint => Buffer.from(value).readBigInt64BE();

/** Takes the run's number, and removes what an earlier one left behind. */
async function startRun(online: OnlineStore, view: OnlineView): Promise<bigint> {
  let run = 0n;
  await online.update(view.namespace, [metaKey, runKey], ([meta, before]) => {
    if (meta !== undefined) throw lockedOut(view);
    run = (before === undefined ? 0n : numberOf(before)) + 1n;
    const value = Buffer.alloc(8);
    value.writeBigInt64BE(run);
    return [undefined, Uint8Array.from(value)];
  });
  let left: Uint8Array[] = [];
  const remove = async (): Promise<void> => {
    const keys = left;
    left = [];
    await online.update(view.namespace, [metaKey, runKey, ...keys], ([meta, current]) => {
      if (meta !== undefined || current === undefined || numberOf(current) !== run) throw lockedOut(view);
      return [meta, current, ...keys.map(() => undefined)];
    });
  };
  for await (const { key } of online.scan(view.namespace)) {
    if (key[0] === metaKey[0]) continue;
    left.push(key);
    if (left.length === BATCH_KEYS) await remove();
  }
  if (left.length > 0) await remove();
  return run;
}

/** States from rows of {@link rowsByKeySql}. */
export async function* statesByKey(view: OnlineView, tables: AsyncIterable<Table>): AsyncGenerator<KeyState> {
  let current: { readonly key: Uint8Array; readonly state: OnlineState; rows: number } | undefined;
  const pruned = (state: OnlineState): void =>
    prune(view.shape, state, pruningAt(view.shape, state.lastEvent as Instant));
  const done = ({ key, state, rows }: NonNullable<typeof current>): KeyState => {
    pruned(state);
    return { key, value: encodeState(view.shape, state), rows };
  };
  for await (const table of tables) {
    for (let index = 0; index < table.rowCount; index += 1) {
      const cursor: Cursor = { table, index };
      const key = view.keyOf(cursor);
      if (!key) continue;
      if (!current || Buffer.compare(current.key, key) !== 0) {
        if (current) yield done(current);
        current = { key, state: emptyState(view.shape), rows: 0 };
      }
      view.apply(current.state, cursor);
      current.rows += 1;
      if (current.rows % PRUNE_EVERY === 0) pruned(current.state);
    }
  }
  if (current) yield done(current);
}

/** States from rows of {@link reducedSql}. */
async function* reducedStates(
  view: OnlineView,
  tables: AsyncIterable<Table>,
  onTotal: (total: number) => void,
): AsyncGenerator<KeyState> {
  const { spec, shape, plan, slots, keepsRow } = view;
  const { keys, source } = spec;
  const terms = plan.terms as readonly ReducedTerm[];
  const created = source.columns.findIndex(({ name }) => name === source.createdAt);
  const [partAt, firstSlot] = [keys.length, keys.length + 4];
  const firstColumn = firstSlot + terms.reduce((sum, term) => sum + slotColumns(term), 0);
  let current: { readonly key: Uint8Array; readonly state: OnlineState; readonly rows: number } | undefined;
  const done = ({ key, state, rows }: NonNullable<typeof current>): KeyState => {
    prune(shape, state, pruningAt(shape, state.lastEvent as Instant));
    return { key, value: encodeState(shape, state), rows };
  };
  let isFirst = true;
  for await (const { rowCount, columns } of tables) {
    const [part, at, n, total] = columns.slice(partAt, firstSlot).map(({ values }) => values) as [
      Int32Array,
      ...BigInt64Array[],
    ];
    if (isFirst && rowCount > 0) onTotal(Number(total?.[0]));
    isFirst = false;
    const own = columns.slice(0, partAt);
    const fill = slotReader(terms, slots.starts, columns.slice(firstSlot, firstColumn));
    const rowColumns = columns.slice(firstColumn);
    for (let index = 0; index < rowCount; index += 1) {
      const moment = at?.[index] as bigint;
      const group = part[index] as number;
      if (group !== KEY_PART) {
        const cells = neutralSlots(slots.kinds);
        fill(cells, index);
        addPartial(shape, (current as NonNullable<typeof current>).state, group, moment, cells);
        continue;
      }
      const key = encodeKey(
        keys,
        own.map((column) => valueAt(column, index)),
      ) as Uint8Array;
      if (!current || Buffer.compare(current.key, key) !== 0) {
        if (current) yield done(current);
        current = { key, state: emptyState(shape), rows: Number(n?.[index]) };
        current.state.lastEvent = moment;
      }
      if (!keepsRow) continue;
      const values = rowColumns.map((column) => valueAt(column, index));
      const row = { event: moment, created: (values[created] as Instant | null | undefined) ?? moment, values };
      const { state } = current;
      if (state.row === undefined || isNewer(row, decodeRow(source.columns, state.row)))
        state.row = encodeRow(source.columns, row);
    }
  }
  if (current) yield done(current);
}

/** Fills slots from the columns of a reduced row. */
function slotReader(
  terms: readonly ReducedTerm[],
  starts: readonly number[],
  columns: readonly Column[],
): (into: Float64Array, index: number) => void {
  let next = 0;
  const readers = terms.map((term, place) => {
    const own = columns.slice(next, next + slotColumns(term));
    next += own.length;
    const start = starts[place] ?? 0;
    const [first] = own as [Column, ...Column[]];
    if (term.kind === "floatSum") return (into: Float64Array, index: number) => addParts(own, into, start, index);
    if (first.type === "int64")
      return (into: Float64Array, index: number) => {
        if (isValid(first, index)) new BigInt64Array(into.buffer)[start] = first.values[index] as bigint;
      };
    return (into: Float64Array, index: number) => {
      own.forEach((column, part) => {
        if (isValid(column, index)) into[start + part] = column.values[index] as number;
      });
    };
  });
  return (into, index) => {
    for (const read of readers) read(into, index);
  };
}

/** Adds the weight of one part of an exact sum: exact-sum-sql.ts says what a part is. */
function addParts(columns: readonly Column[], into: Float64Array, start: number, index: number): void {
  const [item, ...limbs] = columns as readonly [Column, ...Column[]];
  if (!isValid(item, index)) return;
  const part = item.values[index] as number;
  if (part === NAN_PART) addExactly(into, start, Number.NaN);
  else if (part === INFINITY_PART) addExactly(into, start, Number.POSITIVE_INFINITY);
  else if (part === MINUS_INFINITY_PART) addExactly(into, start, Number.NEGATIVE_INFINITY);
  else
    limbs.forEach(({ values }, limb) => {
      // Several factors, because the least power of two is no float64 by itself.
      const weight = (values[index] as number) * 2 ** (50 * limb);
      addExactly(into, start, weight * 2 ** (16 * part - 537) * 2 ** (16 * part - 538));
    });
}
