// The trainer's side of the pipe: turns each batch into float32 frames, refuses what XGBoost would misread, and waits whenever
// the process reads more slowly than the source yields.

import type { Writable } from "node:stream";
import {
  type Column,
  type DataType,
  encodeTable,
  isCategory,
  isDecimal,
  isNumeric,
  isValid,
  type ModelInput,
  SlipwayError,
  type Table,
  typeText,
} from "../../core/core.ts";
import type { TrainingJob } from "../../ports/trainer.ts";
import type { FitPlan } from "./fitting.ts";
import { bytesOf, frameHead } from "./frames.ts";
import { labelProblem } from "./objective.ts";
import type { SplitName, ToProcess } from "./protocol.ts";

/** Sends the plan and every row, then the word to fit. Ends quietly when the process has gone: its exit tells why. */
export async function feed(pipe: Writable, job: TrainingJob, plan: FitPlan): Promise<void> {
  const send = async (header: ToProcess, values: Float32Array = new Float32Array(0)): Promise<boolean> =>
    (await write(pipe, frameHead(header, values.byteLength))) &&
    (values.length === 0 || (await write(pipe, bytesOf(values))));

  if (!(await send({ kind: "plan", plan }))) return;
  const splits: readonly (readonly [SplitName, AsyncIterable<Table> | undefined])[] = [
    ["train", job.train],
    ["validate", job.validate],
  ];
  for (const [split, batches] of splits) {
    if (!batches) continue;
    let seen = 0;
    for await (const table of batches) {
      if (table.rowCount === 0) continue;
      const matrix = matrixOf(job, table, split, seen);
      const label = labelOf(job, table, split, seen);
      for (let row = 0; row < table.rowCount; ) {
        const rows = Math.min(table.rowCount - row, plan.blockRows - (seen % plan.blockRows));
        const width = plan.names.length;
        const sent =
          (await send({ kind: "matrix", split, rows }, matrix.subarray(row * width, (row + rows) * width))) &&
          (await send({ kind: "label", split, rows }, label.subarray(row, row + rows)));
        if (!sent) return;
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

function columnNamed(table: Table, name: string, split: SplitName): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column) return column;
  throw new SlipwayError("INPUT_INVALID", `The ${split} split has no column "${name}", which the model needs.`);
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
  if (place < 0) return matrix;
  const width = job.inputs.length;
  throw new SlipwayError(
    "INPUT_INVALID",
    `Input "${job.inputs[place % width]?.name}" is infinite as a float32 in row ${seen + Math.floor(place / width) + 1} of the ${split} split. Make it null, or bring it into range.`,
  );
}

function isInputOf(kind: ModelInput["kind"], type: DataType): boolean {
  if (kind === "category") return isCategory(type);
  return type === "bool" || type === "timestamp" || isNumeric(type) || isDecimal(type);
}

function labelOf(job: TrainingJob, table: Table, split: SplitName, seen: number): Float32Array {
  const column = columnNamed(table, job.label, split);
  const numberOf = labelReader(job, column);
  const problemOf = labelProblem(job);
  const label = new Float32Array(table.rowCount);
  for (let row = 0; row < table.rowCount; row += 1) {
    const value = isValid(column, row) ? numberOf(row) : null;
    const problem =
      value === null || !Number.isFinite(Math.fround(value))
        ? "leave out rows without a finite label"
        : problemOf(value);
    if (value === null || problem !== undefined)
      throw new SlipwayError(
        "INPUT_INVALID",
        `The label "${job.label}" is ${value} in row ${seen + row + 1} of the ${split} split: ${problem}.`,
      );
    label[row] = value;
  }
  return label;
}

function labelReader({ label, classes }: TrainingJob, column: Column): (row: number) => number | null {
  if (classes !== undefined) {
    const codes = new Map(classes.map((name, code) => [name, code]));
    return (row) => codes.get(String(column.values[row])) ?? null;
  }
  if (column.type === "bool" || isNumeric(column.type)) return (row) => Number(column.values[row]);
  throw new SlipwayError(
    "INPUT_INVALID",
    `The label "${label}" is ${typeText(column.type)}; it must be bool, int or float.`,
  );
}
