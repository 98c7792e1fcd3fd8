// A row of the input matrix from what a caller gave and what was read for it: derived values computed, everything encoded as in training.

import {
  type CellEncoder,
  cellEncoders,
  columnFrom,
  didYouMean,
  encoderOf,
  type ModelInput,
  rawNames,
  SlipwayError,
  type Value,
  type VersionInput,
} from "../core/core.ts";
import { type ModelSpec, rowFunction } from "../define/define.ts";
import type { AskedRow } from "./asked-row.ts";

/** What of a model's definition makes its rows. */
export type ScoredModel = Pick<ModelSpec, "name" | "inputs">;

/** The features of one view, as they were read for a row. */
export interface ViewValues {
  readonly values: Readonly<Record<string, Value>>;
}

/** What one row offers to an input: the row itself and the features read for it. */
export interface InputScope {
  readonly row: AskedRow;
  readonly reads: ReadonlyMap<string, ViewValues>;
}

type Reader = (scope: InputScope) => Value;

/** What an input, by name, is in one row. */
function readerOf({ inputs }: ScoredModel, name: string): Reader {
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

/** Makes rows of the matrix, shape (inputs), by the same encoders as training. Throws INPUT_INVALID for a category that a trainer refuses. */
export function cellMaker(model: ScoredModel, inputs: readonly VersionInput[]): (scope: InputScope) => Float32Array {
  const plain = inputs.filter((input) => input.kind !== "prepared");
  return plain.length === inputs.length ? plainCells(model, plain) : preparedCells(model, inputs);
}

function plainCells(model: ScoredModel, inputs: readonly ModelInput[]): (scope: InputScope) => Float32Array {
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

function preparedCells(model: ScoredModel, inputs: readonly VersionInput[]): (scope: InputScope) => Float32Array {
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
