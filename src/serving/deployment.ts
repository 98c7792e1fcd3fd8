// One version, loaded and ready to answer: its features looked up, its derived values computed, its inputs encoded as in training.

import {
  type CellEncoder,
  type ColumnSchema,
  cellEncoders,
  didYouMean,
  type Instant,
  type ModelInput,
  SlipwayError,
  type Value,
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
  readonly inputs: readonly ModelInput[];
  readonly fields: readonly ColumnSchema[];
  readonly predictor: Predictor;
  /** Reads the features of rows as of `at`, and computes their inputs: after this nothing can change what will be answered. */
  read(rows: readonly AskedRow[], at: Instant): Promise<readonly ReadRow[]>;
  /** Scores rows, together with others that are asked for at the same moment. */
  score(rows: readonly ReadRow[]): Promise<readonly Answer[]>;
  /** What a multi-class version tells apart, in the order of its probabilities. */
  readonly classes: readonly string[] | undefined;
}

/** One row with its features read. */
export interface ReadRow {
  readonly reads: readonly OnlineRead[];
  /** The row of the input matrix, shape (inputs). */
  readonly cells: Float32Array;
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
  inputs: readonly ModelInput[],
  predictor: Predictor,
  online: OnlineStore,
  classes?: readonly string[],
): Deployment {
  const views: readonly OnlineView[] = model.views.map(onlineView);
  const encoders: readonly CellEncoder[] = cellEncoders(inputs);
  const readers = model.inputs.map((input): ((scope: InputScope) => Value) => {
    if (input.from === "feature") return ({ reads }) => reads.get(input.view)?.values[input.name] ?? null;
    if (input.from === "request") return ({ row }) => row[input.name] ?? null;
    return rowFunction<InputScope>(input.value, (leaf) =>
      leaf.kind === "feature"
        ? ({ reads }) => reads.get(leaf.view)?.values[leaf.name] ?? null
        : ({ row }) => row[leaf.name] ?? null,
    );
  });
  const refusing = inputs.map((input) => input.kind === "category" && input.unseen === "refuse");
  const scoreTogether = gathering(predictor, inputs.length);
  return {
    model,
    version,
    inputs,
    fields: rowFields(model),
    predictor,
    classes,
    async read(rows, at) {
      const read = await readRows(online, views, rows, at);
      return rows.map((row, index) => {
        const reads = read[index] ?? [];
        const scope = { row, reads: new Map(reads.map((each) => [each.view, each])) };
        const cells = Float32Array.from(readers, (value, place) => {
          const given = value(scope);
          const cell = encoders[place]?.(given) ?? Number.NaN;
          if (refusing[place] === true && Number.isNaN(cell) && given !== null)
            refuseUnseen(model.name, inputs[place], given);
          return cell;
        });
        return { reads, cells };
      });
    },
    score: (rows) => scoreTogether(rows.map(({ cells }) => cells)),
  };
}

function refuseUnseen(model: string, input: ModelInput | undefined, given: Value): never {
  const known = input?.kind === "category" ? input.categories : [];
  const name = input?.name ?? "";
  throw new SlipwayError(
    "INPUT_INVALID",
    `Model "${model}": ${JSON.stringify(given)} is no "${name}" that it was trained with, which its trainer refuses; it knows ${known.length} of them.${didYouMean(String(given), known)}`,
    { details: { model, field: name } },
  );
}
