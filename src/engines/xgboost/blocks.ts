// Where the training process keeps a split's rows until they are binned: blocks of a fixed number of rows, filled straight from
// the pipe. The matrix frame of some rows comes first, then each of their columns; no frame reaches over the end of a block.

import { bytesOf } from "./frames.ts";

/** Rows of one split, row-major, with the columns that are no inputs: the label, the weight and so on. */
export interface Block {
  readonly rows: number;
  readonly matrix: Float32Array;
  readonly columns: readonly Float32Array[];
}

/** Blocks being filled. */
export interface BlockFiller {
  /** The memory for the next `rows` rows' cells. */
  matrix(rows: number): Uint8Array;
  /** The memory for a column of the rows whose cells came last; the last column ends them. */
  column(place: number, rows: number): Uint8Array;
  /** All blocks, the last one cut to what it holds. */
  finish(): readonly Block[];
}

/** An empty filler for rows of `width` cells and `columnCount` columns. */
export function blockFiller(width: number, blockRows: number, columnCount: number): BlockFiller {
  const blocks: Omit<Block, "rows">[] = [];
  let filled = 0;
  const room = (rows: number): Omit<Block, "rows"> => {
    const last = blocks.at(-1);
    if (last && filled + rows <= blockRows) return last;
    const columns = Array.from({ length: columnCount }, () => new Float32Array(blockRows));
    const block = { matrix: new Float32Array(blockRows * width), columns };
    blocks.push(block);
    filled = 0;
    return block;
  };
  return {
    matrix: (rows) => bytesOf(room(rows).matrix.subarray(filled * width, (filled + rows) * width)),
    column: (place, rows) => {
      const part = room(rows).columns[place]?.subarray(filled, filled + rows) ?? new Float32Array(0);
      if (place === columnCount - 1) filled += rows;
      return bytesOf(part);
    },
    finish: () =>
      blocks.map(({ matrix, columns }, place) => {
        const rows = place === blocks.length - 1 ? filled : blockRows;
        return {
          rows,
          matrix: matrix.subarray(0, rows * width),
          columns: columns.map((each) => each.subarray(0, rows)),
        };
      }),
  };
}
