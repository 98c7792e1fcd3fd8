// A search for a model's parameters. The study is a run and each trial a run below it, so what was tried is remembered as it happens: a study that was
// killed goes on from what its trials recorded, and tracking clients see both. One process at a time searches for a study.

import { asSlipwayError, didYouMean, formatInstant, newId, SlipwayError } from "../core/core.ts";
import type { Dataset } from "../datasets/datasets.ts";
import { definitionHash, findDefinition, type ModelSpec } from "../define/define.ts";
import {
  childRuns,
  failRun,
  finishRun,
  getRun,
  type HeldLease,
  isHeld,
  leaseLost,
  logMetrics,
  recordStudy,
  reopenRun,
  startRun,
  whileHeld,
} from "../registry/registry.ts";
import { readyDataset } from "../training/training.ts";
import { createOptimiser, float, int, type PrunerOptions, type Space, space } from "../tuning/tuning.ts";
import { alone, processText } from "./alone.ts";
import { requireApplied } from "./apply.ts";
import type { Platform } from "./open.ts";
import { type SearchEnd, type SearchLimits, type SearchState, searchTrials } from "./tune-search.ts";
import { toldTrials, warmStart } from "./tune-start.ts";
import {
  type AskedPlan,
  directionsOf,
  earlierStudy,
  type Goal,
  keepPlan,
  type Study,
  type StudyPlan,
} from "./tune-study.ts";
import { bestTrial, endedTrials, frontOfTrials, MODEL_SIZE, type TunedTrial } from "./tuned-trial.ts";

/** What to search for. What is left out is as the study has it, or the default. */
export interface TuneRequest extends Omit<AskedPlan, "goals" | "pruner">, SearchLimits {
  readonly model: string;
  /** What is searched for: metrics of the model, and `size`; default its first metric. */
  readonly goals?: readonly string[];
  /** How trials that will not do well are stopped early; default `none`. */
  readonly pruner?: PrunerOptions["kind"];
  /** Begin with what earlier studies of the model know. */
  readonly warm?: boolean;
  readonly signal?: AbortSignal;
  readonly onNote?: (text: string) => void;
  /** Told the study as soon as it is there: what to go on with, however this ends. */
  readonly onStudy?: (study: OpenedStudy) => void;
  readonly onTrial?: (trial: TunedTrial, best: TunedTrial | undefined) => void;
  readonly onState?: (state: SearchState) => void;
}

/** A study that is about to be searched for. */
export interface OpenedStudy {
  readonly run: string;
  readonly name: string;
  readonly goals: readonly Goal[];
  /** How many of its trials ended before. */
  readonly earlier: number;
  readonly trials: number;
  /** Rounds that a training may have. */
  readonly rounds: number;
}

/** What a search found. */
export interface TuneOutcome {
  readonly run: string;
  readonly study: string;
  readonly goals: readonly Goal[];
  readonly trials: readonly TunedTrial[];
  /** The definition as it stands. */
  readonly before: TunedTrial | undefined;
  /** By the first goal. */
  readonly best: TunedTrial | undefined;
  /** The trials that no other is better than in every goal. */
  readonly front: readonly TunedTrial[];
  readonly end: SearchEnd;
}

/** How many trials a new study has, where nobody says. */
const TRIALS = 30;

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
 * @throws SlipwayError `INPUT_INVALID` for a study of another model, definition, space, dataset, seed or sampler, and a budget below 1; `STATE_LOCKED` while another
 *   process searches for the study; `TRAINER_FAILED` where no trial got a value; what is not a trial's own fault, such as a full disk, ends the study as it is
 */
export async function tuneModel(platform: Platform, request: TuneRequest): Promise<TuneOutcome> {
  await requireApplied(platform);
  const { registry, training } = platform;
  const model = findDefinition(platform.project, "model", request.model);
  requireLimits(request);
  const asked = askedPlan(model, request);
  const wanted = firstPlan(model, asked);
  // One that is thrown away: what cannot be is refused before anything is made or trained.
  createOptimiser({ ...wanted, budget: wanted.trials, directions: directionsOf(wanted) });
  const { dataset } = await readyDataset(training, { model }, request.onNote ? { onNote: request.onNote } : {});
  if (dataset.parts.validate.rows === 0)
    throw new SlipwayError(
      "TRAINING_SET_EMPTY",
      `Model ${model.name} has no validation rows to judge trials by; widen its split.`,
    );
  const subject = { model, datasetId: dataset.id };
  const found = await earlierStudy(registry, subject, asked, wanted);
  const study = found ?? (await newStudy(platform, request, model, dataset, wanted));
  const part = newId(registry.clock.now(), registry.random);
  const result = await alone(platform, `study ${study.runId}`, { signal: request.signal, part }, (still, lease) =>
    searchStudy(platform, request, { model, dataset, study, isNew: found === undefined, lease }, still),
  );
  if ("done" in result) return result.done;
  const { holder, since } = result.holder;
  throw new SlipwayError(
    "STATE_LOCKED",
    `Study ${study.name} is being searched by ${processText(holder)} since ${formatInstant(since)}; wait for it, or start a new one with --new.`,
    { details: { study: study.name, run: study.runId } },
  );
}

interface Opened {
  readonly model: ModelSpec;
  readonly dataset: Dataset;
  readonly study: Study;
  readonly isNew: boolean;
  /** While it is held the study is this search's. */
  readonly lease: HeldLease;
}

async function searchStudy(
  platform: Platform,
  request: TuneRequest,
  { model, dataset, study, isNew, lease }: Opened,
  signal: AbortSignal,
): Promise<TuneOutcome> {
  const { registry } = platform;
  const held = whileHeld(registry, lease);
  const { runId, plan, name } = study;
  const [goal] = plan.goals as readonly [Goal];
  if (!isNew) {
    await keepPlan(held, study);
    await reopenRun(held, runId);
  }
  try {
    const earlier = isNew ? [] : endedTrials(await childRuns(registry, runId), plan);
    const { rounds } = model.trainer;
    request.onStudy?.({ run: runId, name, goals: plan.goals, earlier: earlier.length, trials: plan.trials, rounds });
    const { trials, end } = await searchTrials(platform, {
      model,
      dataset,
      study,
      earlier,
      told: await toldTrials(registry, plan, earlier),
      limits: request,
      signal,
      lease,
      ...(request.onTrial ? { onTrial: request.onTrial } : {}),
      ...(request.onState ? { onState: request.onState } : {}),
    });
    const best = bestTrial(trials, goal.better);
    if (best?.value === undefined) throw nothingFound(trials, goal.name, name);
    await logMetrics(held, runId, [{ key: `validate.${goal.name}`, step: best.number, value: best.value }]);
    await finishRun(held, runId);
    return {
      run: runId,
      study: name,
      goals: plan.goals,
      trials,
      before: trials.find(({ number }) => number === 0),
      best,
      front: frontOfTrials(trials, plan.goals),
      end,
    };
  } catch (thrown) {
    // Another process has taken the study over meanwhile, and says how it ends; who was told to stop by then has no say either.
    if (!(await isHeld(registry, lease))) throw leaseLost(`study ${name}`);
    const isStopped = request.signal?.aborted === true;
    const cause: unknown = signal.aborted && !isStopped ? signal.reason : thrown;
    if ((await getRun(registry, runId)).status === "running")
      await failRun(held, runId, asSlipwayError(cause).message, isStopped ? "cancelled" : "failed");
    throw cause;
  }
}

async function newStudy(
  { registry }: Platform,
  { study: name, warm = false }: TuneRequest,
  model: ModelSpec,
  dataset: Dataset,
  wanted: StudyPlan,
): Promise<Study> {
  const definition = definitionHash(model);
  const plan = warm
    ? { ...wanted, ...(await warmStart(registry, { model, datasetId: dataset.id, plan: wanted })) }
    : wanted;
  const run = await startRun(registry, {
    experiment: model.name,
    name: `tune ${model.name}`,
    kind: "tune",
    model: model.name,
    datasetId: dataset.id,
  });
  try {
    return await recordStudy(registry, {
      runId: run.id,
      model: model.name,
      definition,
      datasetId: dataset.id,
      plan,
      ...(name === undefined ? {} : { name }),
    });
  } catch (thrown) {
    await failRun(registry, run.id, asSlipwayError(thrown).message);
    throw thrown;
  }
}

function askedPlan(model: ModelSpec, request: TuneRequest): AskedPlan {
  const { pruner, goals, ...rest } = request;
  return {
    ...rest,
    ...(pruner === undefined ? {} : { pruner: prunerOf(model, pruner) }),
    ...(goals === undefined ? {} : { goals: goalsOf(model, goals) }),
  };
}

function firstPlan(model: ModelSpec, asked: AskedPlan): StudyPlan {
  const [metric] = model.metrics;
  if (metric === undefined)
    throw new SlipwayError("INPUT_INVALID", `Model ${model.name} names no metric to search by; add metrics to it.`);
  return {
    space: asked.space ?? usualSpace(model),
    goals: asked.goals ?? goalsOf(model, [metric.name]),
    sampler: asked.sampler ?? "auto",
    seed: asked.seed ?? 0,
    pruner: asked.pruner ?? prunerOf(model, "none"),
    trials: asked.trials ?? TRIALS,
    known: [],
    first: [],
  };
}

function goalsOf({ name, metrics }: ModelSpec, wanted: readonly string[]): readonly Goal[] {
  const known = [...metrics, { name: MODEL_SIZE, better: "lower" as const }];
  if (wanted.length === 0 || new Set(wanted).size < wanted.length)
    throw new SlipwayError(
      "INPUT_INVALID",
      `A study has one goal or several that differ, not ${JSON.stringify(wanted)}.`,
    );
  return wanted.map((goal) => {
    const found = known.find((each) => each.name === goal);
    if (found) return { name: found.name, better: found.better };
    const names = known.map((each) => each.name);
    throw new SlipwayError(
      "INPUT_INVALID",
      `Model ${name} has no metric ${JSON.stringify(goal)} to search by.${didYouMean(goal, names)} There is: ${names.join(", ")}.`,
    );
  });
}

/** Nothing is judged before half of the rounds: what learns slowly looks bad until then (docs/tuning.md has the figures). */
function prunerOf({ name, trainer }: ModelSpec, kind: PrunerOptions["kind"]): PrunerOptions {
  if (kind !== "none" && trainer.kind !== "xgboost")
    throw new SlipwayError(
      "INPUT_INVALID",
      `Model ${name} is trained by ${trainer.kind}, which tells of no rounds to prune by; leave --pruner out.`,
    );
  return { kind, minSteps: Math.max(1, Math.floor(trainer.rounds / 2)), maxSteps: Math.max(1, trainer.rounds) };
}

function requireLimits({ trials, parallel, seconds, timeout, patience }: TuneRequest): void {
  const whole = { "a budget of 1 trial": trials, "1 trial at once": parallel, "a patience of 1 trial": patience };
  for (const [least, value] of Object.entries(whole))
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      throw new SlipwayError("INPUT_INVALID", `A study has ${least} or more, not ${value}.`);
  for (const [what, value] of Object.entries({ seconds, timeout }))
    if (value !== undefined && !(value > 0))
      throw new SlipwayError("INPUT_INVALID", `${what} is a number above 0, not ${value}.`);
}

function nothingFound(trials: readonly TunedTrial[], metric: string, study: string): SlipwayError {
  return new SlipwayError(
    "TRAINER_FAILED",
    `None of ${trials.length} trials ended with a ${metric}; the last said: ${trials.at(-1)?.error ?? "nothing"}. Mend the model or its space, or go on with --study ${study}.`,
  );
}

function usualSpace({ name, trainer }: ModelSpec): Space {
  if (trainer.kind === "xgboost") return XGBOOST;
  throw new SlipwayError(
    "INPUT_INVALID",
    `Nothing is known of what to search for a trainer of kind ${trainer.kind}; give a space for model ${name}.`,
  );
}
