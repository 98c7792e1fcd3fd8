// Some keys of a view, folded anew from all that is known of them. What comes of it depends on nothing but the rows, so doing it again changes
// nothing, and a process killed half-way leaves each key either as it was or as it is to be.

import { SlipwayError } from "../core/core.ts";
import { metaKey } from "./entity-key.ts";
import { cursorsOf, decodeMeta, type MaterializeEngines, materializedThrough, materializeView } from "./materialize.ts";
import { emptyState, prune, pruningAt } from "./online-state.ts";
import type { Cursor, OnlineView } from "./online-view.ts";
import { encodeState } from "./state-bytes.ts";
import { timeColumns } from "./view-events-sql.ts";

/** Keys that are folded before they are written together. */
const TOGETHER = 500;

/**
 * Folds the keys that `keysSql` selects (the view's key columns by name) anew, up to where the view stands, in one pass. Gives how many keys were
 * written; 0 where the view was never materialised. Throws STATE_LOCKED when another process moves the view meanwhile.
 */
export async function rebuildKeys(
  { offline, online }: MaterializeEngines,
  view: OnlineView,
  keysSql: string,
): Promise<number> {
  await offline.check(view.spec.source);
  const through = await materializedThrough(online, view);
  if (through === undefined) return 0;
  if (view.isStatic) return (await materializeView({ offline, online }, view, through)).rows;
  const { dialect } = offline;
  const { spec } = view;
  const pruning = pruningAt(view.shape, through);
  const keys = spec.keys.map(({ name }) => dialect.identifier(name));
  const columns = spec.source.columns.map(({ name }) => `s.${dialect.identifier(name)}`);
  const { event, known } = timeColumns(dialect, spec);
  const present = keys.map((key) => `${key} IS NOT NULL`).join(" AND ");
  const same = keys.map((key) => `q.${key} = s.${key}`).join(" AND ");
  const order = [...keys.map((key) => `s.${key}`), "k", "e", ...columns].join(", ");
  const rows = `SELECT ${columns.join(", ")}, ${event} AS e, ${known} AS k FROM ${dialect.scan(spec.source)} s SEMI JOIN (SELECT DISTINCT ${keys.join(", ")} FROM (${keysSql}) WHERE ${present}) q ON ${same} WHERE ${event} IS NOT NULL AND ${known} <= ${through} ORDER BY ${order}`;
  let waiting: { readonly key: Uint8Array; readonly value: Uint8Array }[] = [];
  let written = 0;
  const write = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    written += batch.length;
    await online.update(view.namespace, [metaKey, ...batch.map(({ key }) => key)], ([meta]) => {
      if (meta === undefined || decodeMeta(meta)?.through !== through)
        throw new SlipwayError(
          "STATE_LOCKED",
          `Another process is materialising "${spec.name}". Wait for it to end, then run this again.`,
        );
      return [meta, ...batch.map(({ value }) => value)];
    });
  };
  let current:
    | { readonly key: Uint8Array; readonly text: string; readonly state: ReturnType<typeof emptyState> }
    | undefined;
  const finish = (): void => {
    if (!current) return;
    prune(view.shape, current.state, pruning);
    waiting.push({ key: current.key, value: encodeState(view.shape, current.state) });
  };
  const add = (row: Cursor): void => {
    const key = view.keyOf(row);
    if (!key) return;
    const text = Buffer.from(key).toString("latin1");
    if (current?.text !== text) {
      finish();
      current = { key, text, state: emptyState(view.shape) };
    }
    view.apply(current.state, row);
  };
  for await (const table of offline.stream(rows)) {
    cursorsOf(table).forEach(add);
    if (waiting.length >= TOGETHER) await write();
  }
  finish();
  if (waiting.length > 0) await write();
  return written;
}
