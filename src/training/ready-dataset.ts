// The rows that a model learns from, cut and recorded: sources held to their expectations, the snapshot made or found, parts by time.

import type { Instant } from "../core/core.ts";
import {
  cutDataset,
  type Dataset,
  type DatasetSource,
  ensureSnapshot,
  modelDefinitions,
  type QualityFinding,
  type SplitBounds,
  snapshotSchema,
  snapshotSources,
  splitBounds,
  trainingFindings,
} from "../datasets/datasets.ts";
import { definitionHash, type ModelSpec } from "../define/define.ts";
import { datasetOfBlob, type RegistryContext, recordDataset } from "../registry/registry.ts";
import { leakageFindings } from "./leakage.ts";
import type { TrainingContext, TrainingProgress, TrainingRequest } from "./train.ts";
import { watched } from "./training-watch.ts";

/** Makes or finds the dataset of a training and records it. */
export async function readyDataset(
  context: TrainingContext,
  request: Pick<TrainingRequest, "model" | "bounds" | "knownBy">,
  progress: TrainingProgress,
): Promise<{ readonly dataset: Dataset; readonly findings: readonly QualityFinding[] }> {
  const { engines, registry, watch } = context;
  const { model } = request;
  await context.requireSources(model, progress.onNote);
  const { snapshot, bounds, dataset, findings } = await watched(watch?.dataset(model), async () => {
    const made = await ensureSnapshot(engines, model, progress.onNote);
    const asked = request.bounds ?? ownBounds(model, made.newest, request.knownBy);
    const cut = await cutDataset(engines, made, asked);
    return {
      snapshot: made,
      bounds: asked,
      dataset: cut,
      findings: [...(await trainingFindings(engines, cut)), ...(await leakageFindings(engines, cut))],
    };
  });
  progress.onDataset?.(dataset, findings);
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
  return { dataset, findings };
}

/** The sources of a snapshot as an earlier training on it recorded them: their files need not be read again. */
async function knownSources(registry: RegistryContext, blob: string): Promise<readonly DatasetSource[] | undefined> {
  const earlier = await datasetOfBlob(registry, blob);
  const { sources } = (earlier?.sources ?? {}) as { readonly sources?: readonly DatasetSource[] };
  return sources;
}

function ownBounds({ split }: ModelSpec, newest: Instant, knownBy: Instant | undefined): SplitBounds {
  if (knownBy === undefined) return splitBounds(split, newest);
  return { ...splitBounds(split, knownBy - 1n < newest ? knownBy - 1n : newest), until: knownBy, knownBy };
}
