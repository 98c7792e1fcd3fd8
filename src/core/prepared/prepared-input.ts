// Inputs that go through steps before they are columns of the matrix. A version's inputs say all of it: which raw columns, which fitted steps, which
// columns come of them. Whoever has rows and a version's inputs gets the same matrix: training's own scores, evaluation, batches and a single request.

import { cellEncoders, encodeTable, type ModelInput } from "../signature.ts";
import type { Column, Table } from "../table.ts";
import { kindOf } from "../types.ts";
import { crossed, type OnUnseen, type StepFunction, stepFunction } from "./apply.ts";
import { type RawColumn, readSignal, type Signal } from "./signal.ts";
import type { FittedStep } from "./step.ts";

/** An input that is prepared: from raw columns through fitted steps to columns of the matrix. */
export interface PreparedInput {
  readonly name: string;
  readonly kind: "prepared";
  readonly of: readonly RawColumn[];
  readonly steps: readonly FittedStep[];
  /** What comes of it, in matrix order. */
  readonly columns: readonly ModelInput[];
}

/** One input of a version: a column of the matrix as it is, or prepared. */
export type VersionInput = ModelInput | PreparedInput;

/** The matrix's columns, in order. */
export function matrixColumns(inputs: readonly VersionInput[]): readonly ModelInput[] {
  return inputs.flatMap((input) => (input.kind === "prepared" ? input.columns : [input]));
}

/** The names of the columns that inputs are made from, each once. */
export function rawNames(inputs: readonly VersionInput[]): readonly string[] {
  return [
    ...new Set(inputs.flatMap((input) => (input.kind === "prepared" ? input.of.map(({ name }) => name) : input.name))),
  ];
}

/** A column that inputs are made from, as what it is counted. */
export interface RawInput {
  readonly name: string;
  readonly kind: ModelInput["kind"];
}

/**
 * The columns that inputs are made from as numbers and categories, each once: what a profile counts. Moments that only feed steps are left out, for
 * every later one is beyond all that were seen.
 */
export function rawInputs(inputs: readonly VersionInput[]): readonly RawInput[] {
  const found = new Map<string, RawInput>();
  for (const input of inputs)
    if (input.kind !== "prepared") found.set(input.name, input);
    else
      for (const { name, type } of input.of) {
        if (type === "timestamp" || type === "date") continue;
        const isText = kindOf(type) === "string" || kindOf(type) === "uuid";
        found.set(name, { name, kind: isText ? "category" : "number" });
      }
  return [...found.values()];
}

/** The raw values of a prepared input in a table, several columns crossed into one text. */
export function signalOf(of: readonly RawColumn[], table: Table): Signal {
  const signals = of.map((column) => readSignal(column, table));
  const [first] = signals;
  return signals.length === 1 && first ? first : crossed(signals);
}

/** Makes the matrix of tables: row-major float32 of shape (rowCount, columns). */
export type Encoder = (table: Table, onUnseen?: (input: string, ...what: Parameters<OnUnseen>) => void) => Float32Array;

/** The encoder of a version's inputs; compiled once, for many tables. */
export function encoderOf(inputs: readonly VersionInput[]): Encoder {
  const plain = inputs.filter((input) => input.kind !== "prepared");
  if (plain.length === inputs.length) return plainEncoder(plain);
  const width = matrixColumns(inputs).length;
  let place = 0;
  const writers = inputs.map((input) => {
    const at = place;
    place += input.kind === "prepared" ? input.columns.length : 1;
    return input.kind === "prepared" ? preparedWriter(input, at, width) : plainWriter(input, at, width);
  });
  return (table, onUnseen) => {
    const matrix = new Float32Array(table.rowCount * width);
    for (const write of writers) write(matrix, table, onUnseen);
    return matrix;
  };
}

/** All columns as they are: the fast way, and the same cells. */
function plainEncoder(inputs: readonly ModelInput[]): Encoder {
  return (table, onUnseen) => {
    const matrix = encodeTable(inputs, table);
    if (onUnseen)
      for (const [place, input] of inputs.entries()) {
        if (input.kind !== "category" || input.unseen !== "refuse") continue;
        const cells = Float32Array.from(
          { length: table.rowCount },
          (_, row) => matrix[row * inputs.length + place] ?? 0,
        );
        const signal = readSignal({ name: input.name, type: "string", as: "text" }, table);
        tellUnseen(input, signal, cells, (...what) => onUnseen(input.name, ...what));
      }
    return matrix;
  };
}

type Writer = (matrix: Float32Array, table: Table, onUnseen: Parameters<Encoder>[1]) => void;

function plainWriter(input: ModelInput, place: number, width: number): Writer {
  const raw = { name: input.name, type: "string", as: "text" } as const;
  return (matrix, table, onUnseen) => {
    const cells = encodeTable([input], table);
    if (onUnseen) tellUnseen(input, readSignal(raw, table), cells, (...what) => onUnseen(input.name, ...what));
    for (let row = 0; row < cells.length; row += 1) matrix[row * width + place] = cells[row] ?? Number.NaN;
  };
}

function preparedWriter(input: PreparedInput, place: number, width: number): Writer {
  const through = stepsFunction(input.steps);
  const cellsOf = signalCells(input.columns);
  return (matrix, table, onUnseen) => {
    const refused = onUnseen && ((value: string, known: readonly string[]) => onUnseen(input.name, value, known));
    const signal = through(signalOf(input.of, table), refused);
    const { cells, width: own } = cellsOf(signal);
    if (refused) tellUnseen(input.columns[0], signal, cells, refused);
    const rows = table.rowCount;
    for (let column = 0; column < own; column += 1)
      for (let row = 0; row < rows; row += 1)
        matrix[row * width + place + column] = cells[column * rows + row] ?? Number.NaN;
  };
}

/** Tells of a category that has no code where the trainer refuses such. */
function tellUnseen(input: ModelInput | undefined, signal: Signal, cells: ArrayLike<number>, tell: OnUnseen): void {
  if (input?.kind !== "category" || input.unseen !== "refuse" || signal.kind !== "text") return;
  for (const [row, text] of signal.values.entries())
    if (text !== null && Number.isNaN(cells[row])) tell(text, input.categories);
}

/** Several steps as one. */
export function stepsFunction(steps: readonly FittedStep[]): StepFunction {
  const functions = steps.map(stepFunction);
  return (signal, onUnseen) => functions.reduce((before, step) => step(before, onUnseen), signal);
}

/** Cells of what comes out of the last step, column by column: codes where that is text. */
function signalCells(
  columns: readonly ModelInput[],
): (signal: Signal) => { readonly cells: ArrayLike<number>; readonly width: number } {
  const [codeOf] = cellEncoders(columns.slice(0, 1));
  return (signal) => {
    if (signal.kind === "block") return { cells: signal.values, width: signal.width };
    if (signal.kind === "number") return { cells: signal.values, width: 1 };
    if (signal.kind === "text" && codeOf) return { cells: signal.values.map(codeOf), width: 1 };
    throw new TypeError(`A ${signal.kind} is no column of a matrix.`);
  };
}

/** What comes out of a prepared input's last step as the columns of a table, for a trainer that is given tables. */
export function signalColumns(columns: readonly ModelInput[], signal: Signal): readonly Column[] {
  if (signal.kind === "number") return columns.map(({ name }) => ({ name, type: "float64", values: signal.values }));
  if (signal.kind === "block")
    return columns.map(({ name }, place) => {
      const rows = signal.values.length / signal.width;
      return { name, type: "float64", values: signal.values.subarray(place * rows, (place + 1) * rows) };
    });
  if (signal.kind !== "text") throw new TypeError(`A ${signal.kind} is no column of a matrix.`);
  const validity = new Uint8Array((signal.values.length + 7) >> 3);
  const values = signal.values.map((value, row) => {
    if (value !== null) validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
    return value ?? "";
  });
  return columns.map(({ name }) => ({ name, type: "string", values, validity }));
}

/** The names of an input's columns: its own for one, else with a suffix each. Some libraries take no brackets and no `<` in a name. */
export function columnNames(input: string, suffixes: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return suffixes.map((suffix) => {
    const name = `${input}${suffix}`.replaceAll("[", "(").replaceAll("]", ")").replaceAll("<", "‹");
    let free = name;
    for (let number = 2; taken.has(free); number += 1) free = `${name}#${number}`;
    taken.add(free);
    return free;
  });
}
