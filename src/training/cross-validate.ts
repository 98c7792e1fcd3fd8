// A rolling split's folds: for every stretch of time a model that knows only what was before, and how well it did. Each is a run below the training's
// own and leaves no version; the newest is the version's own model. Together they say how much a figure of one test means.

import { matrixColumns, SlipwayError } from "../core/core.ts";
import {
  boundsText,
  cutDataset,
  type Dataset,
  earlierFolds,
  isShareBounds,
  type PartSummary,
} from "../datasets/datasets.ts";
import type { ModelSpec } from "../define/define.ts";
import { finishRun, logMetrics, startRun } from "../registry/registry.ts";
import type { FitEngines, FittedModel } from "./fit.ts";
import { recordCut } from "./ready-dataset.ts";
import { metricRows } from "./run-values.ts";
import type { TrainingContext, TrainingProgress } from "./training-context.ts";
import { trainTrial } from "./trial.ts";

/** How a model did on one fold's test rows. */
export interface FoldOutcome {
  readonly runId: string;
  readonly test: PartSummary;
  /** By name, without the part's: `auc`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** How a model did on all folds, oldest first: the mean of each metric and its sample standard deviation. */
export interface CrossValidation {
  readonly folds: readonly FoldOutcome[];
  readonly summary: Readonly<Record<string, { readonly mean: number; readonly sd: number }>>;
}

/**
 * The datasets of the folds before a rolling split's newest, oldest first; none of another split, or under bounds that are not its own. Throws
 * TRAINING_SET_EMPTY where a fold, the newest too, has no labelled rows to test on: without it there is no mean.
 */
export async function earlierDatasets(
  engines: FitEngines,
  { name, split }: ModelSpec,
  newest: Dataset,
): Promise<readonly Dataset[]> {
  const { bounds, snapshot } = newest;
  if (split.kind !== "rolling" || isShareBounds(bounds)) return [];
  const found: Dataset[] = [];
  for (const each of earlierFolds(split, bounds)) found.push(await cutDataset(engines, snapshot, each));
  for (const [place, { parts, bounds: own }] of [...found, newest].entries())
    if (parts.test.rows === 0)
      throw new SlipwayError(
        "TRAINING_SET_EMPTY",
        `Model "${name}": fold ${place + 1} of ${split.folds} has no labelled rows to test on (${boundsText(own)}). Use fewer folds, or longer tests.`,
      );
  return found;
}

/** Fits the earlier folds, several at once where processors and memory allow, and records them beside the newest, which is fitted already. */
export async function crossValidate(
  context: TrainingContext,
  model: ModelSpec,
  earlier: readonly Dataset[],
  newest: {
    readonly dataset: Dataset;
    readonly fitted: FittedModel;
    readonly parentId: string;
    readonly memory: number;
  },
  { signal, onNote }: Pick<TrainingProgress, "signal" | "onNote">,
): Promise<CrossValidation> {
  const { registry, engines } = context;
  const { dataset, fitted, parentId, memory } = newest;
  const of = earlier.length + 1;
  const atOnce = foldsAtOnce(earlier, matrixColumns(fitted.inputs).length, { threads: engines.threads, memory });
  const threads = Math.max(1, Math.floor(engines.threads / atOnce));
  onNote?.(`fitting ${earlier.length} earlier folds, ${atOnce} at once`);
  // One that fails ends the others: without it there is no mean.
  const failed = new AbortController();
  const stop = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const outcomes: FoldOutcome[] = [];
  const waiting = [...earlier.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !stop.aborted; next = waiting.shift()) {
      const [place, fold] = next;
      await recordCut(context, fold, []);
      const { runId, metrics } = await trainTrial(
        { ...context, engines: { ...engines, threads } },
        { model, dataset: fold, parentId, name: `fold ${place + 1} of ${of}`, params: {}, kind: "fold" },
        { signal: stop },
      );
      outcomes[place] = { runId, test: fold.parts.test, metrics: testMetrics(metrics) };
    }
  };
  await Promise.allSettled(
    Array.from({ length: atOnce }, () => work().catch((thrown: unknown) => failed.abort(thrown))),
  );
  if (failed.signal.aborted) throw failed.signal.reason;
  if (stop.aborted) throw new SlipwayError("CANCELLED", "The training was cancelled.");
  const run = await startRun(registry, {
    experiment: model.name,
    name: `fold ${of} of ${of}`,
    kind: "fold",
    model: model.name,
    datasetId: dataset.id,
    parentId,
  });
  await logMetrics(registry, run.id, metricRows(fitted));
  await finishRun(registry, run.id);
  const folds = [...outcomes, { runId: run.id, test: dataset.parts.test, metrics: fitted.test }];
  return { folds, summary: summaryOf(folds.map(({ metrics }) => metrics)) };
}

interface FoldRows {
  readonly parts: Readonly<Record<"train" | "validate", { readonly rows: number }>>;
}

/**
 * How many folds may be fitted at once: no more than processors, and than half the memory holds. A fold is taken to need its rows as float32 three
 * times over: as they come, as they are binned, and as they are scored.
 */
export function foldsAtOnce(
  folds: readonly FoldRows[],
  columns: number,
  { threads, memory }: { readonly threads: number; readonly memory: number },
): number {
  const rows = Math.max(1, ...folds.map(({ parts: { train, validate } }) => train.rows + validate.rows));
  const held = Math.floor(memory / 2 / (rows * (columns + 1) * 4 * 3));
  return Math.max(1, Math.min(folds.length, threads, held));
}

/** Means and sample standard deviations by metric. */
export function summaryOf(folds: readonly Readonly<Record<string, number>>[]): CrossValidation["summary"] {
  return Object.fromEntries(
    Object.keys(folds[0] ?? {}).map((name) => {
      const values = folds.map((metrics) => metrics[name] ?? Number.NaN);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return [name, { mean, sd: Math.sqrt(squares / (values.length - 1)) }];
    }),
  );
}

/** Means and deviations as a run and a version record them: `folds.auc.mean`, `folds.auc.sd`. */
export function foldMetrics({ summary }: CrossValidation): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(summary).flatMap(([name, { mean, sd }]) => [
      [`folds.${name}.mean`, mean],
      [`folds.${name}.sd`, sd],
    ]),
  );
}

function testMetrics(metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const of = "test.";
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]) => (name.startsWith(of) ? [[name.slice(of.length), value]] : [])),
  );
}
