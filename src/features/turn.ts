// Who may fold a view anew. Each run takes a number when it starts, and every write of it holds only as long as no other run has taken the next: what
// a run read before another one began never comes to lie over what that one wrote, and none remembers what another one did.

import type { Instant } from "../core/core.ts";
import type { OnlineStore } from "../ports/ports.ts";
import { metaKey } from "./entity-key.ts";
import { decodeMeta } from "./materialize.ts";
import { lockedOut } from "./materialize-watch.ts";
import type { OnlineView } from "./online-view.ts";

/** Where a view keeps the newest run's number and the source's state that it found; like the other bookkeeping, before every entity key. */
const turnKey: Uint8Array = Uint8Array.of(0, 5);
const NUMBER = 8;

/** A run's turn at a view. */
export interface Turn {
  readonly number: bigint;
  /** Where the view stood when the run began; undefined where it never was materialised. */
  readonly from: Instant | undefined;
}

/** What a run takes over from the one before, in the transaction in which it takes its turn. */
export interface TakenOver {
  readonly key: Uint8Array;
  /** The state in which the run finds the source, for the next one to see. */
  readonly state: Uint8Array;
  /** What stays at `key`, given what is there, where the view stands and the state that the run before found, if it said so. */
  readonly keep: (
    kept: Uint8Array | undefined,
    from: Instant | undefined,
    state: Uint8Array | undefined,
  ) => Uint8Array | undefined;
}

const numberOf = (bytes: Uint8Array | undefined): bigint => (bytes ? Buffer.from(bytes).readBigInt64BE() : 0n);

/** Takes the next turn: whoever had the one before writes no more. Gives what it took over, too. */
export async function takeTurn(
  online: OnlineStore,
  view: OnlineView,
  over?: TakenOver,
): Promise<Turn & { readonly kept: Uint8Array | undefined }> {
  let taken: Turn & { readonly kept: Uint8Array | undefined } = { number: 0n, from: undefined, kept: undefined };
  await online.update(view.namespace, [metaKey, turnKey, ...(over ? [over.key] : [])], ([meta, before, current]) => {
    const from = decodeMeta(meta);
    const left = before && before.length > NUMBER ? before.subarray(NUMBER) : undefined;
    const kept = over?.keep(current, from, left);
    taken = { number: numberOf(before) + 1n, from, kept };
    const number = Buffer.alloc(NUMBER);
    number.writeBigInt64BE(taken.number);
    const bytes = Uint8Array.from(Buffer.concat([number, over?.state ?? left ?? Buffer.alloc(0)]));
    return [meta, bytes, ...(over ? [kept] : [])];
  });
  return taken;
}

/** The store as a run has it whose turn it is: its updates of the view throw STATE_LOCKED once another run has taken the next turn. */
export function inTurn(online: OnlineStore, view: OnlineView, { number }: Turn): OnlineStore {
  return {
    ...online,
    update: (namespace, keys, change) =>
      online.update(namespace, [turnKey, ...keys], ([current, ...others]) => {
        if (numberOf(current) !== number) throw lockedOut(view);
        return [current, ...change(others)];
      }),
  };
}
