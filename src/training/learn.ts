// Learning from what happened: an online version goes on with labelled predictions in the order of their labels. What it has read of the labels is part of the
// version, and both become visible at once, so that a process that is killed has learnt nothing, and the next begins where the last version ended.

import { asSlipwayError, matrixColumns } from "../core/core.ts";
import type { ModelSpec } from "../define/define.ts";
import { definitionHash } from "../define/define.ts";
import type { TrainedModel, TrainingJob } from "../ports/ports.ts";
import {
  failRun,
  finishRun,
  logMetrics,
  logParams,
  readArtifact,
  registerVersion,
  startRun,
  type VersionRecord,
} from "../registry/registry.ts";
import { continuedOrigin, continuedParameters, continuing } from "./continuation.ts";
import { environmentOf } from "./environment.ts";
import { trainerOf } from "./fit.ts";
import { matrixTables } from "./preprocessing/fit-inputs.ts";
import { trainerParameters } from "./run-values.ts";
import type { TrainingContext, TrainingProgress } from "./training-context.ts";

/** Where a version's reading of the labels ended: lines by segment. */
export interface LearntLabels {
  /** Labelled predictions that it and those before it have learnt from. */
  readonly events: number;
  readonly place: Readonly<Record<string, number>>;
}

/** What a version has learnt from labels that were pushed; undefined for one that has not. */
export function learntLabels({ environment }: Pick<VersionRecord, "environment">): LearntLabels | undefined {
  return ((environment ?? {}) as { readonly learnt?: LearntLabels }).learnt;
}

/** What to learn from. */
export interface LearnRequest {
  readonly model: ModelSpec;
  /** The version to go on from. */
  readonly base: VersionRecord;
  /** Labelled predictions in the order of their labels: a column per raw input, and `label`. */
  readonly rows: TrainingJob["train"];
  /** Where the labels end. */
  readonly place: LearntLabels["place"];
}

/** Learns from rows and registers the version; it is nobody's champion. */
export async function learnVersion(
  context: TrainingContext,
  { model, base, rows, place }: LearnRequest,
  { onStep, signal }: Pick<TrainingProgress, "onStep" | "signal"> = {},
): Promise<{ readonly version: VersionRecord; readonly trained: TrainedModel }> {
  const { engines, registry } = context;
  const { trainer } = model;
  const from = { version: base, refresh: false };
  const provenance = await context.provenance();
  const run = await startRun(registry, {
    experiment: model.name,
    name: `learn ${model.name}`,
    kind: "train",
    model: model.name,
    ...(base.datasetId === null ? {} : { datasetId: base.datasetId }),
    provenance: { ...provenance, seeds: { trainer: trainer.seed } },
    root: context.root,
  });
  try {
    await logParams(registry, run.id, { ...trainerParameters(model), ...continuedParameters(from), learn: "labels" });
    const artifact = await readArtifact(registry, base);
    const trained = await continuing(trainerOf(engines.trainers, trainer.kind)).fitOn(
      { artifact, rounds: base.bestRound },
      {
        inputs: matrixColumns(base.inputs),
        label: "label",
        task: model.task,
        train: matrixTables(base.inputs, rows),
        parameters: trainer.parameters,
        rounds: trainer.rounds,
        seed: trainer.seed,
        threads: engines.threads,
      },
      { ...(onStep ? { onStep } : {}), ...(signal ? { signal } : {}) },
    );
    await logMetrics(
      registry,
      run.id,
      trained.steps.flatMap(({ round, metrics }) =>
        Object.entries(metrics).map(([key, value]) => ({ key, step: round, value })),
      ),
    );
    const last = trained.steps.at(-1)?.metrics ?? {};
    const learnt: LearntLabels = {
      events: (learntLabels(base)?.events ?? 0) + (last["progressive-rows"] ?? 0),
      place,
    };
    const engineVersions = { ...provenance.engines, [trained.engine.name]: trained.engine.version };
    const version = await registerVersion(registry, {
      model: model.name,
      runId: run.id,
      datasetId: base.datasetId,
      definitionsHash: definitionHash(model),
      artifact: trained.artifact,
      format: trained.format,
      bestRound: trained.bestRound,
      inputs: base.inputs,
      features: context.contractOf(model, undefined),
      metrics: last,
      importance: trained.importance,
      profile: base.profile,
      environment: {
        ...environmentOf({ ...provenance, engines: engineVersions }, trainer.seed),
        from: continuedOrigin(from),
        learnt,
      },
    });
    await finishRun(registry, run.id, { engines: engineVersions });
    return { version, trained };
  } catch (thrown) {
    const { code, message } = asSlipwayError(thrown);
    await failRun(registry, run.id, message, code === "CANCELLED" ? "cancelled" : "failed");
    throw thrown;
  }
}
