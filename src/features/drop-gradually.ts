import { SlipwayError } from "../core/core.ts";
import type { OnlineStore } from "../ports/ports.ts";
import { metaKey } from "./entity-key.ts";

/** How many keys go in one transaction: reads and materialisation of other views come in between. */
const BATCH = 1000;

/** Removes a view's online values batch by batch, its bookkeeping last: stopped half-way, a later call goes on. Gives the number of keys. */
export async function dropGradually(
  online: OnlineStore,
  namespace: string,
  watch: { readonly onProgress?: (removed: number) => void; readonly signal?: AbortSignal } = {},
): Promise<number> {
  let removed = 0;
  let batch: Uint8Array[] = [];
  const bookkeeping: Uint8Array[] = [metaKey];
  const flush = async (): Promise<void> => {
    await online.update(namespace, batch, (current) => current.map(() => undefined));
    removed += batch.length;
    batch = [];
    watch.onProgress?.(removed);
  };
  for await (const { key } of online.scan(namespace)) {
    if (watch.signal?.aborted)
      throw new SlipwayError(
        "CANCELLED",
        `Removing ${namespace} was stopped after ${removed} keys; run it again to go on.`,
      );
    if (key[0] === metaKey[0]) {
      if (key.length > metaKey.length) bookkeeping.push(key);
    } else batch.push(key);
    if (batch.length === BATCH) await flush();
  }
  if (batch.length > 0) await flush();
  await online.update(namespace, bookkeeping, (current) => current.map(() => undefined));
  return removed;
}
