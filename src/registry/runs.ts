// A run is one attempt at something, usually a training. It is `running` until somebody says how it ended; when its process dies
// first, the next process finds that out by the owner's mark and says so.

import { type Instant, newId, SlipwayError } from "../core/core.ts";
import { instantToSql, type RunStatus } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";
import { experimentIn } from "./experiments.ts";
import { checkedName } from "./names.ts";
import { withBelongings } from "./run-rows.ts";

/** A run with the last value of each metric. */
export interface RunRecord {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly kind: string;
  readonly status: RunStatus;
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
  readonly error: string | null;
  readonly model: string | null;
  readonly actor: string;
  readonly git: GitState | null;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  /** Ids of the datasets it used. */
  readonly datasets: readonly string[];
}

/** The commit a run's code came from, and whether files differed from it. */
export interface GitState {
  readonly commit: string;
  readonly dirty: boolean;
}

/** What to start. */
export interface NewRun {
  /** The experiment's name; it is made when there is none. */
  readonly experiment: string;
  /** Default: the kind and the end of the id. */
  readonly name?: string;
  /** What it does, e.g. `train`. */
  readonly kind: string;
  readonly model?: string | null;
  readonly git?: GitState | null;
  /** A recorded dataset that it uses. */
  readonly datasetId?: string | null;
}

/** Which runs to list; what is left out does not matter. */
export interface RunFilter {
  readonly experimentId?: string;
  readonly model?: string;
  readonly kind?: string;
  readonly status?: RunStatus;
  /** Default 100. */
  readonly limit?: number;
}

/** Starts a run. */
export async function startRun(context: RegistryContext, run: NewRun): Promise<RunRecord> {
  const { kind, model = null, git = null, datasetId = null } = run;
  const now = context.clock.now();
  const id = newId(now, context.random);
  const name = checkedName(run.name ?? `${kind} ${id.slice(-6)}`, "a run");
  await context.records.transact(async (tx) => {
    const experiment = await experimentIn(tx, context, run.experiment);
    await tx
      .insertInto("runs")
      .values({
        id,
        experiment_id: experiment.id,
        name,
        kind,
        status: "running",
        started_at: instantToSql(now),
        model,
        actor: context.actor,
        owner: context.owner ?? null,
        git_commit: git === null ? null : git.commit,
        git_dirty: git === null ? null : Number(git.dirty),
      })
      .execute();
    if (datasetId !== null) await tx.insertInto("run_datasets").values({ run_id: id, dataset_id: datasetId }).execute();
  });
  return getRun(context, id);
}

/** Ends a run well. */
export function finishRun(context: RegistryContext, id: string): Promise<void> {
  return endRun(context, id, "finished", null);
}

/** Ends a run with what went wrong, or as cancelled when somebody stopped it. */
export function failRun(
  context: RegistryContext,
  id: string,
  error: string,
  status: "failed" | "cancelled" = "failed",
): Promise<void> {
  return endRun(context, id, status, error);
}

/** The run of that id, or RUN_NOT_FOUND. */
export async function getRun({ records }: RegistryContext, id: string): Promise<RunRecord> {
  const rows = await records.db.selectFrom("runs").selectAll().where("id", "=", id).execute();
  const [run] = await withBelongings(records, rows);
  if (!run) throw runNotFound(id);
  return run;
}

/** The newest runs, newest first. */
export async function listRuns({ records }: RegistryContext, filter: RunFilter = {}): Promise<readonly RunRecord[]> {
  const { experimentId, model, kind, status, limit = 100 } = filter;
  let query = records.db
    .selectFrom("runs")
    .selectAll()
    .orderBy("started_at", "desc")
    .orderBy("id", "desc")
    .limit(limit);
  if (experimentId !== undefined) query = query.where("experiment_id", "=", experimentId);
  if (model !== undefined) query = query.where("model", "=", model);
  if (kind !== undefined) query = query.where("kind", "=", kind);
  if (status !== undefined) query = query.where("status", "=", status);
  return withBelongings(records, await query.execute());
}

/** The error for an id that no run has. */
export function runNotFound(id: string): SlipwayError {
  return new SlipwayError("RUN_NOT_FOUND", `There is no run ${id}.`, { details: { run: id } });
}

async function endRun(context: RegistryContext, id: string, status: RunStatus, error: string | null): Promise<void> {
  const { numUpdatedRows } = await context.records.db
    .updateTable("runs")
    .set({ status, ended_at: instantToSql(context.clock.now()), error })
    .where("id", "=", id)
    .where("status", "=", "running")
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  const run = await getRun(context, id);
  throw new SlipwayError("INPUT_INVALID", `Run ${id} is ${run.status} already, so it cannot become ${status}.`);
}
