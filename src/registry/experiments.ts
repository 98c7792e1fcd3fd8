import { type Instant, newId } from "../core/core.ts";
import { instantFromSql, instantToSql, type RecordsTransaction } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";
import { checkedName } from "./names.ts";

/** A group of runs that are compared with each other. */
export interface Experiment {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Instant;
}

/** The experiment of that name, made when there is none. */
export async function createExperiment(context: RegistryContext, name: string): Promise<Experiment> {
  return context.records.transact((tx) => experimentIn(tx, context, name));
}

/** Does the same inside a transaction. */
export async function experimentIn(
  tx: RecordsTransaction,
  { clock, random }: RegistryContext,
  name: string,
): Promise<Experiment> {
  checkedName(name, "an experiment");
  const known = await tx.selectFrom("experiments").selectAll().where("name", "=", name).executeTakeFirst();
  if (known) return experimentOf(known);
  const now = clock.now();
  const row = { id: newId(now, random), name, created_at: instantToSql(now) };
  await tx.insertInto("experiments").values(row).execute();
  return experimentOf(row);
}

/** All experiments, by name. */
export async function listExperiments({ records }: RegistryContext): Promise<readonly Experiment[]> {
  return (await records.db.selectFrom("experiments").selectAll().orderBy("name").execute()).map(experimentOf);
}

function experimentOf(row: { readonly id: string; readonly name: string; readonly created_at: number }): Experiment {
  return { id: row.id, name: row.name, createdAt: instantFromSql(row.created_at) };
}
