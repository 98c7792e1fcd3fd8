// Training as a record: a run from start to end, its dataset, its steps and metrics, and at the end a version. A run that fails or is
// stopped says so and leaves no version; one that is killed is found and marked when the records are next opened.

import { rawNames, SlipwayError } from "../core/core.ts";
import { type Dataset, type QualityFinding, streamPart } from "../datasets/datasets.ts";
import { definitionHash } from "../define/define.ts";
import type { ProcessUse, TrainedModel } from "../ports/ports.ts";
import {
  calibrationBytes,
  failRun,
  finishRun,
  logMetrics,
  logParams,
  type NewVersion,
  type RunResources,
  registerVersion,
  startRun,
  type VersionRecord,
} from "../registry/registry.ts";
import { baseOf, continuedOrigin, continuedParameters, continuing, firstNewRow } from "./continuation.ts";
import { type CrossValidation, crossValidate, earlierDatasets, foldMetrics } from "./cross-validate.ts";
import { environmentOf } from "./environment.ts";
import { type FittedModel, fitModel, trainerOf } from "./fit.ts";
import { readyDataset } from "./ready-dataset.ts";
import { metricRows, trainerParameters, versionMetrics } from "./run-values.ts";
import type { TrainingContext, TrainingProgress, TrainingRequest } from "./training-context.ts";
import { watched } from "./training-watch.ts";

/** Enough rows that a profile's own chance is far below any drift worth an alert. */
const PROFILE_ROWS = 50_000;

/** A finished training. */
export interface TrainedVersion {
  readonly version: VersionRecord;
  readonly dataset: Dataset;
  readonly findings: readonly QualityFinding[];
  readonly fitted: FittedModel;
  /** How it did on all folds of a rolling split. */
  readonly crossValidation?: CrossValidation;
}

/** Trains a model and registers the version. */
export async function trainVersion(
  context: TrainingContext,
  request: TrainingRequest,
  progress: TrainingProgress = {},
): Promise<TrainedVersion> {
  const { engines, registry, watch } = context;
  const { model } = request;
  const { from } = request;
  if (from) continuing(trainerOf(engines.trainers, model.trainer.kind));
  const base = from && (await baseOf(registry, from));
  const newRows = from && { trainFrom: await firstNewRow(registry, from.version) };
  const { dataset, findings } = await readyDataset(context, { ...request, ...newRows }, progress);
  const { trainer } = model;
  // Cut before anything is fitted: a fold without rows is no reason to find out at the end.
  const earlier =
    request.bounds === undefined && from === undefined ? await earlierDatasets(engines, model, dataset) : [];
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
    await logParams(registry, run.id, { ...trainerParameters(model), ...continuedParameters(from) });
    const fitted = await fitModel(
      engines,
      {
        model,
        dataset,
        ...(base === undefined ? {} : { base }),
        ...(request.withBaselines === undefined ? {} : { withBaselines: request.withBaselines }),
      },
      {
        ...(progress.onStep ? { onStep: progress.onStep } : {}),
        ...(progress.onNote ? { onNote: progress.onNote } : {}),
        ...(progress.signal ? { signal: progress.signal } : {}),
      },
    );
    const { engine, use } = fitted.trained;
    const engineVersions = { ...provenance.engines, [engine.name]: engine.version };
    await logMetrics(registry, run.id, metricRows(fitted));
    const crossValidation =
      earlier.length === 0
        ? undefined
        : await crossValidate(
            context,
            model,
            earlier,
            { dataset, fitted, parentId: run.id, memory: provenance.machine.memory },
            progress,
          );
    const acrossFolds = crossValidation === undefined ? {} : foldMetrics(crossValidation);
    const step = fitted.trained.bestRound;
    await logMetrics(
      registry,
      run.id,
      Object.entries(acrossFolds).map(([key, value]) => ({ key, step, value })),
    );
    const names = rawNames(fitted.inputs);
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
      ...(fitted.calibration === undefined ? {} : { calibration: calibrationBytes(fitted.calibration) }),
      format: fitted.trained.format,
      bestRound: fitted.trained.bestRound,
      inputs: fitted.inputs,
      features: context.contractOf(model, fitted.classes),
      metrics: { ...versionMetrics(fitted), ...acrossFolds },
      importance: fitted.trained.importance,
      profile,
      environment: {
        ...environmentOf({ ...provenance, engines: engineVersions }, trainer.seed),
        ...(engine.packages === undefined ? {} : { installed: engine.packages }),
        ...(from === undefined ? {} : { from: continuedOrigin(from) }),
      },
    };
    const version = await watched(watch?.registration(model, run), () => registerVersion(registry, made));
    await finishRun(registry, run.id, { engines: engineVersions, resources: usedSince(before, context.use(), use) });
    ending?.done(version);
    return { version, dataset, findings, fitted, ...(crossValidation === undefined ? {} : { crossValidation }) };
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
