// The part of a key's online state that grows with what it has seen, one section of bytes per term behind the fixed cells of
// online-state.ts; a view without such terms is stored as if there were none. What a section holds and how it merges is in
// seen-items.ts (distinct values, HyperLogLog), tallied-items.ts (quantile buckets) and kept-rows.ts (first and last).

import { floorTo, type Instant } from "../core/core.ts";
import type { Item } from "./item-bytes.ts";

/** A grid of tiles, with the longest window on it. */
export interface Grid {
  readonly hop: bigint;
  readonly longest: bigint;
}

/** The events of a window on a grid: from `tail` on, before `at`. */
export interface WindowBounds {
  readonly hop: bigint;
  readonly tail: Instant;
  readonly at: Instant;
}

/** How one growing part of a state changes, is stored and is read. */
export interface Gathering<S, Answer> {
  decode(section: Uint8Array | undefined): S;
  encode(state: S): Uint8Array;
  /** Adds an event: its time, its value, and its row as bytes. */
  add(state: S, event: Instant, item: Item, row: () => Uint8Array): void;
  /** Forgets what no read at or after `through` can see, once everything known up to `through` is in. */
  prune(state: S, through: Instant): void;
  read(state: S, window: WindowBounds): Answer;
}

/** Where the longest window of some grids begins when it ends at `through`. */
export function earliestTail(grids: readonly Grid[], through: Instant): Instant {
  return grids.reduce((least, { hop, longest }) => {
    const tail = floorTo(through - longest, hop);
    return tail < least ? tail : least;
  }, through);
}
