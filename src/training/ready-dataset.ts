// The rows that a model learns from, cut and recorded: sources held to their expectations, the snapshot made or found, parts by time.

import type { Instant } from "../core/core.ts";
import {
  cutDataset,
  type Dataset,
  type DatasetSource,
  ensureSnapshot,
  modelDefinitions,
  ownBounds,
  type QualityFinding,
  snapshotSchema,
  snapshotSources,
  trainingFindings,
} from "../datasets/datasets.ts";
import { definitionHash } from "../define/define.ts";
import { datasetOfBlob, type RegistryContext, recordDataset } from "../registry/registry.ts";
import { leakageFindings } from "./leakage.ts";
import type { TrainingContext, TrainingProgress, TrainingRequest } from "./training-context.ts";
import { watched } from "./training-watch.ts";

/** Makes or finds the dataset of a training and records it. */
export async function readyDataset(
  context: TrainingContext,
  request: Pick<TrainingRequest, "model" | "bounds" | "knownBy"> & { readonly trainFrom?: Instant },
  progress: TrainingProgress,
): Promise<{ readonly dataset: Dataset; readonly findings: readonly QualityFinding[] }> {
  const { engines, watch } = context;
  const { model, trainFrom } = request;
  await context.requireSources(model, progress.onNote);
  const { dataset, findings } = await watched(watch?.dataset(model), async () => {
    const made = await ensureSnapshot(engines, model, progress.onNote);
    const asked = request.bounds ?? (await ownBounds(engines, made, request.knownBy));
    const cut = await cutDataset(engines, made, trainFrom === undefined ? asked : { ...asked, trainFrom });
    return {
      dataset: cut,
      findings: [...(await trainingFindings(engines, cut)), ...(await leakageFindings(engines, cut))],
    };
  });
  progress.onDataset?.(dataset, findings);
  await recordCut(context, dataset, findings);
  return { dataset, findings };
}

/** Records a dataset that was cut out of a snapshot. */
export async function recordCut(
  { engines, registry }: Pick<TrainingContext, "engines" | "registry">,
  dataset: Dataset,
  findings: readonly QualityFinding[],
): Promise<void> {
  const { snapshot, bounds } = dataset;
  const { model } = snapshot;
  await recordDataset(registry, {
    id: dataset.id,
    model: model.name,
    definitionsHash: definitionHash(model),
    rowCount: dataset.parts.train.rows,
    columns: snapshotSchema(model),
    blob: snapshot.blob,
    timeFrom: dataset.parts.train.from,
    timeTo: dataset.parts.train.to,
    labelStats: { parts: dataset.parts, bounds },
    findings,
    sources: {
      snapshot: snapshot.hash,
      sources: (await knownSources(registry, snapshot.blob)) ?? (await snapshotSources(engines, snapshot)),
      views: modelDefinitions(model).views,
    },
  });
}

/** The sources of a snapshot as an earlier training on it recorded them: their files need not be read again. */
async function knownSources(registry: RegistryContext, blob: string): Promise<readonly DatasetSource[] | undefined> {
  const earlier = await datasetOfBlob(registry, blob);
  const { sources } = (earlier?.sources ?? {}) as { readonly sources?: readonly DatasetSource[] };
  return sources;
}
