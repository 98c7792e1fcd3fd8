// Where the training process keeps a split's rows until they are binned: blocks of a fixed number of rows, filled straight from
// the pipe. The matrix frame of some rows comes first, then each of their columns; no frame reaches over the end of a block. Blocks stay in memory, or their
// matrices go to a file as they are full and come back one at a time: the library goes through them several times while it bins.

import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { bytesOf } from "./frames.ts";

/** Rows of one split, row-major, with the columns that are no inputs: the label, the weight and so on. */
export interface Block {
  readonly rows: number;
  readonly matrix: Float32Array;
  readonly columns: readonly Float32Array[];
}

/** All blocks of a split, in order. */
export interface Blocks {
  readonly count: number;
  /** A block; its matrix may be overwritten by the next that is asked for. */
  at(place: number): Block;
  /** A column of all rows. */
  column(at: number): Float32Array;
  /** Gives up what they are kept in. */
  close(): void;
}

/** Blocks being filled. */
export interface BlockFiller {
  /** The memory for the next `rows` rows' cells. */
  matrix(rows: number): Uint8Array;
  /** The memory for a column of the rows whose cells came last; the last column ends them. */
  column(place: number, rows: number): Uint8Array;
  /** All blocks, the last one cut to what it holds. */
  finish(): Blocks;
}

/** Keeps full matrices and gives them back by place. */
interface Shelf {
  /** The memory for the next matrix. */
  fresh(): Float32Array;
  put(matrix: Float32Array): void;
  get(place: number): Float32Array;
  close(): void;
}

/** An empty filler for rows of `width` cells and `columnCount` columns; with `file`, full matrices are kept there instead of in memory. */
export function blockFiller(width: number, blockRows: number, columnCount: number, file?: string): BlockFiller {
  const shelf = file === undefined ? inMemory(blockRows * width) : inFile(file, blockRows * width);
  const columns: Float32Array[][] = [];
  let current: Float32Array | undefined;
  let filled = 0;
  const room = (rows: number): Float32Array => {
    if (current && filled + rows <= blockRows) return current;
    if (current) shelf.put(current);
    current = shelf.fresh();
    columns.push(Array.from({ length: columnCount }, () => new Float32Array(blockRows)));
    filled = 0;
    return current;
  };
  return {
    matrix: (rows) => bytesOf(room(rows).subarray(filled * width, (filled + rows) * width)),
    column: (place, rows) => {
      room(rows);
      const part = columns.at(-1)?.[place]?.subarray(filled, filled + rows) ?? new Float32Array(0);
      if (place === columnCount - 1) filled += rows;
      return bytesOf(part);
    },
    finish: () => {
      if (current) shelf.put(current);
      current = undefined;
      const count = columns.length;
      const rowsOf = (place: number): number => (place === count - 1 ? filled : blockRows);
      const columnsAt = (place: number): readonly Float32Array[] =>
        (columns[place] ?? []).map((each) => each.subarray(0, rowsOf(place)));
      return {
        count,
        at: (place) => ({
          rows: rowsOf(place),
          matrix: shelf.get(place).subarray(0, rowsOf(place) * width),
          columns: columnsAt(place),
        }),
        column: (at) => joined(columns.map((_, place) => columnsAt(place)[at])),
        close: shelf.close,
      };
    },
  };
}

/** Parts one after the other. */
export function joined(parts: readonly (Float32Array | undefined)[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part ?? [], at);
    at += part?.length ?? 0;
  }
  return whole;
}

function inMemory(cells: number): Shelf {
  const matrices: Float32Array[] = [];
  return {
    fresh: () => new Float32Array(cells),
    put: (matrix) => matrices.push(matrix),
    get: (place) => matrices[place] ?? new Float32Array(0),
    close: () => {
      matrices.length = 0;
    },
  };
}

function inFile(file: string, cells: number): Shelf {
  const descriptor = openSync(file, "wx+");
  const room = new Float32Array(cells);
  let put = 0;
  let held = -1;
  return {
    fresh: () => room,
    put: (matrix) => {
      whole(bytesOf(matrix), (part, at) => writeSync(descriptor, part, 0, part.length, put * 4 * cells + at));
      held = put;
      put += 1;
    },
    get: (place) => {
      if (place !== held)
        whole(bytesOf(room), (part, at) => readSync(descriptor, part, 0, part.length, place * 4 * cells + at));
      held = place;
      return room;
    },
    close: () => {
      closeSync(descriptor);
      unlinkSync(file);
    },
  };
}

/** Moves all bytes, in as many calls as it takes. */
function whole(bytes: Uint8Array, move: (part: Uint8Array, at: number) => number): void {
  for (let at = 0; at < bytes.length; ) {
    const moved = move(bytes.subarray(at), at);
    if (moved === 0) throw new Error(`A file of spilled rows ends ${bytes.length - at} bytes too early.`);
    at += moved;
  }
}
