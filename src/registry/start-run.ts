// Starting a run: one transaction for the run with all that is known of it by then, in Slipway's own words and in those of tracking clients.

import { newId, sha256 } from "../core/core.ts";
import { fromJson, instantToSql, type RecordsTransaction } from "../records/records.ts";
import { CLIENT_TAGS, inputOf, TRIAL_TAGS } from "./client-words.ts";
import type { RegistryContext } from "./context.ts";
import { experimentIn } from "./experiments.ts";
import { checkedName } from "./names.ts";
import { commandLine, type Provenance, patchPath, putProvenance } from "./provenance.ts";
import { getRun, type RunRecord } from "./runs.ts";
import { putRunInput } from "./tracking/run-inputs.ts";
import { contentBlob } from "./version-content.ts";

/** What to start. */
export interface NewRun {
  /** The experiment's name; it is made when there is none. */
  readonly experiment: string;
  /** Default: the kind and the end of the id. */
  readonly name?: string;
  /** What it does, e.g. `train`. */
  readonly kind: string;
  readonly model?: string | null;
  /** A recorded dataset that it uses. */
  readonly datasetId?: string | null;
  /** The run that this one is a part of. */
  readonly parentId?: string | null;
  /** Which trial of its parent it is, from 0 on. */
  readonly trial?: number;
  readonly provenance?: Provenance;
  /** The project's folder, from which the command's script is named. */
  readonly root?: string;
}

/** Starts a run. */
export async function startRun(context: RegistryContext, run: NewRun): Promise<RunRecord> {
  const { kind, model = null, datasetId = null, provenance } = run;
  const now = context.clock.now();
  const id = newId(now, context.random);
  const name = checkedName(run.name ?? `${kind} ${id.slice(-6)}`, "a run");
  const patch = await storedPatch(context, provenance);
  await context.records.transact(async (tx) => {
    const experiment = await experimentIn(tx, context, run.experiment);
    const code = provenance?.code;
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
        git_commit: code?.commit ?? null,
        git_dirty: code?.commit ? Number(code.changed.length + code.untracked.length > 0) : null,
      })
      .execute();
    await tx
      .insertInto("tags")
      .values(clientTags(context, run, name).map(([key, value]) => ({ run_id: id, key, value })))
      .execute();
    if (datasetId !== null) await putDataset(tx, context, { id, experiment: experiment.id }, datasetId);
    if (provenance) await putProvenance(tx, id, provenance);
    if (patch) await putPatch(tx, id, experiment.id, patch, instantToSql(now));
  });
  return getRun(context, id);
}

/** What a tracking client reads of where the run comes from. */
function clientTags(
  { actor }: RegistryContext,
  { provenance, parentId = null, trial, root = "" }: NewRun,
  name: string,
): readonly (readonly [string, string])[] {
  const code = provenance?.code;
  const told: readonly (readonly [string, string | null | undefined])[] = [
    [CLIENT_TAGS.name, name],
    [CLIENT_TAGS.user, actor],
    [CLIENT_TAGS.commit, code?.commit],
    [CLIENT_TAGS.branch, code?.branch],
    [CLIENT_TAGS.remote, code?.remote],
    [CLIENT_TAGS.command, provenance && commandLine(provenance.command, root)],
    [CLIENT_TAGS.sourceType, provenance && "LOCAL"],
    [CLIENT_TAGS.parent, parentId],
    [TRIAL_TAGS.number, trial === undefined ? undefined : String(trial)],
  ];
  return told.flatMap(([key, value]) => (value ? [[key, value] as const] : []));
}

/** Links a run with a recorded dataset, as Slipway and as clients know it. */
export async function putDataset(
  tx: RecordsTransaction,
  context: RegistryContext,
  run: { readonly id: string; readonly experiment: string },
  datasetId: string,
): Promise<void> {
  await tx
    .insertInto("run_datasets")
    .values({ run_id: run.id, dataset_id: datasetId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await tx.selectFrom("datasets").selectAll().where("id", "=", datasetId).executeTakeFirstOrThrow();
  const { id, model, row_count: rowCount, columns } = row;
  await putRunInput(tx, context, run, inputOf({ id, model, rowCount, columns: fromJson(columns) }));
}

interface StoredPatch {
  readonly hash: string;
  readonly size: number;
}

/** Stores the changes' bytes; what names them is written with the run. */
async function storedPatch({ blobs }: RegistryContext, provenance?: Provenance): Promise<StoredPatch | undefined> {
  const text = provenance?.code.patch?.text;
  if (!text) return undefined;
  const bytes = new TextEncoder().encode(text);
  const hash = sha256(bytes);
  await blobs.put(contentBlob(hash), bytes);
  return { hash, size: bytes.length };
}

async function putPatch(
  tx: RecordsTransaction,
  id: string,
  experimentId: string,
  { hash, size }: StoredPatch,
  at: number,
): Promise<void> {
  const experiment = await tx
    .selectFrom("experiments")
    .select("artifact_root")
    .where("id", "=", experimentId)
    .executeTakeFirst();
  await tx
    .insertInto("artifact_files")
    .values({ path: patchPath(id, experimentId, experiment?.artifact_root ?? null), hash, size, at })
    .execute();
}
