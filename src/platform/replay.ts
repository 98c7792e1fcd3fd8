// A replay: a period of production lived again, event by event, on a clock that goes where it is told, through the real online store, serving,
// log, monitors and retraining. It has a state folder of its own and touches nothing of the project's; killed half-way, it goes on where
// it was.

import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, contentHash, days, floorTo, formatInstant, type Instant, SlipwayError } from "../core/core.ts";
import { ensureSnapshot } from "../datasets/datasets.ts";
import { definitionsOf, findDefinition, type ModelSpec, type RetrainSpec } from "../define/define.ts";
import { materializedThrough, materializeView, onlineView } from "../features/features.ts";
import { aliasOf, moveAlias } from "../registry/registry.ts";
import { CHAMPION, logSql, type Serving } from "../serving/serving.ts";
import { applyDefinitions } from "./apply.ts";
import type { EngineFactory } from "./engines.ts";
import { materialize } from "./feature-operations.ts";
import { type OpenOptions, openPlatform, type Platform, predictionLog } from "./open.ts";
import { askingRows, featureFeed } from "./replay-feed.ts";
import { startServing } from "./serve.ts";
import type { TrainOutcome } from "./train-operations.ts";
import { trainModel } from "./train-operations.ts";
import { type WatchRound, watchOnce } from "./watch.ts";

/** What to live again. */
export interface ReplayRequest {
  readonly model: string;
  /** Predictions are asked from here on; the first version is trained on what was known by then. */
  readonly from: Instant;
  /** Exclusive. */
  readonly to: Instant;
  readonly signal?: AbortSignal;
  readonly onNote?: (text: string) => void;
  /** The first version, when it is trained now and not found. */
  readonly onFirst?: (first: TrainOutcome) => void;
  /** After each day. */
  readonly onDay?: (day: ReplayDay) => void;
}

/** One day of a replay. */
export interface ReplayDay {
  readonly day: string;
  readonly predictions: number;
  readonly round: WatchRound;
  readonly version: number | undefined;
}

/** A replay that has reached its end. */
export interface ReplayResult {
  readonly frozen: number;
  readonly predictions: number;
  /** Days that an earlier, interrupted run had done already. */
  readonly daysFound: number;
}

/** A replay's own platform, beside the project's. */
export interface OpenReplay {
  readonly platform: Platform;
  /** Hash of what is replayed: another period, other definitions or other source files are another replay. */
  readonly identity: string;
  /** Whether an earlier run of the same replay is taken up. */
  readonly resumed: boolean;
  close(): Promise<void>;
}

/**
 * Opens a replay beside a project: same definitions, sources and snapshots; its own records, online store and log under the project's
 * state. An earlier run of the same replay is taken up; one of anything else is thrown away.
 */
export async function openReplay(
  options: OpenOptions,
  shared: Platform,
  request: Pick<ReplayRequest, "model" | "from" | "to">,
): Promise<OpenReplay> {
  const { model, from, to } = request;
  const { offline, blobs } = shared.engines;
  const sources = await Promise.all(
    definitionsOf(shared.project, "source").map((source) => offline.fingerprint(source)),
  );
  const identity = contentHash({ definitions: shared.project.hash, model, from, to, sources });
  const stateDir = join(shared.stateDir, "replay");
  const earlier = await replayProgress(stateDir);
  const resumed = earlier?.identity === identity;
  if (!resumed) await rm(stateDir, { recursive: true, force: true });
  await mkdir(stateDir, { recursive: true });
  const factory = (options.config.engines as EngineFactory | undefined) ?? options.engines;
  const { startAt: _, ...rest } = options;
  const platform = await openPlatform({
    ...rest,
    stateDir,
    clock: (engines) => engines.clocks.replay(from),
    engines: async (context) => {
      const opened = await factory({ ...context, disposable: true });
      await opened.offline.close();
      await opened.events?.close();
      // Pushed events are those of the project, and are fed by the time they became known, as all others are.
      // And nobody is told of alerts that would have been.
      const { events: _, notifier: _notifier, ...others } = opened;
      return { ...others, offline, blobs };
    },
    config: { name: options.config.name, definitions: options.config.definitions },
  });
  return {
    platform,
    identity,
    resumed,
    async close() {
      // Not the platform's close: the offline engine is the project's.
      await platform.engines.log.close();
      await platform.registry.records.close();
      await platform.engines.online.close();
    },
  };
}

/** How far a replay has come; kept in a file of its own, written after each day. */
interface Progress {
  /** What is replayed: another period or other definitions start anew. */
  readonly identity: string;
  readonly frozen: number;
  readonly doneUntil: string;
  readonly predictions: number;
  readonly days: number;
}

/** Where an earlier run of the same replay got to; undefined when there is none. */
async function replayProgress(stateDir: string): Promise<Progress | undefined> {
  try {
    return JSON.parse(await readFile(join(stateDir, "progress.json"), "utf8")) as Progress;
  } catch {
    return undefined;
  }
}

async function saveProgress(stateDir: string, progress: Progress): Promise<void> {
  const target = join(stateDir, "progress.json");
  const temporary = `${target}.tmp`;
  const handle = await open(temporary, "w");
  try {
    await handle.writeFile(canonicalJson(progress));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, target);
}

/** Runs a replay to its end, or on from where it was stopped. */
export async function runReplay({ platform, identity }: OpenReplay, request: ReplayRequest): Promise<ReplayResult> {
  const model = findDefinition(platform.project, "model", request.model);
  const found = await replayProgress(platform.stateDir);
  const begun = found?.identity === identity ? found : await begin(platform, identity, model, request);
  const serving = await startServing(platform);
  try {
    return await live(platform, serving, model, begun, request, begun === found ? begun.days : 0);
  } finally {
    await serving.close();
  }
}

async function begin(
  platform: Platform,
  identity: string,
  model: ModelSpec,
  request: ReplayRequest,
): Promise<Progress> {
  advanceClock(platform, request.from);
  await applyDefinitions(platform);
  const rule = definitionsOf(platform.project, "retrain").find((each) => each.model === model.name);
  const existing = await aliasOf(platform.registry, model.name, CHAMPION);
  let frozen = existing;
  if (frozen === undefined) {
    await ensureSnapshot(platform.training.engines, model, request.onNote);
    const first = await trainModel(platform, {
      model: model.name,
      knownBy: request.from,
      bounds: firstBounds(rule, request.from),
      promote: false,
      ...(request.signal ? { signal: request.signal } : {}),
    });
    frozen = first.version.number;
    // It has no test rows that gates could look at: everything that was known is what it learns from.
    const reason = "the replay begins with it";
    await moveAlias(platform.registry, { model: model.name, alias: CHAMPION, version: frozen, reason, force: true });
    request.onFirst?.({ ...first, promoted: true });
  }
  await materialize(platform, { to: request.from, ...(request.signal ? { signal: request.signal } : {}) });
  const progress: Progress = { identity, frozen, doneUntil: String(request.from), predictions: 0, days: 0 };
  await saveProgress(platform.stateDir, progress);
  return progress;
}

/** The first version trains on everything known by the start; the rule's validation length before it stops the fit early. */
function firstBounds(rule: RetrainSpec | undefined, from: Instant) {
  return { validateFrom: from - (rule?.validate ?? days(14)), testFrom: from, until: from };
}

async function live(
  platform: Platform,
  serving: Serving,
  model: ModelSpec,
  begun: Progress,
  request: ReplayRequest,
  daysFound: number,
): Promise<ReplayResult> {
  const { engines } = platform;
  await returnToDayStart(platform, model, BigInt(begun.doneUntil));
  const feed = await featureFeed(engines, model);
  const logged = await alreadyLogged(platform, model, BigInt(begun.doneUntil));
  let progress = begun;
  let today = 0;
  let logging: Promise<unknown>[] = [];
  const endDay = async (end: Instant): Promise<void> => {
    await feed.advanceTo(end);
    advanceClock(platform, end);
    await Promise.all(logging);
    logging = [];
    const round = await watchOnce(platform, request.signal ? { signal: request.signal } : {});
    await serving.refresh();
    progress = {
      ...progress,
      doneUntil: String(end),
      predictions: progress.predictions + today,
      days: progress.days + 1,
    };
    await saveProgress(platform.stateDir, progress);
    const version = serving.models().find((each) => each.model.name === model.name)?.version;
    request.onDay?.({ day: formatInstant(end - 1n).slice(0, 10), predictions: today, round, version });
    today = 0;
  };
  let dayEnd = floorTo(BigInt(progress.doneUntil), days(1)) + days(1);
  for await (const moment of askingRows(engines.offline, model, BigInt(progress.doneUntil), request.to)) {
    const at = moment[0]?.at ?? request.to;
    while (at >= dayEnd) {
      await endDay(dayEnd);
      dayEnd += days(1);
    }
    if (request.signal?.aborted)
      throw new SlipwayError("CANCELLED", "The replay was stopped; run it again to go on from here.");
    today += moment.length;
    const open = moment.filter(({ id }) => !logged.has(id));
    if (open.length === 0) continue;
    await feed.advanceTo(at);
    advanceClock(platform, at);
    // The log is waited for at the end of the day: the answers are fixed, and an interrupted day is lived again from its start.
    const { logged: written } = await serving.begin(model.name, open);
    // Seen at the end of the day; without this an earlier failure would end the process.
    written.catch(() => undefined);
    logging.push(written);
  }
  for (; dayEnd <= request.to; dayEnd += days(1)) await endDay(dayEnd);
  return { frozen: progress.frozen, predictions: progress.predictions, daysFound };
}

function advanceClock({ engines }: Platform, to: Instant): void {
  const clock = engines.clock as Platform["engines"]["clock"] & { advanceTo?: (instant: Instant) => void };
  if (!clock.advanceTo) throw new SlipwayError("INTERNAL", "A replay needs a replay clock.");
  if (to > clock.now()) clock.advanceTo(to);
}

/** Takes the online store back to the start of an interrupted day, so that the day is lived again as it was. */
async function returnToDayStart({ engines }: Platform, model: ModelSpec, start: Instant): Promise<void> {
  const views = model.views.map(onlineView).filter((view) => !view.isStatic);
  const stands = await Promise.all(views.map((view) => materializedThrough(engines.online, view)));
  if (!stands.some((through) => through !== undefined && through > start)) return;
  for (const view of views) {
    await engines.online.drop(view.namespace);
    await materializeView(engines, view, start);
  }
}

/** Predictions that an interrupted run had made after its last whole day. */
async function alreadyLogged(platform: Platform, model: ModelSpec, from: Instant): Promise<ReadonlySet<string>> {
  const sql = await logSql(predictionLog(platform), model, { from });
  const ids = new Set<string>();
  if (sql !== undefined)
    for await (const table of platform.engines.offline.stream(`SELECT id FROM ${sql}`))
      for (const id of table.columns[0]?.values ?? []) ids.add(String(id));
  return ids;
}
