// One trial of a search, or one fold of a rolling split: the model with other parameters, fitted on rows that are cut already, as a run of its own below the study's. It leaves no
// version: what is worth keeping is trained again with the parameters written into the definition.

import { asSlipwayError, type ErrorCode } from "../core/core.ts";
import type { Dataset } from "../datasets/datasets.ts";
import type { ModelSpec } from "../define/define.ts";
import { failRun, finishRun, logMetrics, logParams, startRun } from "../registry/registry.ts";
import { fitModel } from "./fit.ts";
import { heldOutMetrics, metricRows, trainerParameters } from "./run-values.ts";
import type { TrainingContext, TrainingProgress } from "./training-context.ts";

/** What to try. */
export interface TrialRequest {
  readonly model: ModelSpec;
  readonly dataset: Dataset;
  /** The study's run. */
  readonly parentId: string;
  readonly name: string;
  /** What is searched over, as it is to be found again. */
  readonly params: Readonly<Record<string, string | number | boolean>>;
  /** What the run is; default a trial of a search. */
  readonly kind?: "trial" | "fold";
}

/** A trial that ended well. */
export interface FinishedTrial {
  readonly runId: string;
  /** By name: `validate.auc`, `test.auc`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** What says something of the parameters that were tried; all else (a full disk, records that are locked, a bug) says something of the machine. */
const OWN_FAILURES: readonly ErrorCode[] = [
  "TRAINER_FAILED",
  "INPUT_INVALID",
  "DEFINITION_INVALID",
  "MEMORY_EXHAUSTED",
];

/** Whether a trial failed by its own parameters, so that others may do better. */
export function isTrialsFault(thrown: unknown): boolean {
  const { code, message } = asSlipwayError(thrown);
  // A trainer in a process of its own tells of a full disk in words.
  return OWN_FAILURES.includes(code) && asSlipwayError(new Error(message)).code !== "STORAGE_FULL";
}

/**
 * Fits a model with other parameters and records it. What goes wrong is recorded, then thrown: as failed where the parameters are at fault, else as
 * cancelled, for then nothing is known of them.
 */
export async function trainTrial(
  context: TrainingContext,
  { model, dataset, parentId, name, params, kind = "trial" }: TrialRequest,
  { signal }: Pick<TrainingProgress, "signal">,
): Promise<FinishedTrial> {
  const { engines, registry } = context;
  const trainer = { ...model.trainer, parameters: { ...model.trainer.parameters, ...params } };
  const tried = { ...model, trainer };
  const run = await startRun(registry, {
    experiment: model.name,
    name,
    kind,
    model: model.name,
    datasetId: dataset.id,
    parentId,
  });
  try {
    await logParams(registry, run.id, trainerParameters(tried));
    const fitted = await fitModel(engines, { model: tried, dataset }, signal ? { signal } : {});
    await logMetrics(registry, run.id, metricRows(fitted));
    await finishRun(registry, run.id);
    return { runId: run.id, metrics: heldOutMetrics(fitted) };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const isCancelled = signal?.aborted || !isTrialsFault(thrown);
    await failRun(registry, run.id, message, isCancelled ? "cancelled" : "failed");
    throw thrown;
  }
}
