// Materialisation: source rows, in the order in which they became known, folded into the online store. It advances by known time alone, and
// each commit writes values and watermark together, so that a run killed half-way goes on where it was, a second run changes
// nothing, and two at once cannot both count an event.

import { byteRoom, type Instant, SlipwayError, type Table, type Value } from "../core/core.ts";
import { isJointStore, type OfflineEngine, type OnlineChange, type OnlineStore } from "../ports/ports.ts";
import { metaKey } from "./entity-key.ts";
import { loadStates } from "./load-states.ts";
import {
  lockedOut,
  type MaterializeEngines,
  type MaterializeProgress,
  type MaterializeWatch,
  stopIfAborted,
} from "./materialize-watch.ts";
import { emptyState, prune, pruningAt } from "./online-state.ts";
import type { Cursor, OnlineView } from "./online-view.ts";
import { encodeState, loadState } from "./state-bytes.ts";
import { knownBy } from "./states-sql.ts";
import { timeColumns } from "./view-events-sql.ts";

const decoder = new TextDecoder();
/** How values are laid out (online-state.ts, online-cells.ts): to be raised with every change that makes older ones read wrong. */
const FORMAT = "v4";

/** A view's bookkeeping entry: how far it is. */
const encodeMeta = (through: Instant): Uint8Array => new TextEncoder().encode(`${FORMAT} ${through}`);

/** Reads a view's bookkeeping entry. Throws STATE_FORMAT_UNKNOWN when its values are laid out differently. */
export function decodeMeta(value: Uint8Array | undefined): Instant | undefined {
  if (value === undefined) return undefined;
  const [format = "", through = ""] = decoder.decode(value).split(" ");
  if (format !== FORMAT)
    throw new SlipwayError(
      "STATE_FORMAT_UNKNOWN",
      `The online values were written in format ${/^v\d+$/.test(format) ? format : "v1"} by another version of Slipway; this one reads ${FORMAT}. Delete the folder online/ in the state folder and run "slipway features materialize", or use the version that wrote them.`,
    );
  return BigInt(through);
}

/** How far a view has been materialised; undefined when never. */
export async function materializedThrough(online: OnlineStore, view: OnlineView): Promise<Instant | undefined> {
  const [meta] = await online.get([{ namespace: view.namespace, key: metaKey }]);
  return decodeMeta(meta);
}

/**
 * Brings one view up to everything known at `to`. Throws STATE_LOCKED when another process is at it; where `judged` says where the view stood, also when
 * it has moved since.
 */
export async function materializeView(
  { offline, online }: MaterializeEngines,
  view: OnlineView,
  to: Instant,
  watch: MaterializeWatch = {},
  judged?: { readonly from: Instant | undefined },
): Promise<MaterializeProgress> {
  await offline.check(view.spec.source);
  const from = judged ? judged.from : await materializedThrough(online, view);
  if (view.isStatic) return materializeStatic({ offline, online }, view, from, to);
  if (from === undefined) {
    const rows = await loadStates({ offline, online }, view, to, encodeMeta(to), watch);
    return { view: view.spec.name, rows, through: to };
  }
  if (from >= to) return { view: view.spec.name, rows: 0, through: from };
  let through = from;
  let rows = 0;
  const commit = async (cursors: readonly Cursor[], until: Instant): Promise<void> => {
    await applyRows(online, view, cursors, through, until);
    through = until;
    rows += cursors.length;
    watch.onProgress?.({ view: view.spec.name, rows, through: until });
  };
  let held: readonly Cursor[] = [];
  for await (const table of streamRows(offline, view, from, to)) {
    stopIfAborted(view, watch);
    const cursors = [...held, ...cursorsOf(table)];
    // Rows known at the same moment are committed together, because the watermark is that moment.
    const last = knownOf(cursors[cursors.length - 1] as Cursor);
    const cut = cursors.findIndex((cursor) => knownOf(cursor) === last);
    if (cut > 0) await commit(cursors.slice(0, cut), last - 1n);
    held = cursors.slice(cut);
  }
  await commit(held, to);
  return { view: view.spec.name, rows, through: to };
}

/** A view's source rows that became known in (from, to], in that order: the source's columns, then `e` and `k`. */
export function streamRows(
  offline: OfflineEngine,
  view: OnlineView,
  from: Instant | undefined,
  to: Instant,
): AsyncIterable<Table> {
  const { dialect } = offline;
  const { spec } = view;
  // Qualified throughout, because a source may have a column called e or k.
  const columns = spec.source.columns.map(({ name }) => `s.${dialect.identifier(name)}`);
  const { event, known } = timeColumns(dialect, spec);
  const { eventTime = "", createdAt } = spec.source;
  const limits = [
    knownBy(dialect, spec, to),
    ...(from === undefined ? [] : [`${known} > ${from}`]),
    ...(from === undefined || createdAt !== undefined
      ? []
      : [`s.${dialect.identifier(eventTime)} > make_timestamp(${from})`]),
  ];
  return offline.stream(
    `SELECT ${columns.join(", ")}, ${event} AS e, ${known} AS k FROM ${dialect.scan(spec.source)} s WHERE ${limits.join(" AND ")} ORDER BY ${[known, event, ...columns].join(", ")}`,
  );
}

/** Every row of a batch. */
export function cursorsOf(table: Table): readonly Cursor[] {
  return Array.from({ length: table.rowCount }, (_, index) => ({ table, index }));
}

/** When a streamed row became known. */
export function knownOf({ table, index }: Cursor): Instant {
  return table.columns[table.columns.length - 1]?.values[index] as bigint;
}

/** Rows of one view that became known, and the watermark's move that goes with them. */
export interface ViewRows {
  readonly view: OnlineView;
  /** Every row that became known after `expected`, up to `through`. */
  readonly rows: readonly Cursor[];
  /** Where the watermark must be now. */
  readonly expected: Instant | undefined;
  readonly through: Instant;
}

/** Adds rows to the store and moves the watermark, as one transaction. Throws STATE_LOCKED when it is not where it is expected. */
export async function applyRows(
  online: OnlineStore,
  view: OnlineView,
  rows: readonly Cursor[],
  expected: Instant | undefined,
  through: Instant,
): Promise<void> {
  const { namespace, keys, change } = changeOf({ view, rows, expected, through });
  await online.update(namespace, keys, change);
}

/** Does the same for several views; as one transaction where the store can. */
export async function applyViews(online: OnlineStore, views: readonly ViewRows[]): Promise<void> {
  const changes = views.map(changeOf);
  if (isJointStore(online)) return online.updateTogether(changes);
  for (const { namespace, keys, change } of changes) await online.update(namespace, keys, change);
}

interface KeyRows {
  readonly key: Uint8Array;
  readonly rows: Cursor[];
}

/** Rows by their key, in the order given; those with a null in it are left out. */
function byKey(view: OnlineView, rows: readonly Cursor[]): readonly KeyRows[] {
  const found = new Map<Value, KeyRows>();
  for (const row of rows) {
    // Most views have keys of one value, which tells them apart without being encoded.
    const bare = view.bareKeyOf(row);
    if (bare === null) continue;
    const known = bare === undefined ? undefined : found.get(bare);
    if (known) {
      known.rows.push(row);
      continue;
    }
    const key = view.keyOf(row);
    if (!key) continue;
    const mark = bare ?? Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
    const entry = found.get(mark);
    if (entry) entry.rows.push(row);
    else found.set(mark, { key, rows: [row] });
  }
  return [...found.values()];
}

/** The change that adds rows to the store and moves the watermark. */
export function changeOf({ view, rows, expected, through }: ViewRows): OnlineChange {
  const entries = byKey(view, rows);
  return {
    namespace: view.namespace,
    keys: [metaKey, ...entries.map(({ key }) => key)],
    change: ([meta, ...current]) => {
      if (decodeMeta(meta) !== expected) throw lockedOut(view);
      const { shape } = view;
      const [state, room] = [emptyState(shape), byteRoom()];
      let pruning = pruningAt(shape, through);
      const changed = entries.map(({ rows: own }, index) => {
        loadState(shape, state, current[index]);
        for (const row of own) view.apply(state, row);
        const { lastEvent = through } = state;
        if (pruning.through !== lastEvent) pruning = pruningAt(shape, lastEvent);
        prune(shape, state, pruning);
        return encodeState(shape, state, room);
      });
      return [encodeMeta(through), ...changed];
    },
  };
}

async function materializeStatic(
  { offline, online }: MaterializeEngines,
  view: OnlineView,
  from: Instant | undefined,
  to: Instant,
): Promise<MaterializeProgress> {
  const { dialect } = offline;
  const keys = view.spec.keys.map(({ name }) => dialect.identifier(name));
  const greatest = view.spec.source.columns.map(({ name }) => `${dialect.identifier(name)} DESC NULLS LAST`).join(", ");
  const present = keys.map((key) => `${key} IS NOT NULL`).join(" AND ");
  const sql = `SELECT * FROM ${dialect.scan(view.spec.source)} WHERE ${present} QUALIFY row_number() OVER (PARTITION BY ${keys.join(", ")} ORDER BY ${greatest}) = 1`;
  const fresh = new Map<string, { readonly key: Uint8Array; readonly value: Uint8Array }>();
  for await (const table of offline.stream(sql))
    for (const cursor of cursorsOf(table)) {
      const key = view.keyOf(cursor);
      if (!key) continue;
      const state = emptyState(view.shape);
      view.apply(state, cursor);
      fresh.set(Buffer.from(key).toString("latin1"), { key, value: encodeState(view.shape, state) });
    }
  const gone: Uint8Array[] = [];
  for await (const { key } of online.scan(view.namespace))
    if (key[0] !== metaKey[0] && !fresh.has(Buffer.from(key).toString("latin1"))) gone.push(key);
  const through = from !== undefined && from > to ? from : to;
  const entries = [...fresh.values()];
  await online.update(view.namespace, [metaKey, ...entries.map(({ key }) => key), ...gone], () => [
    encodeMeta(through),
    ...entries.map(({ value }) => value),
    ...gone.map(() => undefined),
  ]);
  return { view: view.spec.name, rows: entries.length, through };
}
