// One version, loaded and ready to answer: its features looked up, its derived values computed, its inputs encoded as in training.

import {
  type CellEncoder,
  type ColumnSchema,
  cellEncoders,
  columnFrom,
  didYouMean,
  encoderOf,
  type Instant,
  type ModelInput,
  matrixColumns,
  rawNames,
  SlipwayError,
  type Value,
  type VersionInput,
} from "../core/core.ts";
import { type ModelSpec, rowFunction } from "../define/define.ts";
import { type OnlineRead, type OnlineView, onlineView, readRows } from "../features/features.ts";
import type { OnlineStore, Predictor } from "../ports/ports.ts";
import { type AskedRow, rowFields } from "./asked-row.ts";
import { type Answer, gathering } from "./gathering.ts";

/** A version loaded for serving. */
export interface Deployment {
  readonly model: ModelSpec;
  readonly version: number;
  readonly inputs: readonly VersionInput[];
  readonly fields: readonly ColumnSchema[];
  readonly predictor: Predictor;
  /** Reads the features of rows as of `at`: they are the same for every version that is served of the model. */
  read(rows: readonly AskedRow[], at: Instant): Promise<readonly (readonly OnlineRead[])[]>;
  /** Computes the row of the input matrix, shape (inputs): after this nothing can change what will be answered. */
  encode(row: AskedRow, reads: readonly OnlineRead[]): Float32Array;
  /** Scores rows of shape (inputs), together with others that are asked for at the same moment. */
  score(rows: readonly Float32Array[]): Promise<readonly Answer[]>;
  /** What a multi-class version tells apart, in the order of its probabilities. */
  readonly classes: readonly string[] | undefined;
}

/** What one row offers to an input: the row itself and the features read for it. */
interface InputScope {
  readonly row: AskedRow;
  readonly reads: ReadonlyMap<string, OnlineRead>;
}

/** Puts a loaded predictor together with the model's definition. */
export function deployment(
  model: ModelSpec,
  version: number,
  inputs: readonly VersionInput[],
  predictor: Predictor,
  online: OnlineStore,
  classes?: readonly string[],
): Deployment {
  const views: readonly OnlineView[] = model.views.map(onlineView);
  const cellsOf = cellMaker(model, inputs);
  return {
    model,
    version,
    inputs,
    fields: rowFields(model),
    predictor,
    classes,
    read: (rows, at) => readRows(online, views, rows, at),
    encode: (row, reads) => cellsOf({ row, reads: new Map(reads.map((each) => [each.view, each])) }),
    score: gathering(predictor, matrixColumns(inputs).length),
  };
}

type Reader = (scope: InputScope) => Value;

/** What an input, by name, is in one row. */
function readerOf({ inputs }: ModelSpec, name: string): Reader {
  const input = inputs.find((each) => each.name === name);
  if (input === undefined) return () => null;
  if (input.from === "feature") return ({ reads }) => reads.get(input.view)?.values[input.name] ?? null;
  if (input.from === "request") return ({ row }) => row[input.name] ?? null;
  return rowFunction<InputScope>(input.value, (leaf) =>
    leaf.kind === "feature"
      ? ({ reads }) => reads.get(leaf.view)?.values[leaf.name] ?? null
      : ({ row }) => row[leaf.name] ?? null,
  );
}

/** Makes one row of the matrix, by the same encoders as training. */
function cellMaker(model: ModelSpec, inputs: readonly VersionInput[]): (scope: InputScope) => Float32Array {
  const plain = inputs.filter((input) => input.kind !== "prepared");
  return plain.length === inputs.length ? plainCells(model, plain) : preparedCells(model, inputs);
}

function plainCells(model: ModelSpec, inputs: readonly ModelInput[]): (scope: InputScope) => Float32Array {
  const encoders: readonly CellEncoder[] = cellEncoders(inputs);
  const readers = inputs.map(({ name }) => readerOf(model, name));
  const refusing = inputs.map((input) => input.kind === "category" && input.unseen === "refuse");
  return (scope) =>
    Float32Array.from(readers, (value, place) => {
      const given = value(scope);
      const cell = encoders[place]?.(given) ?? Number.NaN;
      const input = inputs[place];
      if (refusing[place] === true && Number.isNaN(cell) && given !== null && input?.kind === "category")
        refuseUnseen(model.name, input.name, given, input.categories);
      return cell;
    });
}

function preparedCells(model: ModelSpec, inputs: readonly VersionInput[]): (scope: InputScope) => Float32Array {
  const encode = encoderOf(inputs);
  const raw = model.inputs.filter(({ name }) => rawNames(inputs).includes(name));
  const readers = raw.map(({ name, type }) => ({ name, type, read: readerOf(model, name) }));
  return (scope) => {
    const columns = readers.map(({ name, type, read }) => columnFrom(name, type, [read(scope)]));
    return encode({ rowCount: 1, columns }, (name, given, known) => refuseUnseen(model.name, name, given, known));
  };
}

function refuseUnseen(model: string, name: string, given: Value, known: readonly string[]): never {
  throw new SlipwayError(
    "INPUT_INVALID",
    `Model "${model}": ${JSON.stringify(given)} is no "${name}" that it was trained with, which its trainer refuses; it knows ${known.length} of them.${didYouMean(String(given), known)}`,
    { details: { model, field: name } },
  );
}
