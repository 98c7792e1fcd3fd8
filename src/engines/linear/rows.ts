// The rows of a fit, checked as they come: a float32 matrix in blocks, four bytes a cell, with labels and weights. They are gone through several times, so
// they are kept; a missing cell stands for its column's mean, and then says nothing.

import {
  columnOf,
  encodeTable,
  isNumeric,
  isValid,
  numberAt,
  SlipwayError,
  type Table,
  typeText,
} from "../../core/core.ts";
import type { TrainingJob, TrainingWatch } from "../../ports/trainer.ts";

/** One batch: `cells` of shape (rows, columns), labels and weights of shape (rows). */
export interface Block {
  readonly rows: number;
  readonly cells: Float32Array;
  readonly labels: Float64Array;
  readonly weights: Float64Array;
}

/** All rows with what is known of their columns. */
export interface FitRows {
  readonly blocks: readonly Block[];
  readonly columns: number;
  /** The sum of the weights. */
  readonly weight: number;
  /** Weighted, of what is not missing; of shape (columns). */
  readonly means: Float64Array;
  /** Weighted, of the population; of shape (columns). */
  readonly deviations: Float64Array;
}

/** Reads a job's training rows. Throws INPUT_INVALID with the row, TRAINING_SET_EMPTY, CANCELLED. */
export async function readRows(job: TrainingJob, watch: TrainingWatch): Promise<FitRows> {
  const blocks: Block[] = [];
  for await (const block of readBlocks(job, watch)) blocks.push(block);
  if (blocks.length === 0)
    throw new SlipwayError("TRAINING_SET_EMPTY", "The train split has no rows, so there is nothing to learn from.");
  const columns = job.inputs.length;
  const means = new Float64Array(columns);
  const squares = new Float64Array(columns);
  const counts = new Float64Array(columns);
  let weight = 0;
  for (const block of blocks)
    for (let row = 0; row < block.rows; row += 1) {
      const own = block.weights[row] ?? 1;
      weight += own;
      for (let column = 0; column < columns; column += 1) {
        const value = block.cells[row * columns + column] ?? Number.NaN;
        if (Number.isNaN(value)) continue;
        const count = (counts[column] ?? 0) + own;
        counts[column] = count;
        const difference = value - (means[column] ?? 0);
        means[column] = (means[column] ?? 0) + (difference * own) / count;
        squares[column] = (squares[column] ?? 0) + own * difference * (value - (means[column] ?? 0));
      }
    }
  const empty = counts.indexOf(0);
  if (empty >= 0)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Input "${job.inputs[empty]?.name}" is missing in every training row. Leave it out, or look at where it comes from.`,
    );
  return { blocks, columns, weight, means, deviations: squares.map((sum) => Math.sqrt(sum / weight)) };
}

/** A job's training rows, batch by batch. Throws INPUT_INVALID with the row, CANCELLED. */
export async function* readBlocks(job: TrainingJob, { signal }: TrainingWatch): AsyncGenerator<Block> {
  let seen = 0;
  const tables = job.train[Symbol.asyncIterator]();
  for (;;) {
    const next = await untilCancelled(tables.next(), signal);
    if (next.done === true) return;
    if (next.value.rowCount === 0) continue;
    yield blockOf(job, next.value, seen);
    seen += next.value.rowCount;
  }
}

/** What a promise gives, unless the fit is cancelled first. */
async function untilCancelled<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  requireGoingOn(signal);
  let stop = (): void => undefined;
  const cancelled = new Promise<never>((_, reject) => {
    stop = () => reject(cancellation());
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, cancelled]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Throws CANCELLED once a signal has been given. */
export function requireGoingOn(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancellation();
}

function cancellation(): SlipwayError {
  return new SlipwayError("CANCELLED", "The training was cancelled.");
}

function blockOf(job: TrainingJob, table: Table, seen: number): Block {
  for (const { name } of job.inputs)
    if (!table.columns.some((column) => column.name === name)) throw missingColumn(name);
  const cells = encodeTable(job.inputs, table);
  const place = cells.findIndex((cell) => cell === Infinity || cell === -Infinity);
  const width = job.inputs.length;
  if (place >= 0)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Input "${job.inputs[place % width]?.name}" is infinite as a float32 in row ${seen + Math.floor(place / width) + 1} of the train split. Make it null, or bring it into range.`,
    );
  const labels = numbersOf(table, job.label, seen, (value) => Number.isFinite(value));
  if (job.task?.kind === "binary") {
    const wrong = labels.findIndex((label) => label !== 0 && label !== 1);
    if (wrong >= 0)
      throw new SlipwayError(
        "INPUT_INVALID",
        `The label "${job.label}" is ${labels[wrong]} in row ${seen + wrong + 1}; it must be 0 or 1.`,
      );
  }
  const weights =
    job.weight === undefined
      ? new Float64Array(table.rowCount).fill(1)
      : numbersOf(table, job.weight, seen, (value) => value > 0 && value < Infinity);
  return { rows: table.rowCount, cells, labels, weights };
}

function numbersOf(table: Table, name: string, seen: number, isFine: (value: number) => boolean): Float64Array {
  if (!table.columns.some((column) => column.name === name)) throw missingColumn(name);
  const column = columnOf(table, name);
  if (column.type !== "bool" && !isNumeric(column.type) && typeof column.type === "string")
    throw new SlipwayError(
      "INPUT_INVALID",
      `The column "${name}" is ${typeText(column.type)}; it must be bool, int or float.`,
    );
  return Float64Array.from({ length: table.rowCount }, (_, row) => {
    const value = numberAt(column, row) ?? Number.NaN;
    if (isFine(value)) return value;
    throw new SlipwayError(
      "INPUT_INVALID",
      `The column "${name}" is ${isValid(column, row) ? value : null} in row ${seen + row + 1} of the train split; ${name === "label" ? "leave out rows without a finite label" : "give such rows a finite number above 0, or leave them out"}.`,
    );
  });
}

function missingColumn(name: string): SlipwayError {
  return new SlipwayError("INPUT_INVALID", `The train split has no column "${name}".`);
}
