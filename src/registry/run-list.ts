// Finding runs, native and tracked alike: by what they belong to, by the filter language of tracking clients, by the start or end of an id, or by
// the version that they made.

import { sql } from "kysely";
import { didYouMean, SlipwayError } from "../core/core.ts";
import type { RunStatus } from "../records/records.ts";
import { resolveVersion } from "./aliases.ts";
import type { RegistryContext } from "./context.ts";
import { withBelongings } from "./run-rows.ts";
import { getRun, type RunRecord, runNotFound } from "./runs.ts";
import { every, seenExperiments, seenModels, seenRuns, sightOf } from "./sight.ts";
import { findRunRows } from "./tracking/run-search.ts";

/** Which runs to list; what is left out does not matter. Runs that a client has set aside are never listed. */
export interface RunFilter {
  /** An experiment's name or id. Throws EXPERIMENT_NOT_FOUND. */
  readonly experiment?: string;
  /** Runs about a model, and runs that made a version of it. */
  readonly model?: string;
  readonly kind?: string;
  readonly status?: RunStatus;
  /** As tracking clients write it: `metrics.auc > 0.7 and params.max_depth = '6'`. Throws INPUT_INVALID. */
  readonly filter?: string;
  /** As they write it: `metrics.auc DESC`. Default: newest first. */
  readonly orderBy?: readonly string[];
  /** Default 100. */
  readonly limit?: number;
  /** Where the page before ended. */
  readonly pageToken?: string;
}

/** A page of runs. */
export interface RunPage {
  readonly runs: readonly RunRecord[];
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined;
}

/** Runs that fit, newest first unless told otherwise. */
export async function findRuns(context: RegistryContext, filter: RunFilter = {}): Promise<RunPage> {
  const { model, kind, status, limit = 100, orderBy = [], pageToken } = filter;
  const experimentIds = filter.experiment === undefined ? undefined : [await experimentId(context, filter.experiment)];
  const made = sql`exists (select 1 from versions v where v.run_id = r.id and v.model = ${model})`;
  const { rows, next } = await findRunRows(context, {
    experimentIds,
    filter: filter.filter,
    orderBy,
    view: "active",
    limit,
    pageToken,
    about: { model: model ?? "", kind: kind ?? "", status: status ?? "" },
    also: [
      ...(model === undefined
        ? []
        : [sql`(r.model = ${model} or ${made})`, ...seenModels(await sightOf(context), sql`${model}`)]),
      ...(kind === undefined ? [] : [sql`r.kind = ${kind}`]),
      ...(status === undefined ? [] : [sql`r.status = ${status}`]),
    ],
  });
  return { runs: await withBelongings(context, rows), next };
}

/** The runs of one page. */
export async function listRuns(context: RegistryContext, filter: RunFilter = {}): Promise<readonly RunRecord[]> {
  return (await findRuns(context, filter)).runs;
}

async function experimentId(context: RegistryContext, experiment: string): Promise<string> {
  const all = await context.records.db
    .selectFrom("experiments")
    .select(["id", "name"])
    .where(every(seenExperiments(await sightOf(context), sql`experiments.id`)))
    .execute();
  const found = all.find(({ name }) => name === experiment) ?? all.find(({ id }) => id === experiment);
  if (found) return found.id;
  const names = all.map(({ name }) => name);
  throw new SlipwayError(
    "EXPERIMENT_NOT_FOUND",
    `There is no experiment ${JSON.stringify(experiment)}.${didYouMean(experiment, names)}`,
    { details: { experiment } },
  );
}

/** The run that is meant: by its id, the start or the end of it (four characters or more), its name, or as `model@version` by what it made. */
export async function findRun(context: RegistryContext, reference: string): Promise<RunRecord> {
  const at = reference.lastIndexOf("@");
  if (at > 0) {
    const model = reference.slice(0, at);
    const sight = await sightOf(context);
    const isSeen = await context.records.db
      .selectNoFrom((from) => from.lit(1).as("seen"))
      .where(every(seenModels(sight, sql`${model}`)))
      .executeTakeFirst();
    if (!isSeen) throw runNotFound(reference);
    const version = await resolveVersion(context, model, reference.slice(at + 1));
    if (version.runId !== null) return seenRun(context, version.runId, reference);
    throw new SlipwayError("RUN_NOT_FOUND", `${version.model}@${version.number} was made by no run that is recorded.`, {
      details: { run: reference },
    });
  }
  const { db } = context.records;
  const part = /^[0-9A-Za-z-]{4,64}$/.test(reference) ? reference.toLowerCase() : undefined;
  const rows = await db
    .selectFrom("runs")
    .select(["id", "name"])
    .where((where) =>
      where.or([
        where("name", "=", reference),
        ...(part === undefined ? [] : [where("id", "like", `${part}%`), where("id", "like", `%${part}`)]),
      ]),
    )
    .where(every(seenRuns(await sightOf(context), "runs")))
    .orderBy("started_at", "desc")
    .limit(6)
    .execute();
  const exact = rows.find(({ id }) => id === reference);
  const [found, other] = exact ? [exact] : rows;
  if (!found) throw runNotFound(reference);
  if (!other) return getRun(context, found.id);
  throw new SlipwayError(
    "INPUT_INVALID",
    `Several runs are meant by "${reference}": ${rows.map(({ id }) => id).join(", ")}. Give the end of an id, or the whole.`,
  );
}

async function seenRun(context: RegistryContext, id: string, reference: string): Promise<RunRecord> {
  const row = await context.records.db
    .selectFrom("runs")
    .select("id")
    .where("id", "=", id)
    .where(every(seenRuns(await sightOf(context), "runs")))
    .executeTakeFirst();
  if (!row) throw runNotFound(reference);
  return getRun(context, id);
}

/** Names of models that any run or version is about. */
export async function recordedModels(context: RegistryContext): Promise<readonly string[]> {
  const { db } = context.records;
  const sight = await sightOf(context);
  const named = await db
    .selectFrom("models")
    .select("name")
    .where(every(seenModels(sight, sql`models.name`)))
    .execute();
  const run = await db
    .selectFrom("runs")
    .select("model")
    .distinct()
    .where("model", "is not", null)
    .where(every([...seenRuns(sight, "runs"), ...seenModels(sight, sql`runs.model`)]))
    .execute();
  return [...new Set([...named.map(({ name }) => name), ...run.flatMap(({ model }) => model ?? [])])].sort();
}
