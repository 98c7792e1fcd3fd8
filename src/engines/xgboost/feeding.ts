// The trainer's side of the pipe: turns each batch into float32 frames, refuses what XGBoost would misread, and waits whenever
// the process reads more slowly than the source yields.

import type { Writable } from "node:stream";
import {
  type DataType,
  encodeTable,
  isCategory,
  isDecimal,
  isNumeric,
  type ModelInput,
  SlipwayError,
  type Table,
  typeText,
} from "../../core/core.ts";
import type { TrainingBase, TrainingJob } from "../../ports/trainer.ts";
import { emptyColumn } from "./base-margin.ts";
import type { TrackerAddress } from "./collective.ts";
import { columnNamed } from "./column-named.ts";
import type { Checkpoint, FitPlan } from "./fitting.ts";
import { bytesOf, frameHead } from "./frames.ts";
import type { SplitName, ToProcess } from "./protocol.ts";
import { columnsOf, type GroupPlaces } from "./row-columns.ts";
import { rowDealer } from "./shares.ts";

/** What comes before the rows. */
export interface Beginning {
  /** Where several workers meet. */
  readonly address?: TrackerAddress | undefined;
  /** The model to go on from. */
  readonly base?: TrainingBase | undefined;
  readonly checkpoint?: Checkpoint | undefined;
}

/**
 * Sends each worker what the fit begins with and its share of every row, then the word to fit. Ends quietly when a process has gone: its exit tells why.
 * `onColumns` sees what the validation rows have beside their inputs, table by table.
 */
export async function feed(
  pipes: readonly Writable[],
  job: TrainingJob,
  plan: FitPlan,
  { address, base, checkpoint }: Beginning,
  onColumns?: (columns: readonly Float32Array[]) => void,
): Promise<void> {
  const toAll = async (header: ToProcess, bytes?: Uint8Array): Promise<boolean> => {
    for (const pipe of pipes) if (!(await send(pipe, header, bytes))) return false;
    return true;
  };
  if (address && !(await toAll({ kind: "join", address }))) return;
  if (base && !(await toAll({ kind: "base" }, base.artifact))) return;
  if (checkpoint && !(await toAll({ kind: "resume", lines: checkpoint.lines }, checkpoint.snapshot))) return;
  const splits: readonly (readonly [SplitName, AsyncIterable<Table> | undefined])[] = [
    ["train", job.train],
    ["validate", job.validate],
  ];
  for (const [split, batches] of splits) {
    if (!batches) continue;
    let seen = 0;
    const groups: GroupPlaces = new Map();
    const dealer = rowDealer(pipes.length);
    const given = pipes.map(() => 0);
    for await (const table of batches) {
      if (table.rowCount === 0) continue;
      const matrix = matrixOf(job, table, split, seen);
      const columns = columnsOf(job, plan, table, split, seen, groups);
      if (split === "validate") onColumns?.(columns);
      for (const { worker, start, end } of dealer.deal(table.rowCount, columns[plan.columns.indexOf("qid")])) {
        const sent = given[worker] ?? 0;
        if (!(await sendRows(pipes[worker], plan, split, { matrix, columns, start, end }, sent))) return;
        given[worker] = sent + end - start;
      }
      seen += table.rowCount;
    }
    requireRows(split, seen, given);
    if (!(await toAll({ kind: "end", split }))) return;
  }
  await toAll({ kind: "fit" });
  // With a metric of the job's own its values follow.
  if (plan.own === undefined) for (const pipe of pipes) pipe.end();
}

function requireRows(split: SplitName, rows: number, given: readonly number[]): void {
  if (rows === 0)
    throw new SlipwayError("TRAINING_SET_EMPTY", `The ${split} split has no rows, so there is nothing to learn from.`);
  if (given.includes(0))
    throw new SlipwayError(
      "INPUT_INVALID",
      `The ${rows} rows of the ${split} split cannot be shared among ${given.length} workers, as a row, or a group that is ranked together, stays whole. Ask for fewer workers.`,
    );
}

interface Rows {
  readonly matrix: Float32Array;
  readonly columns: readonly Float32Array[];
  readonly start: number;
  readonly end: number;
}

/** Sends some rows of a table, cut where the process's blocks end; `sent` rows of the split went before. */
async function sendRows(
  pipe: Writable | undefined,
  { names: { length: width }, blockRows }: FitPlan,
  split: SplitName,
  { matrix, columns, start, end }: Rows,
  sent: number,
): Promise<boolean> {
  if (!pipe) return false;
  let place = sent;
  for (let row = start; row < end; ) {
    const rows = Math.min(end - row, blockRows - (place % blockRows));
    const cells = matrix.subarray(row * width, (row + rows) * width);
    if (!(await send(pipe, { kind: "matrix", split, rows }, bytesOf(cells)))) return false;
    for (const [at, column] of columns.entries())
      if (!(await send(pipe, { kind: "column", split, rows, place: at }, bytesOf(column.subarray(row, row + rows)))))
        return false;
    row += rows;
    place += rows;
  }
  return true;
}

/** Sends a frame; false when the other side has closed. */
export async function send(pipe: Writable, header: ToProcess, bytes: Uint8Array = new Uint8Array(0)): Promise<boolean> {
  return (await write(pipe, frameHead(header, bytes.byteLength))) && (bytes.length === 0 || (await write(pipe, bytes)));
}

/** Writes and waits for room; false when the other side has closed. */
async function write(pipe: Writable, chunk: Uint8Array): Promise<boolean> {
  if (pipe.destroyed) return false;
  if (pipe.write(chunk)) return true;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      pipe.off("drain", done).off("close", done);
      resolve();
    };
    pipe.on("drain", done).on("close", done);
  });
  return !pipe.destroyed;
}

function matrixOf(job: TrainingJob, table: Table, split: SplitName, seen: number): Float32Array {
  for (const input of job.inputs) {
    const { type } = columnNamed(table, input.name, split);
    if (!isInputOf(input.kind, type))
      throw new SlipwayError(
        "INPUT_INVALID",
        `Input "${input.name}" is a ${input.kind}, but its column in the ${split} split is ${typeText(type)}: a category needs a string or uuid column, and a number a bool or number column.`,
      );
  }
  const matrix = encodeTable(job.inputs, table);
  const place = matrix.findIndex((cell) => cell === Infinity || cell === -Infinity);
  const width = job.inputs.length;
  if (place < 0) {
    const margin = job.inputs.findIndex(({ name }) => name === job.baseMargin);
    if (margin >= 0) emptyColumn(matrix, width, margin);
    return matrix;
  }
  throw new SlipwayError(
    "INPUT_INVALID",
    `Input "${job.inputs[place % width]?.name}" is infinite as a float32 in row ${seen + Math.floor(place / width) + 1} of the ${split} split. Make it null, or bring it into range.`,
  );
}

function isInputOf(kind: ModelInput["kind"], type: DataType): boolean {
  if (kind === "category") return isCategory(type);
  return type === "bool" || type === "timestamp" || isNumeric(type) || isDecimal(type);
}
