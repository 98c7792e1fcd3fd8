// Runs as documents: what the command line, the server and a console show of them. Native runs and those of tracking clients have one shape.

import { type ColumnSchema, didYouMean, formatInstant, SlipwayError } from "../core/core.ts";
import { definitionsOf } from "../define/define.ts";
import {
  findRun,
  findRuns,
  getDataset,
  listExperiments,
  metricHistory,
  provenanceOf,
  type RunFilter,
  type RunProvenance,
  type RunRecord,
  recordedModels,
  versionsOfRuns,
} from "../registry/registry.ts";
import type { Platform } from "./open.ts";

/** A run as it is listed. */
export interface ListedRun extends Omit<RunRecord, "startedAt" | "endedAt" | "experimentId" | "datasets"> {
  /** The experiment's name. */
  readonly experiment: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Null while it runs. */
  readonly durationSeconds: number | null;
  /** Ids of the recorded datasets it used. */
  readonly datasets: readonly string[];
  /** The versions it made, as `model@version`. */
  readonly versions: readonly string[];
}

/** A run with everything that is known of it. */
export interface ShownRun extends Omit<ListedRun, "datasets"> {
  readonly datasets: readonly RunDataset[];
  /** What it was made with; null for runs that a client told of. */
  readonly provenance: RunProvenance | null;
  /** Metrics with more than one value, by name. */
  readonly curves: Readonly<Record<string, readonly MetricValue[]>>;
}

/** A dataset of a run. */
export interface RunDataset {
  /** The hash of its content. */
  readonly id: string;
  readonly model: string;
  readonly rows: number;
  readonly timeFrom: string | null;
  readonly timeTo: string | null;
  readonly columns: readonly ColumnSchema[];
}

/** One value of a metric. */
export interface MetricValue {
  readonly step: number;
  readonly value: number;
  /** ISO 8601. */
  readonly at: string;
}

/** Runs that fit a filter. Throws MODEL_NOT_FOUND for a model that neither the project nor the records know. */
export async function runList(
  platform: Platform,
  filter: RunFilter = {},
): Promise<{ readonly runs: readonly ListedRun[]; readonly next: string | undefined }> {
  const { registry } = platform;
  if (filter.model !== undefined) await requireKnownModel(platform, filter.model);
  const { runs, next } = await findRuns(registry, filter);
  return { runs: await listed(platform, runs), next };
}

/** Refuses a model that neither the project nor the records know. */
export async function requireKnownModel(
  { registry, project }: Pick<Platform, "registry" | "project">,
  model: string,
): Promise<void> {
  const defined = definitionsOf(project, "model").map(({ name }) => name);
  const known = [...new Set([...defined, ...(await recordedModels(registry))])].sort();
  if (known.includes(model)) return;
  const list = known.length === 0 ? "There is none yet." : `There is: ${known.slice(0, 20).join(", ")}.`;
  throw new SlipwayError(
    "MODEL_NOT_FOUND",
    `There is no model ${JSON.stringify(model)}, neither defined nor recorded.${didYouMean(model, known)} ${list}`,
    { details: { model } },
  );
}

async function listed({ registry }: Platform, runs: readonly RunRecord[]): Promise<readonly ListedRun[]> {
  const experiments = new Map((await listExperiments(registry)).map(({ id, name }) => [id, name]));
  const made = await versionsOfRuns(
    registry,
    runs.map(({ id }) => id),
  );
  return runs.map(({ experimentId, startedAt, endedAt, ...run }) => ({
    ...run,
    experiment: experiments.get(experimentId) ?? experimentId,
    startedAt: formatInstant(startedAt),
    endedAt: endedAt === null ? null : formatInstant(endedAt),
    // On a clock that was put elsewhere the two instants say nothing of how long it took.
    durationSeconds: run.resources?.elapsedSeconds ?? (endedAt === null ? null : Number(endedAt - startedAt) / 1e6),
    versions: made.get(run.id) ?? [],
  }));
}

/** One run, found by its id, the start or end of it, its name, or as `model@version`. */
export async function showRun(platform: Platform, reference: string): Promise<ShownRun> {
  const { registry } = platform;
  const record = await findRun(registry, reference);
  const [run] = await listed(platform, [record]);
  if (!run) throw new SlipwayError("RUN_NOT_FOUND", `There is no run ${reference}.`, { details: { run: reference } });
  const datasets = await Promise.all(
    record.datasets.map(async (id) => {
      const { model, rowCount, timeFrom, timeTo, columns } = await getDataset(registry, id);
      return {
        id,
        model,
        rows: rowCount,
        timeFrom: timeFrom === null ? null : formatInstant(timeFrom),
        timeTo: timeTo === null ? null : formatInstant(timeTo),
        columns,
      };
    }),
  );
  const curves: Record<string, readonly MetricValue[]> = {};
  for (const name of Object.keys(run.metrics)) {
    const values = await historyOf(platform, record.id, name);
    if (values.length > 1) curves[name] = values;
  }
  return { ...run, datasets, provenance: (await provenanceOf(registry, record.id)) ?? null, curves };
}

/** Every value of a run's metric, by step. Throws INPUT_INVALID with the nearest name when it has none of that name. */
export async function runMetric(platform: Platform, reference: string, name: string): Promise<readonly MetricValue[]> {
  const run = await findRun(platform.registry, reference);
  const values = await historyOf(platform, run.id, name);
  if (values.length > 0) return values;
  throw new SlipwayError(
    "METRIC_NOT_FOUND",
    `Run ${run.id} has no metric ${JSON.stringify(name)}.${didYouMean(name, Object.keys(run.metrics))}`,
    { details: { run: run.id, metric: name } },
  );
}

async function historyOf({ registry }: Platform, id: string, name: string): Promise<readonly MetricValue[]> {
  return (await metricHistory(registry, id, name)).map(({ step, value, at }) => ({
    step,
    value,
    at: formatInstant(at),
  }));
}
