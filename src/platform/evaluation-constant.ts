// What the training labels alone would answer, of every task: what a model has to beat.

import { columnOf, type Table, valueAt } from "../core/core.ts";
import { streamJudged } from "../datasets/datasets.ts";
import type { ModelSpec } from "../define/define.ts";
import type { DatasetRecord } from "../registry/registry.ts";
import { quantileOf } from "../training/training.ts";
import { trainingRows } from "./find-dataset.ts";
import type { Platform } from "./open.ts";

/**
 * The best answer that is the same for every row, as scores of shape (rows) or (rows, classes); undefined where the training rows are not known any more.
 * Models of the same rows share one dataset, so that what is recorded of it says nothing of a model's own loss: only its mean is taken from there.
 */
export async function constantScores(
  { engines }: Platform,
  model: ModelSpec,
  record: DatasetRecord | undefined,
  classes: readonly string[] | undefined,
  rows: number,
): Promise<Float64Array | undefined> {
  if (record === undefined) return undefined;
  const { task } = model;
  if (
    classes === undefined &&
    !(task.kind === "regression" && (task.loss === "quantile" || task.loss === "absolute"))
  ) {
    const mean = recordedMean(record);
    return mean === undefined ? undefined : repeated([mean], rows);
  }
  const { bounds, blob } = trainingRows(record);
  if (!(await engines.blobs.list(blob)).includes(blob)) return undefined;
  const span = { bounds, part: "train" } as const;
  const tables = streamJudged(engines, { model, blob, columns: record.columns, span, inputs: [], beside: [] });
  if (classes !== undefined) return repeated(await sharesOf(tables, classes), rows);
  const labels: number[] = [];
  for await (const table of tables) eachLabel(table, (label) => labels.push(Number(label)));
  const at = task.kind === "regression" && task.loss === "quantile" ? task.at : 0.5;
  return labels.length === 0 ? undefined : repeated([quantileOf(Float64Array.from(labels).sort(), at)], rows);
}

function recordedMean({ labelStats }: DatasetRecord): number | undefined {
  const { parts } = (labelStats ?? {}) as {
    readonly parts?: Readonly<
      Record<string, { readonly rows: number; readonly positives: number; readonly mean?: number | null }>
    >;
  };
  const train = parts?.["train"];
  if (train === undefined || train.rows === 0) return undefined;
  return train.mean ?? train.positives / train.rows;
}

async function sharesOf(tables: AsyncIterable<Table>, classes: readonly string[]): Promise<readonly number[]> {
  const counts = new Map<string, number>();
  let rows = 0;
  for await (const table of tables) {
    rows += table.rowCount;
    eachLabel(table, (label) => counts.set(String(label), (counts.get(String(label)) ?? 0) + 1));
  }
  return classes.map((name) => (counts.get(name) ?? 0) / rows);
}

function eachLabel(table: Table, use: (label: unknown) => void): void {
  const label = columnOf(table, "label");
  for (let row = 0; row < table.rowCount; row += 1) use(valueAt(label, row));
}

function repeated(answer: readonly number[], rows: number): Float64Array {
  const scores = new Float64Array(rows * answer.length);
  for (let row = 0; row < rows; row += 1) scores.set(answer, row * answer.length);
  return scores;
}
