// Which items a key has seen and when last: enough to say which occurred in any window, with each item once whatever the number of windows
// and tiles. A sliding HyperLogLog is the same over register codes (Chabchoub & Hébrail 2010), where a code is forgotten as soon as a
// higher rank of its register was seen later.

import type { DataType, Instant } from "../core/core.ts";
import { earliestTail, type Gathering, type Grid } from "./gathering.ts";
import { byteReader, byteWriter, type Item, type ItemMark, inOrder, markOf } from "./item-bytes.ts";
import { RANKS } from "./sketches.ts";

interface Seen {
  readonly item: Item;
  last: Instant;
  /** The newest time before `last`: a read at `last` itself does not see `last`. */
  before: Instant;
}

type SeenItems = Map<ItemMark, Seen>;

const NEVER = -(2n ** 63n);

/** Items of a type with when they were last seen; reading gives those in the window. */
export function seenItems(type: DataType, grids: readonly Grid[], isRegisters: boolean): Gathering<SeenItems, Item[]> {
  return {
    decode(section) {
      const items: SeenItems = new Map();
      if (!section) return items;
      for (const reader = byteReader(section); !reader.isAtEnd; ) {
        const seen = { last: reader.whole(), before: reader.whole(), item: reader.item(type) };
        items.set(markOf(seen.item), seen);
      }
      return items;
    },
    encode(items) {
      const writer = byteWriter();
      for (const { item, last, before } of inOrder(items)) {
        writer.whole(last);
        writer.whole(before);
        writer.item(type, item);
      }
      return writer.done();
    },
    add(items, event, item) {
      const seen = items.get(markOf(item));
      if (!seen) items.set(markOf(item), { item, last: event, before: NEVER });
      else if (event > seen.last) {
        seen.before = seen.last;
        seen.last = event;
      } else if (event < seen.last && event > seen.before) seen.before = event;
    },
    prune(items, through) {
      const earliest = earliestTail(grids, through);
      for (const [mark, seen] of items) {
        if (seen.last < earliest) items.delete(mark);
        else if (seen.last < through || seen.before < earliest) seen.before = NEVER;
      }
      if (isRegisters) forgetOutranked(items, through);
    },
    read: (items, { tail, at }) =>
      [...items.values()].filter(({ last, before }) => (last < at ? last : before) >= tail).map(({ item }) => item),
  };
}

/** Forgets codes whose register has a higher rank that every later read sees for at least as long. */
function forgetOutranked(items: SeenItems, through: Instant): void {
  const surely = ({ last, before }: Seen): Instant => (last < through ? last : before);
  const highestFirst = [...items].sort(([, a], [, b]) => (b.item as number) - (a.item as number));
  let register = -1;
  let until = NEVER;
  for (const [mark, seen] of highestFirst) {
    const own = Math.floor((seen.item as number) / RANKS);
    if (own !== register) [register, until] = [own, NEVER];
    if (seen.last <= until) items.delete(mark);
    else if (seen.before <= until) seen.before = NEVER;
    if (surely(seen) > until) until = surely(seen);
  }
}
