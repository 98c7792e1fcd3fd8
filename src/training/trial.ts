// One trial of a search, or one fold of a rolling split: the model with other parameters, fitted on rows that are cut already, as a run of its own below the study's. It leaves no
// version: what is worth keeping is trained again with the parameters written into the definition.

import { asSlipwayError, type ErrorCode } from "../core/core.ts";
import type { Dataset } from "../datasets/datasets.ts";
import type { ModelSpec } from "../define/define.ts";
import type { TrainingStep } from "../ports/ports.ts";
import {
  failRun,
  finishRun,
  type HeldLease,
  logMetrics,
  logParams,
  setTags,
  startRun,
  TRIAL_TAGS,
  whileHeld,
} from "../registry/registry.ts";
import { fitModel } from "./fit.ts";
import { heldOutMetrics, metricRows, trainerParameters } from "./run-values.ts";
import type { TrainingContext } from "./training-context.ts";

/** What to try. */
export interface TrialRequest {
  readonly model: ModelSpec;
  readonly dataset: Dataset;
  /** The study's run. */
  readonly parentId: string;
  readonly name: string;
  /** Which trial of the study it is, from 0 on; a fold has none. */
  readonly number?: number;
  /** What is searched over, as it is to be found again. */
  readonly params: Readonly<Record<string, string | number | boolean>>;
  /** What the run is; default a trial of a search. */
  readonly kind?: "trial" | "fold";
  /** While it is held the trial begins, and counts when it ends; default always. */
  readonly lease?: HeldLease;
}

/** A trial that ended by itself, or because it was not worth going on with. */
export interface FinishedTrial {
  readonly runId: string;
  /** By name: `validate.auc`, `test.auc`; empty of a pruned one. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Where it was stopped: after so many rounds. */
  readonly prunedAt?: number;
}

/** Who watches a trial. */
export interface TrialWatch {
  readonly signal?: AbortSignal;
  /** Aborts when the trial has taken too long; its reason says so. */
  readonly overdue?: AbortSignal;
  readonly onStep?: (step: TrainingStep) => void;
  /** Sees each round that has a loss, and says whether to stop. */
  readonly isHopeless?: (step: TrainingStep) => boolean;
}

/** The metric of a trial that is the size of its model in bytes. */
export const SIZE = "model.size";

/** The metric that pruners look at, round by round: what early stopping looks at, lower is better. */
export const LOSS = "trial.loss";

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
 * cancelled, for then nothing is known of them, or somebody else tries them by now.
 */
export async function trainTrial(
  context: TrainingContext,
  { model, dataset, parentId, name, number, params, kind = "trial", lease }: TrialRequest,
  { signal, overdue, onStep, isHopeless }: TrialWatch,
): Promise<FinishedTrial> {
  const { engines, registry } = context;
  const held = lease ? whileHeld(registry, lease) : registry;
  const trainer = { ...model.trainer, parameters: { ...model.trainer.parameters, ...params } };
  const tried = { ...model, trainer };
  const run = await startRun(held, {
    experiment: model.name,
    name,
    kind,
    model: model.name,
    datasetId: dataset.id,
    parentId,
    ...(number === undefined ? {} : { trial: number }),
  });
  const pruned = new AbortController();
  const losses: { readonly key: string; readonly step: number; readonly value: number }[] = [];
  const judge = (step: TrainingStep): void => {
    onStep?.(step);
    if (isHopeless === undefined || step.loss === undefined || !Number.isFinite(step.loss)) return;
    losses.push({ key: LOSS, step: step.round, value: step.loss });
    if (!pruned.signal.aborted && isHopeless(step)) pruned.abort();
  };
  const stops = [signal, overdue, pruned.signal].filter((each) => each !== undefined);
  try {
    await logParams(registry, run.id, trainerParameters(tried));
    const fitted = await fitModel(
      engines,
      { model: tried, dataset },
      { signal: AbortSignal.any(stops), onStep: judge },
    );
    const size = fitted.trained.artifact.byteLength;
    await logMetrics(registry, run.id, [...metricRows(fitted), ...losses, { key: SIZE, step: 0, value: size }]);
    await finishRun(held, run.id);
    return { runId: run.id, metrics: { ...heldOutMetrics(fitted), [SIZE]: size } };
  } catch (thrown) {
    const last = losses.at(-1)?.step;
    if (pruned.signal.aborted && !signal?.aborted && last !== undefined && isCancellation(thrown)) {
      await logMetrics(registry, run.id, losses);
      await failRun(registry, run.id, `pruned after round ${last}: others did better by then`, "cancelled");
      // With this it counts.
      await setTags(held, run.id, { [TRIAL_TAGS.pruned]: String(last) });
      return { runId: run.id, metrics: {}, prunedAt: last };
    }
    const cause = overdue?.aborted && !signal?.aborted && isCancellation(thrown) ? overdue.reason : thrown;
    const isCancelled = signal?.aborted || !isTrialsFault(cause);
    await failRun(registry, run.id, asSlipwayError(cause).message, isCancelled ? "cancelled" : "failed");
    throw cause;
  }
}

function isCancellation(thrown: unknown): boolean {
  return asSlipwayError(thrown).code === "CANCELLED";
}
