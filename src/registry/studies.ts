// Studies: searches for a model's parameters. A study is a run whose children are its trials, and they alone say what was tried and what came out.
// The record beside the run says what a run has no words for: its name, what values depend on, and the plan. Only a plan is ever changed.

import { contentHash, didYouMean, type Instant, SlipwayError } from "../core/core.ts";
import { fromJson, instantFromSql, instantToSql, type RecordsTransaction, toJson } from "../records/records.ts";
import { writeAudit } from "./audit.ts";
import { CLIENT_TAGS } from "./client-words.ts";
import type { RegistryContext } from "./context.ts";
import { checkedName } from "./names.ts";
import { findRun } from "./run-list.ts";
import { withBelongings } from "./run-rows.ts";
import { getRun, type RunRecord } from "./runs.ts";

/** A study, with a plan whose shape is its maker's. */
export interface StudyRecord<P = unknown> {
  /** Its run: the parent of its trials. */
  readonly runId: string;
  readonly name: string;
  readonly model: string;
  /** The hash of the model's definition as it was. */
  readonly definition: string;
  readonly datasetId: string;
  readonly plan: P;
  readonly at: Instant;
}

/** A study to record. */
export interface NewStudy<P = unknown>
  extends Pick<StudyRecord<P>, "runId" | "model" | "definition" | "datasetId" | "plan"> {
  /** Default: the model's name and a number. */
  readonly name?: string;
}

/** Records a study for a run. Throws ALREADY_EXISTS for a name that another study has. */
export async function recordStudy<P>(context: RegistryContext, study: NewStudy<P>): Promise<StudyRecord<P>> {
  const { records, clock } = context;
  const at = clock.now();
  const { runId, model, definition, datasetId, plan } = study;
  const name = await records.transact(async (tx) => {
    const own = study.name === undefined ? await freeName(tx, model) : checkedName(study.name, "a study");
    if (await hasName(tx, own))
      throw new SlipwayError(
        "ALREADY_EXISTS",
        `There is a study "${own}" already; go on with it, or choose another name.`,
      );
    await tx
      .insertInto("studies")
      .values({
        run_id: runId,
        name: own,
        model,
        definition,
        dataset_id: datasetId,
        plan: toJson(plan),
        at: instantToSql(at),
      })
      .execute();
    return own;
  });
  return { runId, name, model, definition, datasetId, plan, at };
}

async function freeName(tx: RecordsTransaction, model: string): Promise<string> {
  const { count } = await tx
    .selectFrom("studies")
    .select((each) => each.fn.countAll().as("count"))
    .where("model", "=", model)
    .executeTakeFirstOrThrow();
  for (let number = Number(count) + 1; ; number += 1) {
    const name = `${model}-${number}`;
    if (!(await hasName(tx, name))) return name;
  }
}

async function hasName(tx: RecordsTransaction, name: string): Promise<boolean> {
  return (await tx.selectFrom("studies").select("run_id").where("name", "=", name).executeTakeFirst()) !== undefined;
}

/** Gives a study another plan, and leaves a line in the audit trail. */
export async function changeStudyPlan(
  context: RegistryContext,
  { runId, name }: StudyRecord,
  plan: unknown,
): Promise<void> {
  await context.records.transact(async (tx) => {
    const row = await tx.selectFrom("studies").select("plan").where("run_id", "=", runId).executeTakeFirstOrThrow();
    await tx
      .updateTable("studies")
      .set({ plan: toJson(plan) })
      .where("run_id", "=", runId)
      .execute();
    const details = { before: contentHash(fromJson(row.plan)), after: contentHash(plan) };
    await writeAudit(tx, context, { action: "study.changed", subject: name, details });
  });
}

/** Studies, newest first; of a model, or all. Those whose run was set aside are left out. */
export async function listStudies<P>({ records }: RegistryContext, model?: string): Promise<readonly StudyRecord<P>[]> {
  const rows = await records.db
    .selectFrom("studies")
    .innerJoin("runs", "runs.id", "studies.run_id")
    .selectAll("studies")
    .where("runs.deleted_at", "is", null)
    .$if(model !== undefined, (query) => query.where("studies.model", "=", model as string))
    .orderBy("studies.at", "desc")
    .orderBy("studies.run_id", "desc")
    .execute();
  return rows.map((row) => ({
    runId: row.run_id,
    name: row.name,
    model: row.model,
    definition: row.definition,
    datasetId: row.dataset_id,
    plan: fromJson<P>(row.plan),
    at: instantFromSql(row.at),
  }));
}

/** The study of a name, or of a run by anything that names it. Throws STUDY_NOT_FOUND, and INPUT_INVALID for a run that is no study. */
export async function findStudy<P>(context: RegistryContext, reference: string): Promise<StudyRecord<P>> {
  const all = await listStudies<P>(context);
  const named = all.find(({ name, runId }) => name === reference || runId === reference);
  if (named) return named;
  let run: RunRecord;
  try {
    run = await findRun(context, reference);
  } catch (cause) {
    if (!(cause instanceof SlipwayError && cause.code === "RUN_NOT_FOUND")) throw cause;
    const names = all.map(({ name }) => name);
    throw new SlipwayError(
      "STUDY_NOT_FOUND",
      `There is no study ${JSON.stringify(reference)}.${didYouMean(reference, names)} List them with: slipway studies list.`,
      { details: { study: reference }, cause },
    );
  }
  const found = all.find(({ runId }) => runId === run.id);
  if (found) return found;
  throw new SlipwayError("INPUT_INVALID", `Run ${run.id} is no study but a ${run.kind}.`);
}

/** The runs below a run, oldest first; those that were set aside are left out. */
export async function childRuns(context: RegistryContext, parent: string): Promise<readonly RunRecord[]> {
  const rows = await context.records.db
    .selectFrom("runs")
    .innerJoin("tags", "tags.run_id", "runs.id")
    .selectAll("runs")
    .where("tags.key", "=", CLIENT_TAGS.parent)
    .where("tags.value", "=", parent)
    .where("runs.deleted_at", "is", null)
    .orderBy("runs.started_at")
    .orderBy("runs.id")
    .execute();
  return withBelongings(context, rows);
}

/** Makes a run go on that has ended, as this process's. */
export async function reopenRun(context: RegistryContext, id: string): Promise<RunRecord> {
  await context.records.transact(async (tx) => {
    await tx
      .updateTable("runs")
      .set({ status: "running", ended_at: null, error: null, owner: context.owner ?? null })
      .where("id", "=", id)
      .execute();
  });
  return getRun(context, id);
}
