// What one process at a time may do. The mark of the owner lies in the online store, whose transactions every process takes in turn, so that of two
// that find a dead owner's mark only one takes over.

import { SlipwayError } from "../core/core.ts";
import type { OnlineKey, OnlineStore } from "../ports/ports.ts";
import type { OnlineView } from "./online-view.ts";

/** What tells processes apart. */
export interface Processes {
  /** A mark of this process. */
  readonly mark: string;
  /** Whether the process of a mark still runs. */
  readonly isAlive: (mark: string) => boolean;
}

/** Where the owner of something leaves its mark, and what the others hear meanwhile. */
export interface Owned {
  readonly place: OnlineKey;
  readonly locked: (owner: string) => SlipwayError;
  /** Whether a mark of this process itself is one of work under way; by default it is. */
  readonly isUnderWay?: () => boolean;
}

const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && Buffer.compare(a, b) === 0);

/** Makes this process the owner. Gives what ends that; throws what the others hear while another one is. */
export async function takeOwnership(
  online: OnlineStore,
  { mark, isAlive }: Processes,
  { place, locked, isUnderWay = () => true }: Owned,
): Promise<() => Promise<void>> {
  const own = new TextEncoder().encode(mark);
  const [found] = await online.get([place]);
  const owner = found && new TextDecoder().decode(found);
  if (owner !== undefined && (owner === mark ? isUnderWay() : isAlive(owner))) throw locked(owner);
  await online.update(place.namespace, [place.key], ([current]) => {
    if (!same(current, found)) throw locked(current ? new TextDecoder().decode(current) : "another process");
    return [own];
  });
  return () => online.update(place.namespace, [place.key], ([current]) => [same(current, own) ? undefined : current]);
}

/** Which process a mark is of: its number where it says so. */
export function ownerOf(mark: string): { readonly text: string; readonly owner: number | string } {
  const { pid } = mark.startsWith("{") ? (JSON.parse(mark) as { readonly pid?: number }) : {};
  return pid === undefined ? { text: mark, owner: mark } : { text: `process ${pid}`, owner: pid };
}

/** Where a view keeps who is folding it; like the other bookkeeping, before every entity key. */
const holderKey: Uint8Array = Uint8Array.of(0, 6);

/** The views that this process is at, by store. */
const held = new WeakMap<OnlineStore, Set<string>>();

/**
 * Does something to a view as the only one, so that whoever comes later cannot make a long run begin again. Throws STATE_LOCKED at once, and changes
 * nothing, while another run is at the view, in this process or another; one that was killed is in nobody's way.
 */
export async function holdingView<T>(
  { online, process }: { readonly online: OnlineStore; readonly process: Processes },
  { namespace, spec }: OnlineView,
  work: () => Promise<T>,
): Promise<T> {
  const own = held.get(online) ?? new Set<string>();
  held.set(online, own);
  const locked = (mark: string): SlipwayError => {
    const { text, owner } = ownerOf(mark);
    return new SlipwayError(
      "STATE_LOCKED",
      `The feature view "${spec.name}" is being brought online by ${text}. Run this again when that has ended.`,
      { details: { view: spec.name, owner } },
    );
  };
  if (own.has(namespace)) throw locked(process.mark);
  own.add(namespace);
  try {
    // A mark of its own that is there all the same could not be taken away when that run ended.
    const isUnderWay = () => false;
    const release = await takeOwnership(online, process, { place: { namespace, key: holderKey }, locked, isUnderWay });
    try {
      return await work();
    } finally {
      await release();
    }
  } finally {
    own.delete(namespace);
  }
}
