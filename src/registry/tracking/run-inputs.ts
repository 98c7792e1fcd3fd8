// What a run read and what it made: datasets by name and digest, and logged models. The same dataset of an experiment is stored once.

import { newId, SlipwayError } from "../../core/core.ts";
import { type RecordsTransaction, toJson } from "../../records/records.ts";
import type { RegistryContext } from "../context.ts";
import type { Tag, TrackingContext } from "./context.ts";
import { requireActiveRun } from "./runs.ts";

/** A dataset as a client describes it; texts are the client's own. */
export interface InputDataset {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema?: string | undefined;
  readonly profile?: string | undefined;
  readonly tags: readonly Tag[];
}

/** Notes what a run read. */
export async function logRunInputs(
  context: TrackingContext,
  id: string,
  inputs: { readonly datasets: readonly InputDataset[]; readonly models: readonly string[] },
): Promise<void> {
  await context.write(async (tx) => {
    const experiment = await requireActiveRun(tx, id);
    for (const dataset of inputs.datasets) await putRunInput(tx, context, { id, experiment }, dataset);
    for (const model of inputs.models) await putRunModel(tx, id, model, "input", 0);
  });
}

/** Notes inside a transaction that a run read a dataset. */
export async function putRunInput(
  tx: RecordsTransaction,
  context: RegistryContext,
  run: { readonly id: string; readonly experiment: string },
  dataset: InputDataset,
): Promise<void> {
  const input_id = await inputId(tx, context, run.experiment, dataset);
  const tags = toJson(dataset.tags.map(({ key, value }) => [key, value]));
  await tx
    .insertInto("run_inputs")
    .values({ run_id: run.id, input_id, tags })
    .onConflict((conflict) => conflict.columns(["run_id", "input_id"]).doUpdateSet({ tags }))
    .execute();
}

/** Notes which logged models a run made, each at a step. */
export async function logRunOutputs(
  context: TrackingContext,
  id: string,
  models: readonly { readonly modelId: string; readonly step: number }[],
): Promise<void> {
  await context.write(async (tx) => {
    await requireActiveRun(tx, id);
    for (const { modelId, step } of models) await putRunModel(tx, id, modelId, "output", step);
  });
}

async function inputId(
  tx: RecordsTransaction,
  context: RegistryContext,
  experiment_id: string,
  { name, digest, sourceType, source, schema, profile }: InputDataset,
): Promise<string> {
  const known = await tx
    .selectFrom("inputs")
    .select("id")
    .where("experiment_id", "=", experiment_id)
    .where("name", "=", name)
    .where("digest", "=", digest)
    .executeTakeFirst();
  if (known) return known.id;
  const id = newId(context.clock.now(), context.random);
  await tx
    .insertInto("inputs")
    .values({
      id,
      experiment_id,
      name,
      digest,
      source_type: sourceType,
      source,
      columns: schema ?? null,
      profile: profile ?? null,
    })
    .execute();
  return id;
}

async function putRunModel(
  tx: RecordsTransaction,
  run_id: string,
  model_id: string,
  role: "input" | "output",
  step: number,
): Promise<void> {
  const known = await tx.selectFrom("logged_models").select("id").where("id", "=", model_id).executeTakeFirst();
  if (!known)
    throw new SlipwayError("MODEL_NOT_FOUND", `Logged model with ID '${model_id}' not found.`, {
      details: { loggedModel: model_id },
    });
  await tx
    .insertInto("run_models")
    .values({ run_id, model_id, role, step })
    .onConflict((conflict) => conflict.columns(["run_id", "role", "model_id"]).doUpdateSet({ step }))
    .execute();
}
