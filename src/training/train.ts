// Training as a record: a run from start to end, its dataset, its steps and metrics, and at the end a version. A run that fails or is
// stopped says so and leaves no version; one that is killed is found and marked when the records are next opened.

import { type Instant, SlipwayError, type Table } from "../core/core.ts";
import { type Dataset, type QualityFinding, type SplitBounds, streamPart } from "../datasets/datasets.ts";
import { definitionHash, type ModelSpec, type TaskSpec, taskText } from "../define/define.ts";
import type { ProcessUse, TrainedModel, TrainingStep } from "../ports/ports.ts";
import {
  failRun,
  finishRun,
  logMetrics,
  logParams,
  type NewVersion,
  type Provenance,
  type RegistryContext,
  type RunResources,
  registerVersion,
  startRun,
  type VersionRecord,
} from "../registry/registry.ts";
import { environmentOf } from "./environment.ts";
import { type FitEngines, type FittedModel, fitModel } from "./fit.ts";
import { readyDataset } from "./ready-dataset.ts";
import { type TrainingWatch, watched } from "./training-watch.ts";

/** What training works with. */
export interface TrainingContext {
  readonly engines: FitEngines;
  readonly registry: RegistryContext;
  /** The project's folder. */
  readonly root: string;
  /** What it is made with, as it was when the process took up the project's code. */
  readonly provenance: () => Promise<Omit<Provenance, "seeds">>;
  /** What this process has used so far. */
  readonly use: () => ProcessUse;
  /** What a version must keep about how it is served. */
  readonly contractOf: (model: ModelSpec, classes: readonly string[] | undefined) => unknown;
  /** What monitoring will compare with, from the training rows and the validation scores. */
  readonly profileOf: ProfileMaker;
  /** Holds the sources of a model to their expectations before anything is computed from them. Throws EXPECTATION_FAILED. */
  readonly requireSources: (model: ModelSpec, onNote?: (text: string) => void) => Promise<void>;
  readonly watch?: TrainingWatch;
}

/** Enough rows that a profile's own chance is far below any drift worth an alert. */
const PROFILE_ROWS = 50_000;

/** Makes a version's profile; given by the platform, because monitoring is another room. */
export type ProfileMaker = (fitted: FittedModel, tables: AsyncIterable<Table>, task: TaskSpec) => Promise<unknown>;

/** What to train. */
export interface TrainingRequest {
  readonly model: ModelSpec;
  /** Default: the model's own split over all rows. */
  readonly bounds?: SplitBounds;
  /** Without bounds: use only what was known by then; a split by lengths counts back from it. */
  readonly knownBy?: Instant;
  readonly withBaselines?: boolean;
  /** Why, for the run's name: "manual", "retrain". */
  readonly reason: string;
}

/** What a caller may show while it goes on. */
export interface TrainingProgress {
  readonly onNote?: (text: string) => void;
  readonly onDataset?: (dataset: Dataset, findings: readonly QualityFinding[]) => void;
  readonly onStep?: (step: TrainingStep) => void;
  readonly signal?: AbortSignal;
}

/** A finished training. */
export interface TrainedVersion {
  readonly version: VersionRecord;
  readonly dataset: Dataset;
  readonly findings: readonly QualityFinding[];
  readonly fitted: FittedModel;
}

/** Trains a model and registers the version. */
export async function trainVersion(
  context: TrainingContext,
  request: TrainingRequest,
  progress: TrainingProgress = {},
): Promise<TrainedVersion> {
  const { engines, registry, watch } = context;
  const { model } = request;
  const { dataset, findings } = await readyDataset(context, request, progress);
  const { trainer } = model;
  const provenance = await context.provenance();
  const before = context.use();
  const run = await startRun(registry, {
    experiment: model.name,
    name: `${request.reason} ${model.name}`,
    kind: "train",
    model: model.name,
    datasetId: dataset.id,
    provenance: { ...provenance, seeds: { trainer: trainer.seed } },
    root: context.root,
  });
  const ending = watch?.run(model, run, dataset);
  try {
    await logParams(registry, run.id, trainerParameters(model));
    const fitted = await fitModel(
      engines,
      request.withBaselines === undefined
        ? { model, dataset }
        : { model, dataset, withBaselines: request.withBaselines },
      {
        ...(progress.onStep ? { onStep: progress.onStep } : {}),
        ...(progress.onNote ? { onNote: progress.onNote } : {}),
        ...(progress.signal ? { signal: progress.signal } : {}),
      },
    );
    const { engine, use } = fitted.trained;
    const engineVersions = { ...provenance.engines, [engine.name]: engine.version };
    await logMetrics(registry, run.id, metricRows(fitted));
    const names = fitted.inputs.map(({ name }) => name);
    const profile = await context.profileOf(
      fitted,
      streamPart(engines, dataset, "train", names, PROFILE_ROWS),
      model.task,
    );
    const made: NewVersion = {
      model: model.name,
      runId: run.id,
      datasetId: dataset.id,
      definitionsHash: definitionHash(model),
      artifact: fitted.trained.artifact,
      format: fitted.trained.format,
      bestRound: fitted.trained.bestRound,
      inputs: fitted.inputs,
      features: context.contractOf(model, fitted.classes),
      metrics: versionMetrics(fitted),
      importance: fitted.trained.importance,
      profile,
      environment: {
        ...environmentOf({ ...provenance, engines: engineVersions }, trainer.seed),
        ...(engine.packages === undefined ? {} : { installed: engine.packages }),
      },
    };
    const version = await watched(watch?.registration(model, run), () => registerVersion(registry, made));
    await finishRun(registry, run.id, { engines: engineVersions, resources: usedSince(before, context.use(), use) });
    ending?.done(version);
    return { version, dataset, findings, fitted };
  } catch (thrown) {
    ending?.failed(thrown);
    const cancelled = thrown instanceof SlipwayError && thrown.code === "CANCELLED";
    await failRun(
      registry,
      run.id,
      thrown instanceof Error ? thrown.message : String(thrown),
      cancelled ? "cancelled" : "failed",
      { resources: usedSince(before, context.use()) },
    );
    throw thrown;
  }
}

function usedSince(
  before: ProcessUse,
  now: ProcessUse,
  trainer: TrainedModel["use"] | undefined = undefined,
): RunResources {
  return {
    elapsedSeconds: now.elapsedSeconds - before.elapsedSeconds,
    cpuSeconds: now.cpuSeconds - before.cpuSeconds + (trainer?.cpuSeconds ?? 0),
    peakMemory: Math.max(now.peakMemory, trainer?.peakMemory ?? 0),
    trainer: trainer ?? null,
  };
}

/** What a run records as parameters: everything that the trainer is told but the data. */
export function trainerParameters({ task, trainer }: ModelSpec): Readonly<Record<string, string | number | boolean>> {
  const { parameters, rounds, earlyStoppingRounds, seed } = trainer;
  const { stopOn, balance, monotone, interactions, unseen } = trainer;
  return {
    task: taskText(task),
    ...parameters,
    rounds,
    earlyStoppingRounds,
    seed,
    ...(stopOn === undefined ? {} : { stopOn }),
    ...(balance === undefined ? {} : { balance }),
    ...(monotone === undefined ? {} : { monotone: JSON.stringify(monotone) }),
    ...(interactions === undefined ? {} : { interactions: JSON.stringify(interactions) }),
    ...(unseen === undefined ? {} : { unseen }),
  };
}

/** How the version did, beside a constant and a model of the request values alone on the same test rows. */
function versionMetrics({ test, validate, baselines }: FittedModel): Record<string, number> {
  return {
    ...heldOutMetrics({ test, validate }),
    ...prefixed("constant", baselines.constant ?? {}),
    ...prefixed("requestOnly", baselines.requestOnly ?? {}),
  };
}

/** A fitted model's metrics as a version records them: `test.auc`, `validate.auc`. */
export function heldOutMetrics({ test, validate }: Pick<FittedModel, "test" | "validate">): Record<string, number> {
  return {
    ...prefixed("test", test),
    ...prefixed("validate", validate),
  };
}

function prefixed(prefix: string, metrics: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${prefix}.${name}`, value]));
}

/** Every round's metrics, and at the best round those on held-out rows. */
export function metricRows(fitted: FittedModel): readonly { key: string; step: number; value: number }[] {
  const steps = fitted.trained.steps.flatMap(({ round, metrics }) =>
    Object.entries(metrics).map(([key, value]) => ({ key, step: round, value })),
  );
  const last = fitted.trained.bestRound;
  const scores = heldOutMetrics(fitted);
  return [...steps, ...Object.entries(scores).map(([key, value]) => ({ key, step: last, value }))];
}
