// Runs as a tracking client makes them: begun, told about, ended and set aside, all by the client's word. They are the same runs that
// Slipway's own trainings leave.

import { newId, SlipwayError } from "../../core/core.ts";
import type { RecordsTransaction, RunStatus } from "../../records/records.ts";
import { CLIENT_TAGS, TRIAL_TAGS } from "../client-words.ts";
import { runNotFound } from "../runs.ts";
import { nowMicros, type Tag, type TrackingContext, toMicros, toMillis } from "./context.ts";
import { requireActive } from "./experiments.ts";
import { madeUpName } from "./made-up-name.ts";
import type { TrackedRun } from "./run-rows.ts";

/** How a run stands for a tracking client; `scheduled` has not begun. */
export type TrackedStatus = RunStatus | "scheduled";

/** The tag that holds a run's name. */
export const RUN_NAME_TAG = "mlflow.runName";

/** What to begin. */
export interface NewTrackedRun {
  readonly experimentId: string;
  readonly user: string;
  /** Made up when left out. */
  readonly name?: string | undefined;
  /** In milliseconds; default now. */
  readonly startedAt?: number | undefined;
  readonly tags: readonly Tag[];
}

/** Begins a run and gives it as it stands. */
export async function beginRun(context: TrackingContext, run: NewTrackedRun): Promise<TrackedRun> {
  const id = newId(context.clock.now(), context.random);
  const named = run.tags.find(({ key }) => key === RUN_NAME_TAG)?.value;
  if (run.name && named && run.name !== named)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${run.name}', mlflow.runName='${named}').`,
    );
  const name = run.name || named || madeUpName(context.random);
  const tags = new Map([...run.tags.map(({ key, value }): [string, string] => [key, value]), [RUN_NAME_TAG, name]]);
  // A client may call itself anything; whoever signed in is known.
  const user = context.user ?? run.user;
  const startedAt = run.startedAt === undefined ? nowMicros(context) : toMicros(run.startedAt);
  const artifactRoot = await context.write(async (tx) => {
    const { artifact_root } = await requireActive(tx, run.experimentId);
    await tx
      .insertInto("runs")
      .values({
        id,
        experiment_id: run.experimentId,
        name,
        kind: "tracked",
        status: "running",
        started_at: startedAt,
        actor: user,
        made_by:
          context.user === undefined ? null : tx.selectFrom("users").select("name").where("name", "=", context.user),
        git_commit: tags.get("mlflow.source.git.commit") ?? null,
      })
      .execute();
    await tx
      .insertInto("tags")
      .values([...tags].map(([key, value]) => ({ run_id: id, key, value })))
      .execute();
    return artifact_root;
  });
  return {
    id,
    name,
    experimentId: run.experimentId,
    artifactRoot,
    user,
    status: "running",
    startedAt: toMillis(startedAt),
    endedAt: null,
    isDeleted: false,
    metrics: [],
    params: [],
    tags: [...tags].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1)),
    datasets: [],
    modelInputs: [],
    modelOutputs: [],
  };
}

/** What to change of a run; what is left out stays. */
export interface RunChange {
  readonly status?: TrackedStatus | undefined;
  /** In milliseconds. */
  readonly endedAt?: number | undefined;
  readonly name?: string | undefined;
}

/** Changes a run's status, end or name. */
export async function changeRun(context: TrackingContext, id: string, change: RunChange): Promise<void> {
  const { status, endedAt, name } = change;
  await context.write(async (tx) => {
    await requireActiveRun(tx, id);
    await tx
      .updateTable("runs")
      .set({
        ...(status === undefined
          ? {}
          : { status: status === "scheduled" ? "running" : status, scheduled: status === "scheduled" ? 1 : 0 }),
        ...(endedAt === undefined ? {} : { ended_at: toMicros(endedAt) }),
        ...(name ? { name } : {}),
        // An update needs a column, and this one only says who it is.
        id,
      })
      .where("id", "=", id)
      .execute();
    if (name) await putRunTag(tx, id, { key: RUN_NAME_TAG, value: name });
  });
}

/** Sets a run aside, or brings it back. */
export async function setRunAside(context: TrackingContext, id: string, isDeleted: boolean): Promise<void> {
  await context.write(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable("runs")
      .set({ deleted_at: isDeleted ? nowMicros(context) : null })
      .where("id", "=", id)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw runNotFound(id);
  });
}

/** Sets a tag of a run. */
export async function setRunTag(context: TrackingContext, id: string, tag: Tag): Promise<void> {
  await context.write(async (tx) => {
    await requireActiveRun(tx, id);
    await putRunTag(tx, id, tag);
  });
}

/** Removes a tag of a run; TAG_NOT_FOUND when there is none. */
export async function deleteRunTag(context: TrackingContext, id: string, key: string): Promise<void> {
  await context.write(async (tx) => {
    await requireActiveRun(tx, id);
    await requireOwnTag(tx, id, key, undefined);
    const { numDeletedRows } = await tx
      .deleteFrom("tags")
      .where("run_id", "=", id)
      .where("key", "=", key)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw new SlipwayError("TAG_NOT_FOUND", `No tag with name: ${key} in run with id ${id}`);
  });
}

/** Puts a tag inside a transaction; the name tag renames the run. */
export async function putRunTag(tx: RecordsTransaction, run_id: string, { key, value }: Tag): Promise<void> {
  await requireOwnTag(tx, run_id, key, value);
  await tx
    .insertInto("tags")
    .values({ run_id, key, value })
    .onConflict((conflict) => conflict.columns(["run_id", "key"]).doUpdateSet({ value }))
    .execute();
  if (key === RUN_NAME_TAG) await tx.updateTable("runs").set({ name: value }).where("id", "=", run_id).execute();
}

/** By which a study knows its trials: whose they are, and which. */
const OF_TRIALS: readonly string[] = [CLIENT_TAGS.parent, TRIAL_TAGS.number, TRIAL_TAGS.pruned];

/** Refuses to change by which a study knows its trials; a run of a client may have any tag. */
async function requireOwnTag(
  tx: RecordsTransaction,
  id: string,
  key: string,
  value: string | undefined,
): Promise<void> {
  if (!OF_TRIALS.includes(key)) return;
  const { kind } = await tx.selectFrom("runs").select("kind").where("id", "=", id).executeTakeFirstOrThrow();
  if (kind !== "trial") return;
  const tag = await tx
    .selectFrom("tags")
    .select("value")
    .where("run_id", "=", id)
    .where("key", "=", key)
    .executeTakeFirst();
  if (value !== undefined && tag?.value === value) return;
  throw new SlipwayError(
    "INPUT_INVALID",
    `Tag ${key} of run ${id} is Slipway's own, by which its study knows the trial; it cannot be changed. Rename the run, or set another tag.`,
    { details: { run: id, tag: key } },
  );
}

/** Refuses a run that is not there (RUN_NOT_FOUND) or set aside (INPUT_INVALID); gives its experiment. */
export async function requireActiveRun(tx: RecordsTransaction, id: string): Promise<string> {
  const row = await tx
    .selectFrom("runs")
    .select(["experiment_id", "deleted_at"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (!row) throw runNotFound(id);
  if (row.deleted_at === null) return row.experiment_id;
  throw new SlipwayError("INPUT_INVALID", `The run ${id} must be in the 'active' state. Current state is deleted.`, {
    details: { run: id },
  });
}
