// The door of the LMDB engine: one memory-mapped tree per folder. A read takes microseconds on the caller's thread, and an update is
// one synchronous write transaction that every process on the machine takes in turn.

import { open } from "lmdb";
import { byteRoom, SlipwayError } from "../../core/core.ts";
import type { JointOnlineStore, OnlineChange, ShowingOnlineStore } from "../../ports/ports.ts";
import { checkDataFile } from "./data-file.ts";
import { takeReaderSlot, understood } from "./failure.ts";
import { keyInto, namespaceEnd, namespacePrefix, storedKey } from "./keys.ts";

export { lmdbVersion } from "./version.ts";

/** How an LMDB store treats the disk. */
export interface LmdbOptions {
  /** Whether an update ends only when the disk has it. Without it an update outlives kill -9 but not a power cut. Default true. */
  readonly durable?: boolean;
}

const NOTHING = new Uint8Array();
/** No namespace begins like this. */
const NOTHING_IS_HERE = Uint8Array.of(0);

type Tree = ReturnType<typeof openTree>;

/** How many entries a scan reads before it lets others run; between batches it holds no snapshot that would keep old pages alive. */
const SCAN_BATCH = 500;

/** An online store in a local folder, made when it is missing. */
export function lmdbStore(path: string, options: LmdbOptions = {}): JointOnlineStore & ShowingOnlineStore {
  const attempt = <T>(action: () => T): T => understood(path, action);
  const tree = attempt(() => openTree(path, options.durable ?? true));
  return {
    get: async (keys) => {
      const stored = keys.map(({ namespace, key }) => storedKey(namespace, key));
      return attempt(() => {
        // A read transaction lives on until the event loop turns: without this, a get could miss what another process just wrote.
        tree.resetReadTxn();
        return stored.map((key) => tree.getBinary(key));
      });
    },
    show: (keys, see) =>
      attempt(() => {
        tree.resetReadTxn();
        for (let place = 0; place < keys.length; place += 1) {
          const { namespace, key } = keys[place] as (typeof keys)[number];
          // A room that the library reads into again and again: only its property `length` tells how much of it is the value.
          const room = tree.getBinaryFast(keyInto(namespace, key));
          if (room) see(room, room.length, place);
          else see(NOTHING, -1, place);
        }
      }),
    update: async (namespace, keys, change) => {
      // Braces matter: a transaction whose callback returns lmdb's write result would stay open.
      attempt(() =>
        tree.transactionSync(() => {
          rewrite(tree, { namespace, keys, change });
        }),
      );
    },
    updateTogether: async (changes) => {
      attempt(() =>
        tree.transactionSync(() => {
          for (const change of changes) rewrite(tree, change);
        }),
      );
    },
    scan: (namespace) => scan(tree, namespace, attempt),
    drop: async (namespace) => {
      const [start, end] = rangeOf(namespace);
      attempt(() =>
        tree.transactionSync(() => {
          for (const key of [...tree.getKeys({ start, end })]) tree.removeSync(key);
        }),
      );
    },
    close: () => tree.close(),
  };
}

function openTree(path: string, durable: boolean) {
  checkDataFile(path);
  const tree = open<Uint8Array, Uint8Array>(path, {
    encoding: "binary",
    keyEncoding: "binary",
    noSubdir: false,
    noSync: !durable,
    overlappingSync: false,
  });
  takeReaderSlot(
    path,
    () => tree.getBinary(NOTHING_IS_HERE),
    () => tree.resetReadTxn(),
  );
  return tree;
}

function rewrite(tree: Tree, { namespace, keys, unread = 0, change }: OnlineChange): void {
  const room = byteRoom();
  const current = keys.map((key, index) => {
    if (index >= keys.length - unread) return undefined;
    const found = tree.getBinaryFast(keyInto(namespace, key));
    if (!found) return undefined;
    // A room that the library reads into again and again: only its property `length` tells how much of it is the value.
    const own = room(found.length);
    own.set(found.subarray(0, found.length));
    return own;
  });
  const next = change(current);
  if (next.length !== keys.length)
    throw new SlipwayError("INTERNAL", `An update of ${keys.length} keys gave ${next.length} values.`);
  for (let index = 0; index < keys.length; index += 1) {
    const value = next[index];
    if (value === current[index] && index < keys.length - unread) continue;
    const key = keyInto(namespace, keys[index] as Uint8Array);
    if (value === undefined) tree.removeSync(key);
    else tree.putSync(key, value);
  }
}

async function* scan(
  tree: Tree,
  namespace: string,
  attempt: <T>(action: () => T) => T,
): AsyncGenerator<{ key: Uint8Array; value: Uint8Array }> {
  const [first, end] = rangeOf(namespace);
  for (let start = first; ; ) {
    const batch = attempt(() => {
      tree.resetReadTxn();
      return [...tree.getRange({ start, end, exclusiveStart: start !== first, limit: SCAN_BATCH })];
    });
    for (const { key, value } of batch) yield { key: key.slice(first.length), value };
    const last = batch.at(-1);
    if (!last || batch.length < SCAN_BATCH) return;
    start = last.key;
  }
}

function rangeOf(namespace: string): readonly [start: Uint8Array, end: Uint8Array] {
  return [namespacePrefix(namespace), namespaceEnd(namespace)];
}
