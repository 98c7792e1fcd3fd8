// Some keys of a view, folded anew from all that is known of them. What comes of it depends on nothing but the rows, so doing it again changes
// nothing, and a process killed half-way leaves each key either as it was or as it is to be.

import type { Instant } from "../core/core.ts";
import { metaKey } from "./entity-key.ts";
import { statesByKey } from "./load-states.ts";
import { decodeMeta, materializedThrough, materializeView } from "./materialize.ts";
import { lockedOut, type MaterializeEngines, type MaterializeWatch, stopIfAborted } from "./materialize-watch.ts";
import type { KeyState } from "./newest-states.ts";
import type { OnlineView } from "./online-view.ts";
import { rowsByKeySql } from "./states-sql.ts";
import { inTurn, takeTurn } from "./turn.ts";

/** Keys that are folded before they are written together. */
const TOGETHER = 500;

/**
 * Folds the keys that `keysSql` selects (the view's key columns by name) anew, up to where the view stands, in one pass. Gives how many keys were
 * written; 0 where the view was never materialised. Throws STATE_LOCKED when another process moves the view meanwhile or folds it, too.
 */
export async function rebuildKeys(engines: MaterializeEngines, view: OnlineView, keysSql: string): Promise<number> {
  const { offline, online } = engines;
  await offline.check(view.spec.source);
  const through = await materializedThrough(online, view);
  if (through === undefined) return 0;
  if (view.isStatic) return (await materializeView(engines, view, through)).rows;
  const turn = await takeTurn(online, view);
  if (turn.from === undefined) return 0;
  return foldKeys({ offline, online: inTurn(online, view, turn) }, view, keysSql, turn.from);
}

/** Does the same for a run that has the turn (turn.ts), with its store, up to `through`, where the view stood when it took it. */
export async function foldKeys(
  { offline, online }: MaterializeEngines,
  view: OnlineView,
  keysSql: string,
  through: Instant,
  watch: MaterializeWatch = {},
): Promise<number> {
  const { dialect } = offline;
  const { spec } = view;
  const keys = spec.keys.map(({ name }) => dialect.identifier(name));
  const present = keys.map((key) => `${key} IS NOT NULL`).join(" AND ");
  const same = keys.map((key) => `q.${key} = s.${key}`).join(" AND ");
  const only = `SEMI JOIN (SELECT DISTINCT ${keys.join(", ")} FROM (${keysSql}) WHERE ${present}) q ON ${same}`;
  let waiting: KeyState[] = [];
  let written = 0;
  const write = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    written += batch.length;
    await online.update(view.namespace, [metaKey, ...batch.map(({ key }) => key)], ([meta]) => {
      if (decodeMeta(meta) !== through) throw lockedOut(view);
      return [meta, ...batch.map(({ value }) => value)];
    });
  };
  for await (const state of statesByKey(view, offline.stream(rowsByKeySql(dialect, view, through, { only })))) {
    stopIfAborted(view, watch);
    waiting.push(state);
    if (waiting.length >= TOGETHER) await write();
  }
  if (waiting.length > 0) await write();
  return written;
}
