// One version, loaded and ready to answer: its features looked up, its derived values computed, its inputs encoded as in training.

import {
  type CellEncoder,
  type ColumnSchema,
  cellEncoders,
  encodeRows,
  type Instant,
  type ModelInput,
  type Value,
} from "../core/core.ts";
import { type ModelSpec, rowFunction } from "../define/define.ts";
import { type OnlineRead, type OnlineView, onlineView, readOnline } from "../features/features.ts";
import type { OnlineStore, Predictor } from "../ports/ports.ts";
import { type AskedRow, rowFields } from "./asked-row.ts";

/** A version loaded for serving. */
export interface Deployment {
  readonly model: ModelSpec;
  readonly version: number;
  readonly inputs: readonly ModelInput[];
  readonly fields: readonly ColumnSchema[];
  readonly predictor: Predictor;
  /** Scores rows as of `at`. */
  answer(rows: readonly AskedRow[], at: Instant): Promise<readonly Answer[]>;
}

/** What a deployment says about one row. */
export interface Answer {
  readonly score: number;
  readonly reads: readonly OnlineRead[];
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
): Deployment {
  const views: readonly OnlineView[] = model.views.map(onlineView);
  const encoders: readonly CellEncoder[] = cellEncoders(inputs);
  const readers = model.inputs.map((input): readonly [string, (scope: InputScope) => Value] => {
    if (input.from === "feature") return [input.name, ({ reads }) => reads.get(input.view)?.values[input.name] ?? null];
    if (input.from === "request") return [input.name, ({ row }) => row[input.name] ?? null];
    const compute = rowFunction<InputScope>(input.value, (leaf) =>
      leaf.kind === "feature"
        ? ({ reads }) => reads.get(leaf.view)?.values[leaf.name] ?? null
        : ({ row }) => row[leaf.name] ?? null,
    );
    return [input.name, compute];
  });
  return {
    model,
    version,
    inputs,
    fields: rowFields(model),
    predictor,
    async answer(rows, at) {
      const read = await Promise.all(rows.map((row) => readOnline(online, views, row, at)));
      const values = rows.map((row, index) => {
        const scope = { row, reads: new Map((read[index] ?? []).map((each) => [each.view, each])) };
        return Object.fromEntries(readers.map(([name, value]) => [name, value(scope)]));
      });
      const scores = await predictor.predict(encodeRows(encoders, inputs, values), rows.length);
      return rows.map((_, index) => ({ score: scores[index] ?? Number.NaN, reads: read[index] ?? [] }));
    },
  };
}
