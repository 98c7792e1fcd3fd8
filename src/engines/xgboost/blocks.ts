// Where the training process keeps a split's rows until they are binned: blocks of a fixed number of rows, filled straight from
// the pipe. The matrix frame of some rows comes first, then their labels; no frame reaches over the end of a block.

import { bytesOf } from "./frames.ts";

/** Rows of one split, row-major, with their labels. */
export interface Block {
  readonly matrix: Float32Array;
  readonly label: Float32Array;
}

/** Blocks being filled. */
export interface BlockFiller {
  /** The memory for the next `rows` rows' cells. */
  matrix(rows: number): Uint8Array;
  /** The memory for the labels of the rows whose cells came last. */
  label(rows: number): Uint8Array;
  /** All blocks, the last one cut to what it holds. */
  finish(): readonly Block[];
}

/** An empty filler for rows of `width` cells. */
export function blockFiller(width: number, blockRows: number): BlockFiller {
  const blocks: Block[] = [];
  let filled = 0;
  const room = (rows: number): Block => {
    const last = blocks.at(-1);
    if (last && filled + rows <= blockRows) return last;
    const block = { matrix: new Float32Array(blockRows * width), label: new Float32Array(blockRows) };
    blocks.push(block);
    filled = 0;
    return block;
  };
  return {
    matrix: (rows) => bytesOf(room(rows).matrix.subarray(filled * width, (filled + rows) * width)),
    label: (rows) => {
      const label = room(rows).label.subarray(filled, filled + rows);
      filled += rows;
      return bytesOf(label);
    },
    finish: () =>
      blocks.map((block, place) => {
        const rows = place === blocks.length - 1 ? filled : blockRows;
        return { matrix: block.matrix.subarray(0, rows * width), label: block.label.subarray(0, rows) };
      }),
  };
}
