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
import { columnNamed } from "./column-named.ts";
import type { FitPlan } from "./fitting.ts";
import { bytesOf, frameHead } from "./frames.ts";
import type { SplitName, ToProcess } from "./protocol.ts";
import { columnsOf, type GroupPlaces } from "./row-columns.ts";

/** Sends the plan, the model to go on from and every row, then the word to fit. Ends quietly when the process has gone: its exit tells why. */
export async function feed(
  pipe: Writable,
  job: TrainingJob,
  plan: FitPlan,
  base: TrainingBase | undefined,
): Promise<void> {
  const send = async (header: ToProcess, values: Float32Array = new Float32Array(0)): Promise<boolean> =>
    (await write(pipe, frameHead(header, values.byteLength))) &&
    (values.length === 0 || (await write(pipe, bytesOf(values))));

  if (!(await send({ kind: "plan", plan }))) return;
  if (base) {
    const head = frameHead({ kind: "base" }, base.artifact.byteLength);
    if (!((await write(pipe, head)) && (await write(pipe, base.artifact)))) return;
  }
  const splits: readonly (readonly [SplitName, AsyncIterable<Table> | undefined])[] = [
    ["train", job.train],
    ["validate", job.validate],
  ];
  for (const [split, batches] of splits) {
    if (!batches) continue;
    let seen = 0;
    const groups: GroupPlaces = new Map();
    for await (const table of batches) {
      if (table.rowCount === 0) continue;
      const matrix = matrixOf(job, table, split, seen);
      const columns = columnsOf(job, plan, table, split, seen, groups);
      for (let row = 0; row < table.rowCount; ) {
        const rows = Math.min(table.rowCount - row, plan.blockRows - (seen % plan.blockRows));
        const width = plan.names.length;
        if (!(await send({ kind: "matrix", split, rows }, matrix.subarray(row * width, (row + rows) * width)))) return;
        for (const [place, column] of columns.entries())
          if (!(await send({ kind: "column", split, rows, place }, column.subarray(row, row + rows)))) return;
        row += rows;
        seen += rows;
      }
    }
    if (seen === 0)
      throw new SlipwayError(
        "TRAINING_SET_EMPTY",
        `The ${split} split has no rows, so there is nothing to learn from.`,
      );
    if (!(await send({ kind: "end", split }))) return;
  }
  await send({ kind: "fit" });
  pipe.end();
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
