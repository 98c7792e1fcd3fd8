// The rows that come first or last in any window, kept whole so that ties are decided by the row's values. The last ones are the same for
// every window that reaches back to them, so a key keeps only the newest few; the first of a window is that of its first tile that has
// one, so a key keeps one per tile.

import { type ColumnSchema, floorTo, type Instant } from "../core/core.ts";
import { earliestTail, type Gathering, type Grid } from "./gathering.ts";
import { byteReader, byteWriter } from "./item-bytes.ts";
import { decodeRow, isNewer, rowEvent } from "./online-row.ts";

/** A row as {@link encodeRow} writes it. */
type RowBytes = Uint8Array;

const NEVER = -(2n ** 63n);

type IsNewer = (candidate: RowBytes, current: RowBytes) => boolean;

const isNewerBy =
  (columns: readonly ColumnSchema[]): IsNewer =>
  (candidate, current) => {
    const [a, b] = [rowEvent(candidate), rowEvent(current)];
    return a === b ? isNewer(decodeRow(columns, candidate), decodeRow(columns, current)) : a > b;
  };

/** The newest `size` rows before any time from the watermark on, newest first. */
export function lastRows(
  columns: readonly ColumnSchema[],
  grids: readonly Grid[],
  size: number,
): Gathering<RowBytes[], readonly RowBytes[]> {
  const newer = isNewerBy(columns);
  /** A read at `through` does not see the events of that moment, so as many are kept from before it; nothing is known before it happens. */
  const trim = (rows: RowBytes[], through: Instant, earliest: Instant): void => {
    let [at, before] = [0, 0];
    const kept = rows.filter((row) => {
      const event = rowEvent(row);
      if (event < through) before += 1;
      else if (event === through) at += 1;
      return event >= earliest && (event < through ? before : at) <= size;
    });
    rows.splice(0, rows.length, ...kept);
  };
  return {
    decode(section) {
      const rows: RowBytes[] = [];
      if (section) for (const reader = byteReader(section); !reader.isAtEnd; ) rows.push(reader.bytes());
      return rows;
    },
    encode(rows) {
      const writer = byteWriter();
      for (const row of rows) writer.bytes(row);
      return writer.done();
    },
    add(rows, _event, _item, row) {
      const bytes = row();
      const place = rows.findIndex((each) => newer(bytes, each));
      rows.splice(place < 0 ? rows.length : place, 0, bytes);
      if (rows.length > 4 * size + 64) trim(rows, rowEvent(rows[0] as RowBytes), NEVER);
    },
    prune: (rows, through) => trim(rows, through, earliestTail(grids, through)),
    read: (rows, { tail, at }) => rows.filter((row) => rowEvent(row) >= tail && rowEvent(row) < at).slice(0, size),
  };
}

interface FirstRow {
  readonly tile: Instant;
  row: RowBytes;
}

/** The first row of each tile of every grid; reading gives the window's first row. */
export function firstRows(
  columns: readonly ColumnSchema[],
  grids: readonly Grid[],
): Gathering<FirstRow[][], RowBytes | undefined> {
  const newer = isNewerBy(columns);
  return {
    decode(section) {
      if (!section) return grids.map(() => []);
      const reader = byteReader(section);
      return grids.map(() =>
        Array.from({ length: reader.count() }, () => ({ tile: reader.whole(), row: reader.bytes() })),
      );
    },
    encode(groups) {
      const writer = byteWriter();
      for (const tiles of groups) {
        writer.count(tiles.length);
        for (const { tile, row } of tiles) {
          writer.whole(tile);
          writer.bytes(row);
        }
      }
      return writer.done();
    },
    add(groups, event, _item, row) {
      const bytes = row();
      grids.forEach(({ hop }, index) => {
        const tiles = groups[index] as FirstRow[];
        const tile = floorTo(event, hop);
        const place = tiles.findLastIndex((each) => each.tile <= tile);
        const there = tiles[place];
        if (there?.tile !== tile) tiles.splice(place + 1, 0, { tile, row: bytes });
        else if (newer(there.row, bytes)) there.row = bytes;
      });
    },
    prune(groups, through) {
      grids.forEach(({ hop, longest }, index) => {
        const tiles = groups[index] as FirstRow[];
        const earliest = floorTo(through - longest, hop);
        const kept = tiles.findIndex(({ tile }) => tile >= earliest);
        tiles.splice(0, kept < 0 ? tiles.length : kept);
      });
    },
    read(groups, { hop, tail, at }) {
      const tiles = groups[grids.findIndex((grid) => grid.hop === hop)] ?? [];
      // A tile's first row is before `at` or none of the tile is.
      const first = tiles.find(({ tile }) => tile >= tail);
      return first && rowEvent(first.row) < at ? first.row : undefined;
    },
  };
}
