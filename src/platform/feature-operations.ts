// What users do with features: see them, bring them online, read them, take them out as a training set, and audit them.

import { resolve } from "node:path";
import { formatInstant, type Instant, SlipwayError } from "../core/core.ts";
import { checkSources, ensureSnapshot, type Snapshot, writeSnapshot } from "../datasets/datasets.ts";
import { definitionHash, definitionsOf, type FeatureViewSpec, findDefinition } from "../define/define.ts";
import {
  type AuditResult,
  auditView,
  foldEvents,
  holdingView,
  type KeptUp,
  keepUp,
  type MaterializeProgress,
  materializedThrough,
  onlineView,
} from "../features/features.ts";
import { keptPosition } from "../ingest/ingest.ts";
import type { WrittenFile } from "../ports/ports.ts";
import { instantToSql } from "../records/records.ts";
import { loggedReads, logSql } from "../serving/serving.ts";
import { watched } from "../training/training.ts";
import { requireApplied } from "./apply.ts";
import { atOnce } from "./at-once.ts";
import { enforceSources, type OnEnforced, sourcesOf } from "./guard-operations.ts";
import { type Platform, predictionLog } from "./open.ts";
import { isPushSource, openPushing } from "./push-operations.ts";

/** A view and how far it is online. */
export interface ViewStatus {
  readonly view: FeatureViewSpec;
  readonly hash: string;
  /** Everything known up to here is online; undefined when it was never materialised. */
  readonly through: Instant | undefined;
}

/** The project's views, or the named ones. Throws DEFINITION_NOT_FOUND. */
export function viewsNamed({ project }: Platform, names: readonly string[]): readonly FeatureViewSpec[] {
  return names.length === 0
    ? definitionsOf(project, "featureView")
    : names.map((name) => findDefinition(project, "featureView", name));
}

/** The views with how far each is online. */
export function describeViews(platform: Platform, names: readonly string[] = []): Promise<readonly ViewStatus[]> {
  return Promise.all(
    viewsNamed(platform, names).map(async (view) => ({
      view,
      hash: definitionHash(view),
      through: await materializedThrough(platform.engines.online, onlineView(view)),
    })),
  );
}

/** What to bring online and how to follow it. */
export interface MaterializeRequest {
  /** Views by name; none for all. */
  readonly views?: readonly string[];
  /** Up to when; never later than the clock, so that a date in the future blocks nothing. Default now. */
  readonly to?: Instant;
  /** How many views at once. Default 1. */
  readonly parallel?: number;
  readonly onProgress?: (progress: MaterializeProgress) => void;
  /** Told of rows that were set aside and of expectations that failed with a warning. */
  readonly onEnforced?: OnEnforced;
  readonly signal?: AbortSignal;
}

/**
 * Brings views online, from where each stands. Where one fails the others stop where they are, to go on from there another time. One that another run is at is
 * left to that: the others are brought online, and then it ends with STATE_LOCKED.
 */
export async function materialize(platform: Platform, request: MaterializeRequest = {}): Promise<readonly KeptUp[]> {
  await requireApplied(platform);
  const { engines, registry } = platform;
  const now = engines.clock.now();
  const to = request.to !== undefined && request.to < now ? request.to : now;
  const views = viewsNamed(platform, request.views ?? []);
  // All sources first, so that a bad one leaves every view as it was.
  for (const { source } of views) await engines.offline.check(source);
  const sources = views.map(({ source }) => source);
  await enforceSources(platform, sources, to, request.onEnforced);
  const busy: SlipwayError[] = [];
  const done = await atOnce(views, request.parallel ?? 1, request.signal, async (spec, signal) => {
    const watch = { ...(request.onProgress ? { onProgress: request.onProgress } : {}), signal };
    const progress = await watched(platform.lineage.materialization(spec), () =>
      materializeOne(platform, spec, to, watch),
    ).catch((thrown: unknown) => {
      if (!(thrown instanceof SlipwayError && thrown.code === "STATE_LOCKED")) throw thrown;
      busy.push(thrown);
      return undefined;
    });
    if (progress === undefined) return undefined;
    await registry.records.db
      .insertInto("materializations")
      .values({
        view: spec.name,
        definition_hash: definitionHash(spec),
        through: instantToSql(progress.through),
        row_count: progress.rows,
        at: instantToSql(now),
      })
      .execute();
    return progress;
  });
  if (busy[0]) throw busy[0];
  return done.filter((each) => each !== undefined);
}

async function materializeOne(
  platform: Platform,
  spec: FeatureViewSpec,
  to: Instant,
  watch: Pick<MaterializeRequest, "onProgress" | "signal">,
): Promise<KeptUp> {
  const { engines } = platform;
  const view = onlineView(spec);
  if (!isPushSource(spec.source) || !engines.events)
    return holdingView(engines, view, () => keepUp(engines, view, to, watch));
  // Who takes events in brings them online, too; what is left to others is a view that the owner does not know.
  const intake = await openPushing(platform).catch((thrown: unknown) => {
    if (thrown instanceof SlipwayError && thrown.code === "STATE_LOCKED") return undefined;
    throw thrown;
  });
  if (!intake) {
    const { number, through = to } = await keptPosition(engines.online, spec.source);
    const upTo = { number, through: through < to ? through : to };
    return holdingView(engines, view, () => foldEvents(engines, view, upTo, watch));
  }
  await intake.settle();
  return { view: spec.name, rows: 0, through: (await materializedThrough(engines.online, view)) ?? to };
}

/** Writes a model's whole training set, with features as of each row's time, to a Parquet file. */
export async function writeTrainingSet(platform: Platform, model: string, file: string): Promise<WrittenFile> {
  const { offline } = platform.engines;
  const spec = findDefinition(platform.project, "model", model);
  await checkSources(offline, spec);
  await enforceSources(platform, sourcesOf(spec), platform.engines.clock.now());
  return watched(
    platform.lineage.trainingSet(spec, resolve(file)),
    () => writeSnapshot(offline, spec, file),
    ({ rowCount, bytes, hash }) => ({ rows: rowCount, bytes, files: 1, id: hash }),
  );
}

/** Computes a model's features as of every row's time, and keeps them for training; what is there already is used again. */
export function computeFeatures(platform: Platform, model: string, onNote?: (text: string) => void): Promise<Snapshot> {
  return ensureSnapshot(platform.training.engines, findDefinition(platform.project, "model", model), onNote);
}

/** What an audit found over all views of a model. */
export interface AuditSummary {
  readonly model: string;
  readonly predictions: number;
  /** One per prediction and view. */
  readonly reads: number;
  readonly mismatches: number;
  readonly views: readonly AuditResult[];
}

/** Holds the logged online reads of a model's predictions against the offline join. */
export async function auditReads(
  platform: Platform,
  model: string,
  range: { readonly from?: Instant; readonly to?: Instant } = {},
): Promise<AuditSummary> {
  const { offline } = platform.engines;
  const spec = findDefinition(platform.project, "model", model);
  const predictions = await logSql(predictionLog(platform), spec, range);
  if (predictions === undefined) {
    const when = [range.from && `from ${formatInstant(range.from)}`, range.to && `before ${formatInstant(range.to)}`];
    throw new SlipwayError(
      "NOT_READY",
      `Model "${model}" has made no predictions${when
        .filter(Boolean)
        .map((text) => ` ${text}`)
        .join("")}; there is nothing to audit.`,
    );
  }
  const views: AuditResult[] = [];
  for (const view of spec.views) views.push(await auditView(offline, loggedReads(offline.dialect, view, predictions)));
  const total = (figure: "reads" | "mismatches"): number => views.reduce((sum, view) => sum + view[figure], 0);
  return { model, predictions: views[0]?.reads ?? 0, reads: total("reads"), mismatches: total("mismatches"), views };
}
