// Keeping a view up with its source: what became known since, and what was put there since although it says that it was known before.

import { type Instant, valueAt } from "../core/core.ts";
import type { OnlineStore } from "../ports/ports.ts";
import { encodeKey, metaKey } from "./entity-key.ts";
import { decodeMeta, materializedThrough, materializeView } from "./materialize.ts";
import type { MaterializeEngines, MaterializeProgress, MaterializeWatch } from "./materialize-watch.ts";
import type { OnlineView } from "./online-view.ts";
import { rebuildKeys } from "./rebuild-keys.ts";
import {
  decodeSeen,
  encodeSeen,
  noRows,
  rowsSeen,
  type Seen,
  type SeenRows,
  shareSql,
  sharesChanged,
  stateOf,
  together,
} from "./seen-rows.ts";
import { knownBy } from "./states-sql.ts";

/** Where a view keeps what it has seen; like the other bookkeeping, before every entity key. */
const seenKey: Uint8Array = Uint8Array.of(0, 4);

/** How far a view was brought. */
export interface KeptUp extends MaterializeProgress {
  /** Keys that were folded anew, because rows that were known before came or went since; absent where none did. */
  readonly anew?: number;
}

/** Brings one view up to everything known at `to`, rows that came late without saying so included. Throws STATE_LOCKED when another process is at it. */
export async function keepUp(
  engines: MaterializeEngines,
  view: OnlineView,
  to: Instant,
  watch: MaterializeWatch = {},
): Promise<KeptUp> {
  const { offline, online } = engines;
  const { source } = view.spec;
  if (view.isStatic) return materializeView(engines, view, to, watch);
  await offline.check(source);
  const from = await materializedThrough(online, view);
  if (from !== undefined && from >= to) return materializeView(engines, view, to, watch);
  // Looked at before any row is read: what is put there meanwhile is then found the next time, and folded once more at worst.
  const state = stateOf(await offline.fingerprint(source));
  const { seen, anew } =
    from === undefined
      ? { seen: await rowsSeen(offline, view, to), anew: 0 }
      : await caughtUp(engines, view, state, from, to);
  const progress = await materializeView(engines, view, to, watch);
  await remember(online, view, { at: to, state, ...seen });
  return anew === 0 ? progress : { ...progress, anew };
}

async function caughtUp(
  engines: MaterializeEngines,
  view: OnlineView,
  state: Uint8Array,
  from: Instant,
  to: Instant,
): Promise<{ readonly seen: SeenRows; readonly anew: number }> {
  const { offline, online } = engines;
  const [bytes] = await online.get([{ namespace: view.namespace, key: seenKey }]);
  const kept = decodeSeen(bytes);
  // A run that was killed before it could remember leaves an earlier time or nothing, and nobody knows what it took in: all is folded anew.
  const before = kept?.at === from ? kept : undefined;
  const since = await rowsSeen(offline, view, to, from);
  if (before && Buffer.compare(before.state, state) === 0) return { seen: together(before, since), anew: 0 };
  const now = await rowsSeen(offline, view, from);
  const { shares, hasFewer } = sharesChanged(before ?? noRows(), now);
  const mayHaveLess = hasFewer || before === undefined;
  // Forgotten first, since a run that is killed while it folds leaves some keys as they are to be and others as they were.
  if (shares.length > 0) await online.update(view.namespace, [seenKey], () => [undefined]);
  const anew = (await foldAnew(engines, view, shares)) + (mayHaveLess ? await dropGone(engines, view) : 0);
  return { seen: together(now, since), anew };
}

/** Folds the keys anew that are in some shares. */
async function foldAnew(engines: MaterializeEngines, view: OnlineView, shares: readonly number[]): Promise<number> {
  if (shares.length === 0) return 0;
  const { offline } = engines;
  const { dialect } = offline;
  const keys = view.spec.keys.map(({ name }) => `s.${dialect.identifier(name)}`).join(", ");
  const some = `SELECT ${keys} FROM ${dialect.scan(view.spec.source)} s WHERE ${shareSql(offline, view)} IN (${shares.join(", ")})`;
  return rebuildKeys(engines, view, some);
}

const TOGETHER = 1000;

/** Removes keys that no row has any more. */
async function dropGone({ offline, online }: MaterializeEngines, view: OnlineView): Promise<number> {
  const through = await materializedThrough(online, view);
  if (through === undefined) return 0;
  const { dialect } = offline;
  const { spec } = view;
  const keys = spec.keys.map(({ name }) => `s.${dialect.identifier(name)}`).join(", ");
  const present = `SELECT DISTINCT ${keys} FROM ${dialect.scan(spec.source)} s WHERE ${knownBy(dialect, spec, through)}`;
  const there = new Set<string>();
  const textOf = (key: Uint8Array): string => Buffer.from(key).toString("latin1");
  for await (const { columns, rowCount } of offline.stream(present))
    for (let row = 0; row < rowCount; row += 1) {
      const key = encodeKey(
        spec.keys,
        columns.map((column) => valueAt(column, row)),
      );
      if (key) there.add(textOf(key));
    }
  const gone: Uint8Array[] = [];
  for await (const { key } of online.scan(view.namespace))
    if (key[0] !== metaKey[0] && !there.has(textOf(key))) gone.push(key);
  for (let next = 0; next < gone.length; next += TOGETHER) {
    const batch = gone.slice(next, next + TOGETHER);
    await online.update(view.namespace, [metaKey, ...batch], ([meta, ...current]) => [
      meta,
      // Another process has moved the view: what it found counts.
      ...current.map((value) => (decodeMeta(meta) === through ? undefined : value)),
    ]);
  }
  return gone.length;
}

/** Keeps what was seen, unless the view has gone on since: another process then keeps its own. */
async function remember(online: OnlineStore, view: OnlineView, seen: Seen): Promise<void> {
  await online.update(view.namespace, [metaKey, seenKey], ([meta, current]) => [
    meta,
    decodeMeta(meta) === seen.at ? encodeSeen(seen) : current,
  ]);
}
