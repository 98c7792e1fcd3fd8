// A model asked as MLflow's scoring server is, and answering as `mlflow.pyfunc` does: a frame of columns is answered row by row, values that go in
// as tensors come out as tensors by the outputs' names. Which of the two bare values are, the model's signature says.
// Where MLflow is lax and nothing is lost by it, so is this: a column that the model does not take is passed over, and a frame without names is
// read by place. A whole number that the model cannot hold exactly, which MLflow would cut or round, is refused.

import { didYouMean, SlipwayError } from "../../core/core.ts";
import type { Tensor, TensorInfo, TensorModel } from "../../ports/ports.ts";
import { valueFromText } from "../../scoring/scoring.ts";
import { type ColumnBinding, cellFromText, type JsonRow, rowsOfTensors, tensorsOfRows } from "./columns.ts";
import type { Signature } from "./mlmodel.ts";
import { listsFromTensor, tensorFromLists } from "./nested.ts";

/** What is asked: a table, or bare values as `inputs` and `instances` carry them. */
export type Invocation =
  | {
      readonly kind: "frame";
      /** Undefined when columns are known by their places. */
      readonly names: readonly string[] | undefined;
      /** Row by row; undefined where a row has no value. */
      readonly rows: readonly (readonly unknown[])[];
      /** Whether every cell is text that is still to be read, as in CSV. */
      readonly isText?: boolean;
    }
  | { readonly kind: "values"; readonly values: unknown };

/** A loaded model, as far as it matters here. */
export interface Invoked {
  readonly name: string;
  readonly model: Pick<TensorModel, "inputs" | "outputs">;
  readonly binding: ColumnBinding | undefined;
  /** What the version's MLmodel says; null when it has no such file. */
  readonly signature: Signature | undefined | null;
  /** Whether the model gives one matrix without a name, as XGBoost does. */
  readonly isBare: boolean;
}

type Frame = Extract<Invocation, { kind: "frame" }>;

/** The tensors to ask the model with, and how its answer is written. */
export interface InvokedTensors {
  readonly inputs: readonly Tensor[];
  readonly rows: number;
  readonly write: (outputs: readonly Tensor[]) => unknown;
}

/** Reads an invocation for a model. INPUT_INVALID that names what is wrong. */
export function readInvocation(invoked: Invoked, asked: Invocation): InvokedTensors {
  if (asked.kind === "frame") return fromFrame(invoked, asked);
  const frame = frameOf(invoked, asked.values);
  return frame ? fromFrame(invoked, frame) : fromTensors(invoked, tensorLists(invoked, asked.values));
}

function fromFrame(invoked: Invoked, frame: Frame): InvokedTensors {
  const { name, model, binding, signature, isBare } = invoked;
  const twice = frame.names?.find((column, place, names) => names.indexOf(column) !== place);
  if (twice !== undefined)
    throw refused(`Model "${name}": the table has the column ${JSON.stringify(twice.slice(0, 64))} twice.`);
  if (signature?.kind === "tensors") return fromTensors(invoked, listsOfFrame(invoked, frame));
  const { rows } = frame;
  const write = (outputs: readonly Tensor[]): unknown => rowsWritten(model.outputs, outputs, rows.length, isBare);
  if (binding) {
    const named = namedRows(invoked, binding, frame);
    return { inputs: tensorsOfRows(name, binding, named), rows: rows.length, write };
  }
  const [input] = model.inputs;
  if (!input || model.inputs.length > 1 || input.shape.length !== 2) throw noColumns(invoked);
  const inputs = [tensorFromLists(input, cellsOf(frame, input), { what: `Model "${name}": the frame` })];
  return { inputs, rows: rows.length, write };
}

/** Rows by the names of the model's columns, which a frame without names has by place. */
function namedRows({ name, signature }: Invoked, binding: ColumnBinding, frame: Frame): readonly JsonRow[] {
  const columns = binding.columns.map((column) => column.name);
  const names = frame.names ?? columns;
  frame.rows.forEach(({ length }, row) => {
    if (length !== names.length)
      throw refused(
        `Model "${name}": row ${row} has ${length} values; its columns are ${names.length}: ${names.join(", ")}.`,
      );
  });
  // A model that says of none of its columns that it may be left out would answer a misspelt table from nothing.
  const absent = signature?.kind === "columns" ? undefined : columns.find((column) => !names.includes(column));
  if (absent !== undefined)
    throw refused(
      `Model "${name}": the table has no column "${absent}". ${didYouMean(absent, names) ?? ""} Its columns are: ${columns.join(", ")}.`,
    );
  const taken = columns.map((column, own) => ({ column, own, place: names.indexOf(column) }));
  return frame.rows.map((cells) =>
    Object.fromEntries(
      taken.flatMap(({ column, own, place }) => {
        const cell = cells[place];
        if (cell === undefined) return [];
        return [[column, frame.isText ? cellFromText(binding, own, String(cell)) : cell]];
      }),
    ),
  );
}

function cellsOf({ rows, isText }: Frame, { datatype }: TensorInfo): readonly (readonly unknown[])[] {
  return rows.map((row) => row.map((cell) => (isText ? valueFromText(datatype, String(cell)) : (cell ?? null))));
}

/** A frame for a signature of tensors: a column a tensor, or the whole frame as the one that has no name. */
function listsOfFrame(invoked: Invoked, frame: Frame): ReadonlyMap<string, unknown> {
  const { model, signature } = invoked;
  const { names = [], rows } = frame;
  const [input] = model.inputs;
  const tensors = signature?.kind === "tensors" ? signature.tensors : [];
  if (tensors.every((tensor) => tensor.name !== undefined))
    return new Map(
      model.inputs.map((each) => {
        const place = names.indexOf(each.name);
        if (place < 0) throw noInput(invoked, each.name);
        return [each.name, cellsOf(frame, each).map((row) => row[place] ?? null)];
      }),
    );
  if (!input || model.inputs.length > 1) throw noColumns(invoked);
  const cells = cellsOf(frame, input);
  // One column of lists is the tensor itself.
  const isNested = rows[0]?.length === 1 && Array.isArray(cells[0]?.[0]);
  return new Map([[input.name, isNested ? cells.map(([cell]) => cell) : cells]]);
}

/** Bare values as a frame, when that is what the model takes; else undefined. */
function frameOf({ model, signature, binding }: Invoked, values: unknown): Frame | undefined {
  const isOfInputs = (names: readonly string[]): boolean =>
    names.every((name) => model.inputs.some((input) => input.name === name));
  const takesColumns = signature?.kind === "columns" || (signature === null && binding !== undefined);
  const records = Array.isArray(values) && values.length > 0 && values.every(isObject) ? values : undefined;
  const names = records ? namesOf(records) : isObject(values) ? Object.keys(values) : undefined;
  if (names && !takesColumns && (binding === undefined || isOfInputs(names))) return undefined;
  if (records && names)
    return {
      kind: "frame",
      names,
      rows: records.map((record) => names.map((name) => (Object.hasOwn(record, name) ? record[name] : undefined))),
    };
  if (isObject(values)) return frameOfColumns(values);
  if (!takesColumns || !Array.isArray(values)) return undefined;
  // Rows by place; or one value a row, for a model of one column.
  return { kind: "frame", names: undefined, rows: values.map((row) => (Array.isArray(row) ? row : [row])) };
}

/** The names of records, in the order in which they first stand there. */
export function namesOf(records: readonly JsonRow[]): readonly string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))];
}

/** One list a column; a bare value is a column of one. */
function frameOfColumns(given: JsonRow): Frame {
  const names = Object.keys(given);
  const lists = names.map((name): readonly unknown[] => {
    const values = given[name];
    const list: readonly unknown[] = Array.isArray(values) ? values : [values];
    return list.map((value) => (Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value));
  });
  const count = lists[0]?.length ?? 0;
  if (lists.some((list) => list.length !== count)) throw refused("The columns of inputs are not of one length.");
  return {
    kind: "frame",
    names,
    rows: Array.from({ length: count }, (_, row) => lists.map((list) => list[row])),
  };
}

/** Nested lists by the input they are for. */
function tensorLists(invoked: Invoked, values: unknown): ReadonlyMap<string, unknown> {
  const { model } = invoked;
  const [only] = model.inputs;
  if (Array.isArray(values) && values.length > 0 && values.every(isObject)) {
    const names = namesOf(values);
    return new Map(names.map((name) => [name, values.map((each) => (Object.hasOwn(each, name) ? each[name] : null))]));
  }
  if (isObject(values)) return new Map(Object.entries(values));
  if (!only || model.inputs.length > 1) throw noColumns(invoked);
  return new Map([[only.name, values]]);
}

function fromTensors(invoked: Invoked, lists: ReadonlyMap<string, unknown>): InvokedTensors {
  const { name, model, signature, isBare } = invoked;
  const tensors = signature?.kind === "tensors" ? signature.tensors : [];
  for (const given of lists.keys())
    if (!model.inputs.some((input) => input.name === given)) throw noInput(invoked, given);
  const inputs = model.inputs.map((input) => {
    if (!lists.has(input.name)) throw refused(`Model "${name}": its input "${input.name}" is missing.`);
    const wanted = tensors.length === 1 ? tensors[0] : tensors.find((tensor) => tensor.name === input.name);
    return tensorFromLists(input, lists.get(input.name), {
      what: `Model "${name}": "${input.name}"`,
      wanted: wanted?.shape,
    });
  });
  const rows = inputs[0]?.shape[0] ?? 1;
  return {
    inputs,
    rows,
    write: (outputs) => {
      const [first] = outputs;
      if (isBare && first) return listsFromTensor(first);
      return Object.fromEntries(
        outputs.map((output) => {
          const written = listsFromTensor(output);
          const classes = classesOf(model.outputs, output.name);
          return [
            output.name,
            classes && Array.isArray(written) ? written.map((row) => byClass(classes, row)) : written,
          ];
        }),
      );
    },
  };
}

function rowsWritten(
  infos: readonly TensorInfo[],
  outputs: readonly Tensor[],
  rows: number,
  isBare: boolean,
): readonly unknown[] {
  return rowsOfTensors(outputs, rows).map((row) => {
    const values = Object.entries(row).map(([name, value]): readonly [string, unknown] => {
      const classes = classesOf(infos, name);
      return [name, classes ? byClass(classes, value) : value];
    });
    return isBare ? values[0]?.[1] : Object.fromEntries(values);
  });
}

function classesOf(infos: readonly TensorInfo[], name: string): readonly string[] | undefined {
  return infos.find((info) => info.name === name)?.classes;
}

/** A row of scores by the class that each is of. */
function byClass(classes: readonly string[], row: unknown): unknown {
  const scores = Array.isArray(row) ? row : [row];
  return Object.fromEntries(classes.map((name, place) => [name, scores[place] as unknown]));
}

function isObject(value: unknown): value is JsonRow {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refused(message: string): SlipwayError {
  return new SlipwayError("INPUT_INVALID", message);
}

function shapesOf({ model }: Invoked): string {
  return model.inputs.map(({ name, datatype, shape }) => `${name} ${datatype} [${shape.join(",")}]`).join("; ");
}

function noInput(invoked: Invoked, name: string): SlipwayError {
  return refused(
    `Model "${invoked.name}": "${name.slice(0, 64)}" does not fit what it takes. Its inputs are: ${shapesOf(invoked)}.`,
  );
}

function noColumns(invoked: Invoked): SlipwayError {
  return refused(
    `Model "${invoked.name}" does not say which columns it takes, and has not one input that rows could be. Send inputs by name (${shapesOf(invoked)}), or log it with a signature of named columns.`,
  );
}
