// Keeping a view up with its source: what became known since, and what was put there since although it says that it was known before.

import { type Instant, SlipwayError } from "../core/core.ts";
import { metaKey } from "./entity-key.ts";
import { dropGone } from "./gone-keys.ts";
import { decodeMeta, materializedThrough, materializeView } from "./materialize.ts";
import type { MaterializeEngines, MaterializeProgress, MaterializeWatch } from "./materialize-watch.ts";
import type { OnlineView } from "./online-view.ts";
import { foldKeys } from "./rebuild-keys.ts";
import {
  decodeSeen,
  encodeSeen,
  inDoubt,
  noRows,
  rowsSeen,
  type Seen,
  type SeenRows,
  shareSql,
  sharesChanged,
  stateOf,
  together,
} from "./seen-rows.ts";
import { inTurn, takeTurn } from "./turn.ts";

/** Where a view keeps what it has seen; like the other bookkeeping, before every entity key. */
const seenKey: Uint8Array = Uint8Array.of(0, 4);

/** How far a view was brought. */
export interface KeptUp extends MaterializeProgress {
  /** Keys that were folded anew, because rows that were known before came or went since; absent where none did. */
  readonly anew?: number;
}

/** Brings one view up to everything known at `to`, rows that came late without saying so included. Throws STATE_LOCKED when another process is at it. */
export async function keepUp(
  { offline, online }: MaterializeEngines,
  view: OnlineView,
  to: Instant,
  watch: MaterializeWatch = {},
): Promise<KeptUp> {
  const { source } = view.spec;
  if (view.isStatic) return materializeView({ offline, online }, view, to, watch);
  await offline.check(source);
  const through = await materializedThrough(online, view);
  if (through !== undefined && through >= to) return materializeView({ offline, online }, view, to, watch);
  // Looked at before any row is read: what is put there meanwhile is then found the next time, and folded once more at worst.
  const state = stateOf(await offline.fingerprint(source));
  const keep = (kept: Uint8Array | undefined, from: Instant | undefined, left: Uint8Array | undefined) =>
    isOfUse(decodeSeen(kept), from, left && Buffer.compare(left, state) === 0) ? kept : undefined;
  const turn = await takeTurn(online, view, { key: seenKey, state, keep });
  const engines = { offline, online: inTurn(online, view, turn) };
  const { from } = turn;
  if (from !== undefined && from >= to) return materializeView(engines, view, to, watch, turn);
  const { seen, anew } =
    from === undefined
      ? { seen: await rowsSeen(offline, view, to), anew: 0 }
      : await caughtUp(engines, view, { from, to, state, kept: decodeSeen(turn.kept) }, watch);
  const progress = await materializeView(engines, view, to, watch, turn);
  await remember(engines, view, { at: to, state, ...seen });
  return anew === 0 ? progress : { ...progress, anew };
}

/**
 * Whether what a view remembers says what is online: it is of where the view stands, or a run was stopped since that found the source as it is
 * now, so that what it took in is what is there. Otherwise nobody knows what was taken in, and all is folded anew.
 */
function isOfUse(seen: Seen | undefined, from: Instant | undefined, isSameState = false): boolean {
  if (seen === undefined || from === undefined) return false;
  return seen.at === from || (seen.at < from && isSameState);
}

interface Span {
  readonly from: Instant;
  readonly to: Instant;
  /** The source's state now. */
  readonly state: Uint8Array;
  readonly kept: Seen | undefined;
}

async function caughtUp(
  engines: MaterializeEngines,
  view: OnlineView,
  { from, to, state, kept }: Span,
  watch: MaterializeWatch,
): Promise<{ readonly seen: SeenRows; readonly anew: number }> {
  const { offline, online } = engines;
  const before = kept && kept.at < from ? together(kept, await rowsSeen(offline, view, from, kept.at)) : kept;
  const since = await rowsSeen(offline, view, to, from);
  if (before && kept && Buffer.compare(kept.state, state) === 0) return { seen: together(before, since), anew: 0 };
  const now = await rowsSeen(offline, view, from);
  const shares = sharesChanged(before ?? noRows(), now);
  if (before && shares.length === 0) return { seen: together(now, since), anew: 0 };
  // In doubt first, since a run that is killed while it folds leaves some keys as they are to be and others as they were.
  const doubtful = before && encodeSeen(inDoubt(before, from, shares));
  await online.update(view.namespace, [seenKey], () => [doubtful]);
  const folded = await foldShares(engines, view, shares, from, watch);
  return { seen: together(now, since), anew: folded + (await dropGone(engines, view, from, watch)) };
}

/** Folds the keys anew that are in some shares. */
async function foldShares(
  engines: MaterializeEngines,
  view: OnlineView,
  shares: readonly number[],
  through: Instant,
  watch: MaterializeWatch,
): Promise<number> {
  if (shares.length === 0) return 0;
  const { offline } = engines;
  const { dialect } = offline;
  const keys = view.spec.keys.map(({ name }) => `s.${dialect.identifier(name)}`).join(", ");
  const some = `SELECT ${keys} FROM ${dialect.scan(view.spec.source)} s WHERE ${shareSql(offline, view)} IN (${shares.join(", ")})`;
  return foldKeys(engines, view, some, through, watch);
}

/** Keeps what was seen, unless the view has gone on since: whoever has the turn then finds that it was not kept. */
async function remember({ online }: MaterializeEngines, view: OnlineView, seen: Seen): Promise<void> {
  try {
    await online.update(view.namespace, [metaKey, seenKey], ([meta, current]) => [
      meta,
      decodeMeta(meta) === seen.at ? encodeSeen(seen) : current,
    ]);
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError && thrown.code === "STATE_LOCKED")) throw thrown;
  }
}
