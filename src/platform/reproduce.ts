// Making a version again: what is no longer as it was, and, when nothing that matters is, the same training once more, held against the version byte
// by byte. Nothing is checked out, registered or moved.

import { SlipwayError, sha256 } from "../core/core.ts";
import { cutDataset, ensureSnapshot, foundSnapshot, type Snapshot, snapshotSchema } from "../datasets/datasets.ts";
import { findDefinition, type ModelSpec } from "../define/define.ts";
import { isLegibleRuntime } from "../ports/ports.ts";
import { type DatasetRecord, getDataset, readArtifact, runtimeOf, type VersionRecord } from "../registry/registry.ts";
import {
  baseOf,
  type FittedModel,
  fitModel,
  heldOutMetrics,
  learntLabels,
  type TrainingProgress,
} from "../training/training.ts";
import { type EnvironmentDifference, environmentDifferences } from "./environment-differences.ts";
import { trainingRows } from "./find-dataset.ts";
import { parentOf } from "./going-on.ts";
import { versionNamed } from "./model-operations.ts";
import type { Platform } from "./open.ts";

/** What to make again. */
export interface ReproduceRequest extends Pick<TrainingProgress, "onNote" | "onStep" | "signal"> {
  /** `model@number` or `model@alias`. */
  readonly version: string;
  /** Train also when something that matters is not as it was. */
  readonly anyway?: boolean;
}

/** What came of it. */
export interface Reproduction {
  readonly model: string;
  readonly version: number;
  readonly run: string | null;
  readonly dataset: string;
  readonly differences: readonly EnvironmentDifference[];
  /** `refused`: something that matters differs, and nothing was trained. */
  readonly verdict: "identical" | "different" | "refused";
  /** Hashes of the model's bytes; `after` is null where nothing was trained. */
  readonly artifact: { readonly before: string; readonly after: string | null };
  /** Where the bytes part first; null when they do not. */
  readonly first: FirstDifference | null;
  /** Metrics that came out otherwise. */
  readonly metrics: readonly { readonly name: string; readonly before: number; readonly after: number }[];
}

/** Where two artifacts part. */
export interface FirstDifference {
  readonly artifact: string;
  /** The first byte that differs; the shorter one's length when one begins with the other. */
  readonly offset: number;
  /** Bytes in all, then and now. */
  readonly sizes: readonly [number, number];
  /** What the byte belongs to, such as `tree 12, split_conditions of node 5`; null where nobody can tell. */
  readonly place: string | null;
}

/** Makes a version again and says whether it came out the same. */
export async function reproduceVersion(platform: Platform, request: ReproduceRequest): Promise<Reproduction> {
  const { registry, training } = platform;
  const version = await versionNamed(platform, request.version);
  const { datasetId } = version;
  if (datasetId === null)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${version.model}@${version.number} was not trained here: it names no dataset. Only versions that Slipway has trained can be made again.`,
    );
  if (learntLabels(version) !== undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${version.model}@${version.number} was learnt from labels as they were pushed, and not from a training set that could be made again. Its origin can: ${version.model}@${originOf(version)}.`,
    );
  const model = findDefinition(platform.project, "model", version.model);
  const record = await getDataset(registry, datasetId);
  const data = await dataFor(platform, model, record, request.onNote);
  const differences = [...(await environmentDifferences(platform, model, version)), ...data.differences];
  const told = {
    model: version.model,
    version: version.number,
    run: version.runId,
    dataset: datasetId,
    artifact: { before: version.artifactHash, after: null },
  };
  if (data.snapshot === undefined || (request.anyway !== true && differences.some(({ matters }) => matters)))
    return { ...told, differences, verdict: "refused", first: null, metrics: [] };
  const dataset = await cutDataset(training.engines, data.snapshot, trainingRows(record).bounds);
  const { threads } = version.environment as { readonly threads?: number };
  const from = await parentOf(platform, version);
  const { onNote, onStep, signal } = request;
  const fitted = await fitModel(
    { ...training.engines, ...(threads === undefined ? {} : { threads }) },
    { model, dataset, ...(from === undefined ? {} : { base: await baseOf(registry, from) }) },
    { ...(onNote ? { onNote } : {}), ...(onStep ? { onStep } : {}), ...(signal ? { signal } : {}) },
  );
  return {
    ...told,
    ...(await verdictOf(platform, version, fitted)),
    differences: [...differences, ...trainerOf(version, fitted)],
  };
}

/** The number of the version that another went on from. */
function originOf({ environment }: VersionRecord): number | undefined {
  return (environment as { readonly from?: { readonly version: number } }).from?.version;
}

/** The snapshot to train from, and how what the sources give today differs from what they gave then. */
async function dataFor(
  { training }: Platform,
  model: ModelSpec,
  record: DatasetRecord,
  onNote?: (text: string) => void,
): Promise<{ readonly snapshot: Snapshot | undefined; readonly differences: readonly EnvironmentDifference[] }> {
  const { engines } = training;
  const { snapshot: then } = record.sources as { readonly snapshot?: string };
  const fits = sameColumns(record, model);
  const stored = fits ? await foundSnapshot(engines, model, record.blob) : undefined;
  const kept = stored?.hash === then ? stored : undefined;
  try {
    const now = await ensureSnapshot(engines, model, onNote);
    if (now.hash === then) return { snapshot: now, differences: [] };
    const rows = kept === undefined ? "" : ` of ${kept.rowCount} rows`;
    const difference = {
      what: "data",
      before: `${then?.slice(0, 12)}${rows}`,
      after: `${now.hash.slice(0, 12)} of ${now.rowCount} rows`,
      matters: true,
      note: kept
        ? "the sources give other rows than then; the rows of then are kept and are trained from"
        : fits
          ? "the sources give other rows than then, and the rows of then are no longer kept"
          : "the definition makes other columns than then",
    };
    return { snapshot: kept ?? now, differences: [difference] };
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError) || thrown.code === "CANCELLED" || thrown.code === "INTERNAL") throw thrown;
    const difference = {
      what: "data",
      before: `${then?.slice(0, 12)}`,
      after: null,
      matters: true,
      note: `the sources cannot be read: ${thrown.message}`,
    };
    return { snapshot: kept, differences: [difference] };
  }
}

function sameColumns(record: DatasetRecord, model: ModelSpec): boolean {
  return JSON.stringify(record.columns) === JSON.stringify(snapshotSchema(model));
}

/** The trainer tells its version only when it has trained. */
function trainerOf(version: VersionRecord, { trained }: FittedModel): readonly EnvironmentDifference[] {
  const { name, version: now } = trained.engine;
  const { engines } = version.environment as { readonly engines?: Readonly<Record<string, string>> };
  const then = engines?.[name] ?? null;
  return then === now ? [] : [{ what: name, before: then, after: now, matters: true, note: "" }];
}

async function verdictOf(
  { registry, training }: Platform,
  version: VersionRecord,
  fitted: FittedModel,
): Promise<Pick<Reproduction, "verdict" | "artifact" | "first" | "metrics">> {
  const [then, now] = [await readArtifact(registry, version), fitted.trained.artifact];
  const offset = firstDifference(then, now);
  const runtime = runtimeOf(training.engines.runtimes, version.format);
  const place =
    offset === undefined || !isLegibleRuntime(runtime)
      ? undefined
      : runtime.placeOf(offset < now.length ? now : then, offset);
  const measured = heldOutMetrics(fitted);
  return {
    verdict: offset === undefined ? "identical" : "different",
    artifact: { before: version.artifactHash, after: sha256(now) },
    first:
      offset === undefined
        ? null
        : { artifact: `the model (${version.format})`, offset, sizes: [then.length, now.length], place: place ?? null },
    metrics: Object.entries(measured).flatMap(([name, value]) => {
      const before = version.metrics[name];
      return before === undefined || Object.is(before, value) ? [] : [{ name, before, after: value }];
    }),
  };
}

/** The first byte in which two differ; undefined when none does. */
export function firstDifference(one: Uint8Array, other: Uint8Array): number | undefined {
  const common = Math.min(one.length, other.length);
  for (let at = 0; at < common; at += 1) if (one[at] !== other[at]) return at;
  return one.length === other.length ? undefined : common;
}
