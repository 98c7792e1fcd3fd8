// A search for a model's parameters. The study is a run and each trial a run below it, so what was tried is remembered as it happens: a study that was
// killed goes on from what its trials recorded, and tracking clients see both.

import { SlipwayError } from "../core/core.ts";
import { findDefinition, type MetricSpec, type ModelSpec } from "../define/define.ts";
import { failRun, findRun, finishRun, logMetrics, logParams, startRun } from "../registry/registry.ts";
import { isTrialsFault, readyDataset, trainTrial } from "../training/training.ts";
import { createOptimiser, float, int, type Params, type SamplerName, type Space, space } from "../tuning/tuning.ts";
import { requireApplied } from "./apply.ts";
import type { Platform } from "./open.ts";
import {
  earlierTrials,
  firstPlan,
  knownTrial,
  planFacts,
  recordedPlan,
  type StudySubject,
  studyFacts,
  type TunedTrial,
} from "./tune-study.ts";

/** What to search for. */
export interface TuneRequest {
  readonly model: string;
  /** So many trials in all, those of a resumed study included; from 1 on. */
  readonly trials: number;
  /** The trainer's own parameters by name; default: the usual ones of the model's trainer. */
  readonly space?: Space;
  /** Default 0, or what the resumed study has. */
  readonly seed?: number;
  /** Default `auto`, or what the resumed study has. */
  readonly sampler?: SamplerName;
  /** An earlier study's run to go on with. */
  readonly resume?: string;
  /** No trial begins after so many seconds. */
  readonly seconds?: number;
  readonly signal?: AbortSignal;
  readonly onNote?: (text: string) => void;
  /** Told the study's run as soon as it exists: what to resume, however this ends. */
  readonly onStudy?: (run: string) => void;
  readonly onTrial?: (trial: TunedTrial, best: TunedTrial | undefined) => void;
}

/** What a search found. */
export interface TuneOutcome {
  readonly run: string;
  readonly metric: MetricSpec;
  readonly trials: readonly TunedTrial[];
  /** The definition as it stands. */
  readonly before: TunedTrial | undefined;
  readonly best: TunedTrial | undefined;
}

/** What is worth searching for XGBoost, around its defaults. */
const XGBOOST = space({
  eta: float(0.01, 0.5, { log: true }),
  max_depth: int(2, 12),
  min_child_weight: float(0.1, 100, { log: true }),
  subsample: float(0.4, 1),
  colsample_bytree: float(0.3, 1),
  lambda: float(0.01, 100, { log: true }),
  alpha: float(0.001, 10, { log: true }),
});

/**
 * Searches for a model's parameters by its first metric on the validation rows. The first trial is the definition as it stands.
 *
 * @throws SlipwayError `INPUT_INVALID` for a study of another model, definition, space, dataset, seed or sampler, and a budget below 1; `TRAINER_FAILED` where no trial got a
 *   value; what is not a trial's own fault, such as a full disk, ends the study as it is
 */
export async function tuneModel(platform: Platform, request: TuneRequest): Promise<TuneOutcome> {
  await requireApplied(platform);
  const { registry, training } = platform;
  const model = findDefinition(platform.project, "model", request.model);
  const { trials: budget, signal } = request;
  if (!Number.isSafeInteger(budget) || budget < 1)
    throw new SlipwayError("INPUT_INVALID", `A study has a budget of 1 trial or more, not ${budget}.`);
  const searched = request.space ?? usualSpace(model);
  const [metric] = model.metrics;
  if (metric === undefined)
    throw new SlipwayError("INPUT_INVALID", `Model ${model.name} names no metric to search by; add metrics to it.`);
  const study = request.resume === undefined ? undefined : await findRun(registry, request.resume);
  const { seed, sampler } = study === undefined ? firstPlan(request) : recordedPlan(study, request);
  const options = {
    space: searched,
    direction: metric.better === "lower" ? "minimize" : "maximize",
    seed,
    budget,
    sampler,
  } as const;
  // One that is thrown away: what cannot be is refused before anything is made or trained.
  createOptimiser(options);
  const { dataset } = await readyDataset(training, { model }, request.onNote ? { onNote: request.onNote } : {});
  if (dataset.parts.validate.rows === 0)
    throw new SlipwayError(
      "TRAINING_SET_EMPTY",
      `Model ${model.name} has no validation rows to judge trials by; widen its split.`,
    );
  const subject: StudySubject = { model, metric, space: searched, datasetId: dataset.id };
  const earlier = study === undefined ? [] : await earlierTrials(registry, study, subject);
  const run =
    study ??
    (await startRun(registry, {
      experiment: model.name,
      name: `tune ${model.name}`,
      kind: "tune",
      model: model.name,
      datasetId: dataset.id,
    }));
  if (study === undefined)
    await logParams(registry, run.id, { ...studyFacts(subject), ...planFacts({ seed, sampler }) });
  request.onStudy?.(run.id);
  const trials: TunedTrial[] = [...earlier];
  const sign = metric.better === "lower" ? 1 : -1;
  const best = (): TunedTrial | undefined =>
    trials.reduce<TunedTrial | undefined>(
      (found, each) =>
        each.value !== undefined && (found?.value === undefined || sign * each.value < sign * found.value)
          ? each
          : found,
      undefined,
    );
  const attempt = async (params: Params): Promise<TunedTrial> => {
    const number = trials.length;
    const about = { number, params, runId: undefined, value: undefined, test: undefined, error: undefined };
    try {
      const { runId, metrics } = await trainTrial(
        training,
        { model, dataset, parentId: run.id, name: `trial ${number}`, params },
        signal ? { signal } : {},
      );
      const value = metrics[`validate.${metric.name}`];
      const isNumber = value !== undefined && Number.isFinite(value);
      return {
        ...about,
        runId,
        ...(isNumber ? { value } : { error: `${metric.name} is no number on the validation rows` }),
        test: metrics[`test.${metric.name}`],
      };
    } catch (thrown) {
      if (signal?.aborted || !isTrialsFault(thrown)) throw thrown;
      return { ...about, error: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  };
  const done = (trial: TunedTrial): void => {
    trials.push(trial);
    request.onTrial?.(trial, best());
  };
  const started = training.use().elapsedSeconds;
  const hasTime = (): boolean =>
    training.use().elapsedSeconds - started < (request.seconds ?? Number.POSITIVE_INFINITY);
  try {
    if (trials.length === 0) done(await attempt(ownParams(model, searched)));
    const optimiser = createOptimiser({ ...options, told: trials.flatMap((trial) => knownTrial(searched, trial)) });
    while (trials.length < budget && hasTime()) {
      const { id, params } = optimiser.ask();
      const trial = await attempt(params as Params);
      optimiser.tell(id, trial.value === undefined ? { state: "failed" } : { value: trial.value });
      done(trial);
    }
    if (best() === undefined) throw nothingFound(trials, metric.name, run.id);
  } catch (thrown) {
    if (study === undefined || study.status === "running")
      await failRun(
        registry,
        run.id,
        thrown instanceof Error ? thrown.message : String(thrown),
        signal?.aborted ? "cancelled" : "failed",
      );
    throw thrown;
  }
  const found = best();
  if (found?.value !== undefined)
    await logMetrics(registry, run.id, [{ key: `validate.${metric.name}`, step: found.number, value: found.value }]);
  if (study === undefined || study.status === "running") await finishRun(registry, run.id);
  return { run: run.id, metric, trials, before: trials.find(({ number }) => number === 0), best: found };
}

function nothingFound(trials: readonly TunedTrial[], metric: string, run: string): SlipwayError {
  return new SlipwayError(
    "TRAINER_FAILED",
    `None of ${trials.length} trials ended with a ${metric}; the last said: ${trials.at(-1)?.error ?? "nothing"}. Mend the model or its space, or go on with --resume ${run}.`,
  );
}

function usualSpace({ name, trainer }: ModelSpec): Space {
  if (trainer.kind === "xgboost") return XGBOOST;
  throw new SlipwayError(
    "INPUT_INVALID",
    `Nothing is known of what to search for a trainer of kind ${trainer.kind}; give a space for model ${name}.`,
  );
}

function ownParams({ trainer }: ModelSpec, searched: Space): Params {
  return Object.fromEntries(Object.entries(trainer.parameters).filter(([name]) => Object.hasOwn(searched, name)));
}
