// Keys of a view that no row of its source has any more. The source's keys come in the order in which the store has its own, so both are gone through side
// by side once, and neither is ever held whole.

import type { Instant } from "../core/core.ts";
import { SlipwayError, valueAt } from "../core/core.ts";
import { encodeKey, isHashedKey, metaKey } from "./entity-key.ts";
import { decodeMeta } from "./materialize.ts";
import { lockedOut, type MaterializeEngines, type MaterializeWatch, stopIfAborted } from "./materialize-watch.ts";
import type { OnlineView } from "./online-view.ts";
import { keyOrder, knownBy } from "./states-sql.ts";

/** Keys that are removed together. */
const TOGETHER = 1000;

/** Removes keys that no row known at `through`, where the view stands, has any more; gives how many. Throws STATE_LOCKED when the view moves meanwhile. */
export async function dropGone(
  { offline, online }: MaterializeEngines,
  view: OnlineView,
  through: Instant,
  watch: MaterializeWatch = {},
): Promise<number> {
  const hashed = hashedKeys();
  const present = presentKeys(offline, view, through, hashed.add);
  let dropped = 0;
  let gone: Uint8Array[] = [];
  const drop = async (): Promise<void> => {
    const batch = gone;
    gone = [];
    dropped += batch.length;
    await online.update(view.namespace, [metaKey, ...batch], ([meta]) => {
      if (decodeMeta(meta) !== through) throw lockedOut(view);
      return [meta, ...batch.map(() => undefined)];
    });
  };
  try {
    let next = await present.next();
    for await (const { key } of online.scan(view.namespace)) {
      stopIfAborted(view, watch);
      if (key[0] === metaKey[0]) continue;
      const isHashed = isHashedKey(key);
      while (!next.done && (isHashed || Buffer.compare(next.value, key) < 0)) {
        next = await present.next();
        stopIfAborted(view, watch);
      }
      const isThere = isHashed ? hashed.has(key) : !next.done && Buffer.compare(next.value, key) === 0;
      if (isThere) continue;
      gone.push(key);
      if (gone.length >= TOGETHER) await drop();
    }
  } finally {
    await present.return(undefined);
  }
  if (gone.length > 0) await drop();
  return dropped;
}

/** The source's keys in the order of their bytes; those that are hashed, which have an order of their own, are given to `onHashed` on the way. */
async function* presentKeys(
  { dialect, stream }: MaterializeEngines["offline"],
  view: OnlineView,
  through: Instant,
  onHashed: (key: Uint8Array) => void,
): AsyncGenerator<Uint8Array, undefined> {
  const { keys, source } = view.spec;
  const names = keys.map(({ name }) => dialect.identifier(name));
  const order = keyOrder(
    keys,
    names.map((name) => `q.${name}`),
  );
  const sql = `SELECT q.* FROM (SELECT DISTINCT ${names.map((name) => `s.${name}`).join(", ")} FROM ${dialect.scan(source)} s WHERE ${knownBy(dialect, view.spec, through)}) q ORDER BY ${order.join(", ")}`;
  let before: Uint8Array | undefined;
  for await (const { columns, rowCount } of stream(sql))
    for (let row = 0; row < rowCount; row += 1) {
      const key = encodeKey(
        keys,
        columns.map((column) => valueAt(column, row)),
      );
      if (!key) continue;
      if (isHashedKey(key)) {
        onHashed(key);
        continue;
      }
      // Out of order a key that is there would seem to be gone.
      if (before && Buffer.compare(before, key) > 0)
        throw new SlipwayError("INTERNAL", `The keys of "${view.spec.name}" do not come in the order of the store.`);
      before = key;
      yield key;
    }
  return undefined;
}

/** Hashes of keys too long for a store, which few sources have any of; by their first byte, since a set of the engine holds 2^24 at most. */
function hashedKeys(): { readonly add: (key: Uint8Array) => void; readonly has: (key: Uint8Array) => boolean } {
  const sets = new Map<number | undefined, Set<string>>();
  const textOf = (key: Uint8Array): string => Buffer.from(key).toString("latin1");
  return {
    add(key) {
      const set = sets.get(key[1]);
      if (set) set.add(textOf(key));
      else sets.set(key[1], new Set([textOf(key)]));
    },
    has: (key) => sets.get(key[1])?.has(textOf(key)) ?? false,
  };
}
