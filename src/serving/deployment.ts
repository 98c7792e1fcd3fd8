// One version, loaded and ready to answer: its features looked up, its derived values computed, its inputs encoded as in training.

import { type ColumnSchema, type Instant, matrixColumns, type VersionInput } from "../core/core.ts";
import type { ModelSpec } from "../define/define.ts";
import { type OnlineRead, type OnlineView, onlineView, readRows } from "../features/features.ts";
import type { OnlineStore, Predictor } from "../ports/ports.ts";
import {
  type Answer,
  type AskedRow,
  answersIn,
  cellMaker,
  type ExplainRows,
  explaining,
  type LoadedVersion,
  rowFields,
} from "../scoring/scoring.ts";
import { gathered } from "./gathering.ts";

/** A version loaded for serving. */
export interface Deployment {
  readonly model: ModelSpec;
  readonly version: number;
  readonly inputs: readonly VersionInput[];
  readonly fields: readonly ColumnSchema[];
  /** Scores small requests together with others that are asked for at the same moment. */
  readonly predictor: Predictor;
  /** Reads the features of rows as of `at`: they are the same for every version that is served of the model. */
  read(rows: readonly AskedRow[], at: Instant): Promise<readonly (readonly OnlineRead[])[]>;
  /** Computes the row of the input matrix, shape (inputs): after this nothing can change what will be answered. */
  encode(row: AskedRow, reads: readonly OnlineRead[]): Float32Array;
  /** Scores rows of shape (inputs). */
  score(rows: readonly Float32Array[]): Promise<readonly Answer[]>;
  /** Says what each input adds to the answers of rows of shape (inputs); undefined for a version that cannot. */
  readonly explain: ExplainRows | undefined;
  /** What a multi-class version tells apart, in the order of its probabilities. */
  readonly classes: readonly string[] | undefined;
}

/** Puts a loaded predictor together with the model's definition. */
export function deployment(
  model: ModelSpec,
  version: number,
  inputs: readonly VersionInput[],
  predictor: LoadedVersion,
  online: OnlineStore,
  classes?: readonly string[],
): Deployment {
  const views: readonly OnlineView[] = model.views.map(onlineView);
  const cellsOf = cellMaker(model, inputs);
  const together = gathered(predictor);
  return {
    model,
    version,
    inputs,
    fields: rowFields(model),
    predictor: together,
    classes,
    read: (rows, at) => readRows(online, views, rows, at),
    encode: (row, reads) => cellsOf({ row, reads: new Map(reads.map((each) => [each.view, each])) }),
    score: (rows) => scoreRows(together, rows, matrixColumns(inputs).length),
    explain: explaining(inputs, predictor, classes),
  };
}

async function scoreRows(
  predictor: Predictor,
  rows: readonly Float32Array[],
  width: number,
): Promise<readonly Answer[]> {
  const matrix = new Float32Array(rows.length * width);
  for (const [place, row] of rows.entries()) matrix.set(row, place * width);
  return answersIn(await predictor.predict(matrix, rows.length), rows.length);
}
