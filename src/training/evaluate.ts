// A fitted model on held-out rows: its scores, and the metrics its definition names, beside what anyone could do without it.

import {
  type Column,
  columnOf,
  days,
  encoderOf,
  floorTo,
  numberAt,
  rawNames,
  type VersionInput,
} from "../core/core.ts";
import { type Dataset, type DatasetEngines, type PartSide, type SplitPart, streamPart } from "../datasets/datasets.ts";
import {
  isCustomMetric,
  type Labels,
  type ModelSpec,
  measure,
  measureCustom,
  type RowsBeside,
  rowColumnNames,
  type TaskSpec,
} from "../define/define.ts";
import type { Predictor } from "../ports/ports.ts";

/** Labels, answers and prediction days (since the epoch, UTC) of some rows, each of shape (rows). */
export interface ScoredRows extends RowsBeside {
  /** 0 or 1, a number, or the place of the row's class; NaN for one that the model does not know. */
  readonly labels: Labels;
  /** For several classes their probabilities, of shape (rows, classes). */
  readonly scores: Float32Array;
  readonly days: Int32Array;
}

const DAY = days(1);

/** Metrics by name. */
export type Metrics = Readonly<Record<string, number>>;

/** Scores one part of a dataset, or one side of it, in batches. */
export async function scorePart(
  engines: DatasetEngines,
  dataset: Dataset,
  part: SplitPart,
  inputs: readonly VersionInput[],
  predictor: Predictor,
  classes: readonly string[] | undefined,
  side?: PartSide,
): Promise<ScoredRows> {
  const total = dataset.parts[part].rows;
  const outputs = classes?.length ?? 1;
  const labels = new Float64Array(total);
  const scores = new Float32Array(total * outputs);
  const placeOf = new Map(classes?.map((name, place) => [name, place]));
  const dayOf = new Int32Array(total);
  let at = 0;
  const { group, upperBound } = dataset.snapshot.model.beside ?? {};
  const groups = group === undefined ? undefined : groupCounter(total);
  const upper = upperBound === undefined ? undefined : new Float64Array(total);
  const beside = [...(groups ? [rowColumnNames.group] : []), ...(upper ? [rowColumnNames.upperBound] : [])];
  const encode = encoderOf(inputs);
  const names = [...rawNames(inputs), "t", ...beside];
  for await (const table of streamPart(engines, dataset, part, names, undefined, side)) {
    scores.set(await predictor.predict(encode(table), table.rowCount), at * outputs);
    const { values } = columnOf(table, "label");
    for (let row = 0; row < table.rowCount; row += 1)
      labels[at + row] = classes ? (placeOf.get(String(values[row])) ?? Number.NaN) : Number(values[row]);
    groups?.add(columnOf(table, rowColumnNames.group), table.rowCount);
    if (upper) {
      const column = columnOf(table, rowColumnNames.upperBound);
      for (let row = 0; row < table.rowCount; row += 1)
        upper[at + row] = numberAt(column, row) ?? Number.POSITIVE_INFINITY;
    }
    const times = columnOf(table, "t");
    for (let row = 0; row < table.rowCount; row += 1)
      dayOf[at + row] = Number(floorTo(times.values[row] as bigint, DAY) / DAY);
    at += table.rowCount;
  }
  const rows = {
    labels,
    scores,
    days: dayOf,
    ...(groups ? { groups: groups.places } : {}),
    ...(upper ? { upper } : {}),
  };
  return at === total ? rows : firstRows(rows, at);
}

function firstRows(rows: ScoredRows, count: number): ScoredRows {
  const { labels, scores, days, groups, upper } = rows;
  return {
    labels: labels.subarray(0, count),
    scores: scores.subarray(0, (scores.length / labels.length) * count),
    days: days.subarray(0, count),
    ...(groups ? { groups: groups.subarray(0, count) } : {}),
    ...(upper ? { upper: upper.subarray(0, count) } : {}),
  };
}

/** Counts groups from 0 as their rows come by; rows of one stand together. */
function groupCounter(total: number): { readonly places: Int32Array; add(column: Column, rowCount: number): void } {
  const places = new Int32Array(total);
  let at = 0;
  let last: unknown;
  let place = -1;
  return {
    places,
    add({ values }, rowCount) {
      for (let row = 0; row < rowCount; row += 1) {
        if (place < 0 || values[row] !== last) place += 1;
        last = values[row];
        places[at] = place;
        at += 1;
      }
    },
  };
}

/** The named metrics of scored rows. */
export function metricsOf(
  metrics: ModelSpec["metrics"],
  task: TaskSpec,
  { labels, scores, groups, upper }: Omit<ScoredRows, "days">,
): Metrics {
  const beside = { ...(groups ? { groups } : {}), ...(upper ? { upper } : {}) };
  return Object.fromEntries(
    metrics.map((metric) => [
      metric.name,
      isCustomMetric(metric)
        ? measureCustom(metric, {
            labels: Float64Array.from(labels),
            scores,
            // Figures count every row alike.
            weights: new Float64Array(labels.length).fill(1),
            ...beside,
          })
        : measure(metric, labels, scores, task, beside),
    ]),
  );
}

/** The metrics of always giving one answer: a number, or a probability for each class. */
export function constantMetrics(
  metrics: ModelSpec["metrics"],
  task: TaskSpec,
  { labels, groups, upper }: Omit<ScoredRows, "scores" | "days">,
  answer: readonly number[],
): Metrics {
  const scores = new Float32Array(labels.length * answer.length);
  for (let row = 0; row < labels.length; row += 1) scores.set(answer, row * answer.length);
  return metricsOf(metrics, task, { labels, scores, ...(groups ? { groups } : {}), ...(upper ? { upper } : {}) });
}
