// A fitted model on held-out rows: its scores, and the metrics its definition names, beside what anyone could do without it.

import { columnOf, days, encodeTable, floorTo, type ModelInput } from "../core/core.ts";
import { type Dataset, type DatasetEngines, type SplitPart, streamPart } from "../datasets/datasets.ts";
import { type MetricSpec, measure } from "../define/define.ts";
import type { Predictor } from "../ports/ports.ts";

/** Labels (0 or 1), scores and prediction days (since the epoch, UTC) of some rows, each of shape (rows). */
export interface ScoredRows {
  readonly labels: Uint8Array;
  readonly scores: Float32Array;
  readonly days: Int32Array;
}

const DAY = days(1);

/** Metrics by name. */
export type Metrics = Readonly<Record<string, number>>;

/** Scores one part of a dataset, in batches. */
export async function scorePart(
  engines: DatasetEngines,
  dataset: Dataset,
  part: SplitPart,
  inputs: readonly ModelInput[],
  predictor: Predictor,
): Promise<ScoredRows> {
  const total = dataset.parts[part].rows;
  const labels = new Uint8Array(total);
  const scores = new Float32Array(total);
  const dayOf = new Int32Array(total);
  let at = 0;
  const names = [...inputs.map(({ name }) => name), "t"];
  for await (const table of streamPart(engines, dataset, part, names)) {
    scores.set(await predictor.predict(encodeTable(inputs, table), table.rowCount), at);
    const label = columnOf(table, "label");
    if (label.type === "bool") labels.set(label.values, at);
    const times = columnOf(table, "t");
    for (let row = 0; row < table.rowCount; row += 1)
      dayOf[at + row] = Number(floorTo(times.values[row] as bigint, DAY) / DAY);
    at += table.rowCount;
  }
  return { labels, scores, days: dayOf };
}

/** The named metrics of scored rows. */
export function metricsOf(
  metrics: readonly MetricSpec[],
  { labels, scores }: Pick<ScoredRows, "labels" | "scores">,
): Metrics {
  return Object.fromEntries(metrics.map((metric) => [metric.name, measure(metric, labels, scores)]));
}

/** The metrics of always answering `rate`, the training rows' label rate. */
export function constantMetrics(metrics: readonly MetricSpec[], labels: Uint8Array, rate: number): Metrics {
  return metricsOf(metrics, { labels, scores: new Float32Array(labels.length).fill(rate) });
}
