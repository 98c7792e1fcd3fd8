// Experiments as a tracking client sees them: named groups of runs that can be tagged, set aside and brought back. Setting one aside
// takes its runs along.

import { SlipwayError } from "../../core/core.ts";
import type { RecordsTransaction, Schema } from "../../records/records.ts";
import { nowMicros, type Tag, type TrackingContext, toMillis } from "./context.ts";
import { giveToMaker } from "./makers.ts";

/** An experiment with its tags. */
export interface TrackedExperiment {
  readonly id: string;
  readonly name: string;
  /** Where its artifacts go when that is not the server's own root. */
  readonly artifactRoot: string | null;
  readonly isDeleted: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly Tag[];
}

/** The experiment that is always there. */
export const DEFAULT_EXPERIMENT = "0";

/** Makes sure that the default experiment is there. */
export async function ensureDefaultExperiment(context: TrackingContext): Promise<void> {
  const { records } = context;
  const known = await records.db.selectFrom("experiments").select("id").where("id", "=", DEFAULT_EXPERIMENT).execute();
  if (known.length > 0) return;
  await context.write((tx) =>
    tx
      .insertInto("experiments")
      .values({ id: DEFAULT_EXPERIMENT, name: "Default", created_at: nowMicros(context) })
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );
}

/** Makes an experiment and gives its id; ALREADY_EXISTS when the name is taken, also by one that was set aside. */
export async function newExperiment(
  context: TrackingContext,
  given: { readonly name: string; readonly artifactRoot?: string | null; readonly tags?: readonly Tag[] },
): Promise<string> {
  const { name, artifactRoot = null, tags = [] } = given;
  return context.write(async (tx) => {
    await refuseTakenName(tx, name);
    const now = nowMicros(context);
    const id = await freeId(tx, now);
    await tx
      .insertInto("experiments")
      .values({ id, name, created_at: now, updated_at: now, artifact_root: artifactRoot })
      .execute();
    for (const tag of tags) await putTag(tx, id, tag);
    await giveToMaker(tx, context, "experiment", id);
    return id;
  });
}

async function refuseTakenName(tx: RecordsTransaction, name: string): Promise<void> {
  const taken = await tx.selectFrom("experiments").select("deleted_at").where("name", "=", name).executeTakeFirst();
  if (!taken) return;
  throw new SlipwayError(
    "ALREADY_EXISTS",
    taken.deleted_at === null
      ? `Experiment '${name}' already exists.`
      : `Experiment '${name}' already exists in deleted state. You can restore the experiment, or permanently delete the experiment to create a new one.`,
    { details: { experiment: name } },
  );
}

// Clients know experiment ids as digits; the time in microseconds is such a one, and is free unless two come at once.
async function freeId(tx: RecordsTransaction, now: number): Promise<string> {
  for (let id = now; ; id += 1) {
    const taken = await tx.selectFrom("experiments").select("id").where("id", "=", String(id)).executeTakeFirst();
    if (!taken) return String(id);
  }
}

/** The experiment of that id, also one that was set aside; EXPERIMENT_NOT_FOUND. */
export async function experimentById({ records }: TrackingContext, id: string): Promise<TrackedExperiment> {
  const row = await records.db.selectFrom("experiments").selectAll().where("id", "=", id).executeTakeFirst();
  const [found] = await withTags(records.db, row ? [row] : []);
  if (!found) throw experimentNotFound(id);
  return found;
}

/** The experiment of that name, or undefined. */
export async function experimentByName(
  { records }: TrackingContext,
  name: string,
): Promise<TrackedExperiment | undefined> {
  const row = await records.db.selectFrom("experiments").selectAll().where("name", "=", name).executeTakeFirst();
  const [found] = await withTags(records.db, row ? [row] : []);
  return found;
}

/** The error for an id that no experiment has. */
export function experimentNotFound(id: string): SlipwayError {
  return new SlipwayError("EXPERIMENT_NOT_FOUND", `No Experiment with id=${id} exists`, {
    details: { experiment: id },
  });
}

/** Gives an experiment another name. */
export async function renameExperiment(context: TrackingContext, id: string, name: string): Promise<void> {
  await context.write(async (tx) => {
    const row = await requireActive(tx, id);
    if (row.name === name) return;
    await refuseTakenName(tx, name);
    await tx
      .updateTable("experiments")
      .set({ name, updated_at: nowMicros(context) })
      .where("id", "=", id)
      .execute();
  });
}

/** Sets an experiment aside with its runs, or brings it back with those that were set aside with it. */
export async function setExperimentAside(context: TrackingContext, id: string, isDeleted: boolean): Promise<void> {
  await context.write(async (tx) => {
    const row = await tx.selectFrom("experiments").select("deleted_at").where("id", "=", id).executeTakeFirst();
    if (!row) throw experimentNotFound(id);
    if ((row.deleted_at !== null) === isDeleted) return;
    const now = nowMicros(context);
    const runs = tx.updateTable("runs").where("experiment_id", "=", id);
    if (isDeleted) await runs.set({ deleted_at: now }).where("deleted_at", "is", null).execute();
    else await runs.set({ deleted_at: null }).where("deleted_at", "=", row.deleted_at).execute();
    await tx
      .updateTable("experiments")
      .set({ deleted_at: isDeleted ? now : null, updated_at: now })
      .where("id", "=", id)
      .execute();
  });
}

/** Sets a tag of an experiment. */
export async function setExperimentTag(context: TrackingContext, id: string, tag: Tag): Promise<void> {
  await context.write(async (tx) => {
    await requireActive(tx, id);
    await putTag(tx, id, tag);
  });
}

/** Removes a tag of an experiment; TAG_NOT_FOUND when there is none. */
export async function deleteExperimentTag(context: TrackingContext, id: string, key: string): Promise<void> {
  await context.write(async (tx) => {
    await requireActive(tx, id);
    const { numDeletedRows } = await tx
      .deleteFrom("experiment_tags")
      .where("experiment_id", "=", id)
      .where("key", "=", key)
      .executeTakeFirst();
    if (numDeletedRows === 0n)
      throw new SlipwayError("TAG_NOT_FOUND", `No tag with name: ${key} in experiment with id ${id}`);
  });
}

async function putTag(tx: RecordsTransaction, experiment_id: string, { key, value }: Tag): Promise<void> {
  await tx
    .insertInto("experiment_tags")
    .values({ experiment_id, key, value })
    .onConflict((conflict) => conflict.columns(["experiment_id", "key"]).doUpdateSet({ value }))
    .execute();
}

/** The row of an experiment that is not set aside; EXPERIMENT_NOT_FOUND, or INPUT_INVALID when it is. */
export async function requireActive(
  tx: RecordsTransaction,
  id: string,
): Promise<{ readonly name: string; readonly artifact_root: string | null }> {
  const row = await tx
    .selectFrom("experiments")
    .select(["name", "artifact_root", "deleted_at"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (!row) throw experimentNotFound(id);
  if (row.deleted_at === null) return row;
  throw new SlipwayError(
    "INPUT_INVALID",
    `The experiment ${id} must be in the 'active' state. Current state is deleted.`,
    { details: { experiment: id } },
  );
}

type ExperimentRow = Schema["experiments"];

/** Rows as experiments with their tags, in the same order. */
export async function withTags(
  db: TrackingContext["records"]["db"],
  rows: readonly ExperimentRow[],
): Promise<readonly TrackedExperiment[]> {
  if (rows.length === 0) return [];
  const tags = await db
    .selectFrom("experiment_tags")
    .selectAll()
    .where(
      "experiment_id",
      "in",
      rows.map(({ id }) => id),
    )
    .orderBy("key")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    artifactRoot: row.artifact_root,
    isDeleted: row.deleted_at !== null,
    createdAt: toMillis(row.created_at),
    updatedAt: toMillis(row.updated_at ?? row.created_at),
    tags: tags.filter((tag) => tag.experiment_id === row.id).map(({ key, value }) => ({ key, value })),
  }));
}
