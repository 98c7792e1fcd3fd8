// How often each item occurred, per tile of every grid and per moment of the newest tile: like the fixed cells of online-state.ts, but a
// tile's partial is as large as the number of different items in it.

import { type DataType, floorTo, type Instant } from "../core/core.ts";
import type { Gathering, Grid } from "./gathering.ts";
import { byteReader, byteWriter, type Item, type ItemMark, inOrder, markOf } from "./item-bytes.ts";

/** Items with how often each occurred. */
export type Tally = Map<ItemMark, { readonly item: Item; count: number }>;

interface TalliedTile {
  readonly time: Instant;
  readonly tally: Tally;
}

/** Moments, then the tiles of each grid; each oldest first. */
type Tallies = TalliedTile[][];

function addTo(tally: Tally, item: Item, count: number): void {
  const entry = tally.get(markOf(item));
  if (entry) entry.count += count;
  else tally.set(markOf(item), { item, count });
}

function tileAt(tiles: TalliedTile[], time: Instant): TalliedTile {
  let place = tiles.length;
  while (place > 0 && (tiles[place - 1] as TalliedTile).time > time) place -= 1;
  const there = tiles[place - 1];
  if (there?.time === time) return there;
  const tile = { time, tally: new Map() };
  tiles.splice(place, 0, tile);
  return tile;
}

function dropBefore(tiles: TalliedTile[], time: Instant): void {
  const kept = tiles.findIndex((tile) => tile.time >= time);
  tiles.splice(0, kept < 0 ? tiles.length : kept);
}

/** Items of a type counted per tile; reading gives the window's counts. */
export function talliedItems(type: DataType, grids: readonly Grid[]): Gathering<Tallies, Tally> {
  const coarsest = grids.reduce((most, { hop }) => (hop > most ? hop : most), 1n);
  return {
    decode(section) {
      if (!section) return [[], ...grids.map(() => [])];
      const reader = byteReader(section);
      const times = (): TalliedTile[] =>
        Array.from({ length: reader.count() }, () => ({ time: reader.whole(), tally: tally() }));
      const tally = (): Tally => {
        const items: Tally = new Map();
        for (let left = reader.count(); left > 0; left -= 1) {
          const count = reader.count();
          addTo(items, reader.item(type), count);
        }
        return items;
      };
      return Array.from({ length: 1 + grids.length }, times);
    },
    encode(groups) {
      const writer = byteWriter();
      for (const tiles of groups) {
        writer.count(tiles.length);
        for (const { time, tally } of tiles) {
          writer.whole(time);
          writer.count(tally.size);
          for (const { item, count } of inOrder(tally)) {
            writer.count(count);
            writer.item(type, item);
          }
        }
      }
      return writer.done();
    },
    add([moments = [], ...tiles], event, item) {
      addTo(tileAt(moments, event).tally, item, 1);
      grids.forEach(({ hop }, index) => {
        addTo(tileAt(tiles[index] as TalliedTile[], floorTo(event, hop)).tally, item, 1);
      });
    },
    prune([moments = [], ...tiles], through) {
      dropBefore(moments, floorTo(through, coarsest));
      grids.forEach(({ hop, longest }, index) => {
        dropBefore(tiles[index] as TalliedTile[], floorTo(through - longest, hop));
      });
    },
    read([moments = [], ...tiles], { hop, tail, at }) {
      const all: Tally = new Map();
      const head = floorTo(at, hop);
      const own = tiles[grids.findIndex((grid) => grid.hop === hop)] ?? [];
      const within = [
        ...own.filter(({ time }) => time >= tail && time < head),
        ...moments.filter(({ time }) => time >= head && time < at),
      ];
      for (const { tally } of within) for (const { item, count } of tally.values()) addTo(all, item, count);
      return all;
    },
  };
}
