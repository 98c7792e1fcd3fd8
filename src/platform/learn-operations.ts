// Online learners at work: labels that were pushed, joined by their ids to the predictions they are of, become rows of the newest version's next one.

import { isNumeric, rawNames, SlipwayError, type Table, tableFrom, type Value } from "../core/core.ts";
import { definitionsOf, findDefinition, type ModelSpec } from "../define/define.ts";
import type { OfflineSession } from "../ports/ports.ts";
import { getDataset, listModels, listVersions, type VersionRecord } from "../registry/registry.ts";
import { loggedInputs, logSql, type ReadLabel, type ReadLabels, readLabelsAfter } from "../serving/serving.ts";
import { learntLabels, learnVersion, type TrainingProgress } from "../training/training.ts";
import { alone } from "./alone.ts";
import { requireApplied } from "./apply.ts";
import { versionToGoOn } from "./going-on.ts";
import { type Platform, predictionLog } from "./open.ts";

/** What to learn. */
export interface LearnRequest extends Pick<TrainingProgress, "onStep" | "onNote" | "signal"> {
  readonly model: string;
  /** The version to go on from, `model@number` or `model@alias`; default the newest. */
  readonly from?: string;
}

/** What was learnt. */
export interface LearnOutcome {
  /** A version for every so many labels, oldest first; none where there was nothing to learn from. */
  readonly versions: readonly VersionRecord[];
  /** Labelled predictions that were learnt from. */
  readonly events: number;
  /** Labels that were read: those that were learnt from, repeated ones, and those of no prediction that is logged or new to the version. */
  readonly labels: number;
}

/** Learns from all labels that a version has not read. Throws STATE_LOCKED where another process is at it. */
export async function learnFromLog(platform: Platform, request: LearnRequest): Promise<LearnOutcome> {
  await requireApplied(platform);
  const model = findDefinition(platform.project, "model", request.model);
  requireLearner(model);
  const outcome = await learnAlone(platform, model, request.from, request, 1);
  if (outcome !== undefined) return outcome;
  throw new SlipwayError(
    "STATE_LOCKED",
    `Another process is learning ${model.name} from its labels. Wait for it; its version will have what is there now.`,
  );
}

/** Lets every learner learn for which there are as many new labels as its `learnEvery` says; others are left alone. */
export async function learnWhatIsDue(
  platform: Platform,
  model: ModelSpec,
  progress: Pick<TrainingProgress, "signal"> = {},
): Promise<LearnOutcome | undefined> {
  const { learnEvery } = model.trainer;
  if (learnEvery === undefined) return undefined;
  requireLearner(model);
  const known = await listModels(platform.registry);
  if (!known.some(({ name }) => name === model.name)) return undefined;
  return await learnAlone(platform, model, undefined, progress, learnEvery);
}

/** Models that learn while they are served. */
export function learners({ project }: Pick<Platform, "project">): readonly ModelSpec[] {
  return definitionsOf(project, "model").filter(({ trainer }) => trainer.learnEvery !== undefined);
}

function requireLearner(model: ModelSpec): void {
  const { trainer, name, beside } = model;
  const refuse = (problem: string): never => {
    throw new SlipwayError("INPUT_INVALID", `Model "${name}" cannot learn from its labels: ${problem}`);
  };
  if (trainer.kind !== "online") refuse(`its trainer is ${trainer.kind}(), and online() learns one row at a time.`);
  if (model.calibrate)
    refuse("its calibration is fitted on validation rows, of which there are none. Leave calibrate out.");
  if (beside?.weight) refuse("its rows have weights, which are not in the prediction log. Leave weight out.");
}

async function baseToLearnOn(platform: Platform, model: ModelSpec, from: string | undefined): Promise<VersionRecord> {
  if (from !== undefined) return await versionToGoOn(platform, model, from, "labels");
  const [newest] = await listVersions(platform.registry, model.name);
  return await versionToGoOn(platform, model, `${model.name}@${newest?.number}`, "labels");
}

async function learnAlone(
  platform: Platform,
  model: ModelSpec,
  from: string | undefined,
  { signal, ...progress }: Pick<TrainingProgress, "onStep" | "onNote" | "signal">,
  every: number,
): Promise<LearnOutcome | undefined> {
  const most = model.trainer.learnEvery ?? Number.POSITIVE_INFINITY;
  const held = await alone(platform, `learn:${model.name}`, { signal }, async (still) => {
    // Looked for by who is alone: another may have made a version just before.
    const base = await baseToLearnOn(platform, model, from);
    const versions: VersionRecord[] = [];
    let [events, labels] = [0, 0];
    let current = base;
    let place = learntLabels(base)?.place ?? {};
    for (;;) {
      const read = await readLabelsAfter(predictionLog(platform), model, place, most);
      if (read.lines < every || read.lines === 0) return { versions, events, labels };
      labels += read.lines;
      place = read.place;
      const learnt = await learnThese(platform, model, current, read, { ...progress, signal: still });
      if (learnt === undefined) continue;
      events += (learntLabels(learnt)?.events ?? 0) - (learntLabels(current)?.events ?? 0);
      versions.push(learnt);
      current = learnt;
    }
  });
  return "done" in held ? held.done : undefined;
}

/** A version with these labels learnt; undefined where none of them is of a prediction that is new to the version. */
async function learnThese(
  platform: Platform,
  model: ModelSpec,
  base: VersionRecord,
  { labels, place }: ReadLabels,
  progress: Pick<TrainingProgress, "onStep" | "onNote" | "signal">,
): Promise<VersionRecord | undefined> {
  const { offline } = platform.engines;
  const usable = labels.filter(({ label }) => Number.isFinite(Number(label)));
  // Those up to the newest row of its training set it has learnt from, or was never to.
  const last = base.datasetId === null ? null : (await getDataset(platform.registry, base.datasetId)).timeTo;
  const predictions = await logSql(predictionLog(platform), model, last === null ? {} : { from: last + 1n });
  if (predictions === undefined || usable.length === 0) return undefined;
  return await offline.session(async (session) => {
    await session.load("pushed", pushedColumns(model), tablesOf(model, usable));
    const joined = joinedSql(platform, model, predictions, rawNames(base.inputs));
    if ((await countOf(session, joined)) === 0) return undefined;
    const rows = session.stream(`SELECT * FROM ${joined} ORDER BY "#place"`);
    const { version } = await learnVersion(platform.training, { model, base, rows, place }, progress);
    return version;
  });
}

/** Of several predictions of one id the first that was heard. */
function joinedSql(
  { engines: { offline } }: Platform,
  model: ModelSpec,
  predictions: string,
  names: readonly string[],
): string {
  const { dialect } = offline;
  const types = new Map(model.inputs.map(({ name, type }) => [name, type]));
  const list = names.map((name) => {
    const column = `p.${dialect.identifier(name)}`;
    return isNumeric(types.get(name) ?? "string")
      ? `${column}::${dialect.typeName("float64")} AS ${dialect.identifier(name)}`
      : column;
  });
  const first = `SELECT *, row_number() OVER (PARTITION BY "#id" ORDER BY "#at", "#version") AS "#turn" FROM ${loggedInputs(dialect, model, predictions)}`;
  return `(SELECT ${list.join(", ")}, l.label AS label, l.place AS "#place" FROM pushed l JOIN (${first}) p ON p."#id" = l.id AND p."#turn" = 1)`;
}

async function countOf(session: OfflineSession, sql: string): Promise<number> {
  let count = 0;
  for await (const table of session.stream(`SELECT count(*)::BIGINT AS n FROM ${sql}`))
    count += Number(table.columns[0]?.values[0] ?? 0);
  return count;
}

function pushedColumns({ task }: ModelSpec) {
  return [
    { name: "place", type: "int64", optional: false },
    { name: "id", type: "string", optional: false },
    { name: "label", type: task.kind === "binary" ? "bool" : "float64", optional: false },
  ] as const;
}

const BATCH = 10_000;

function* tablesOf(model: ModelSpec, labels: readonly ReadLabel[]): Generator<Table> {
  for (let start = 0; start < labels.length; start += BATCH)
    yield tableFrom(
      pushedColumns(model),
      labels
        .slice(start, start + BATCH)
        .map(({ id, label }, at): Readonly<Record<string, Value>> => ({ place: BigInt(start + at), id, label })),
    );
}
