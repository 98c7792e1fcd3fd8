// Which servers answer with which versions right now: the only rows that are taken away again, because they say what is and not what was.

import type { Instant } from "../core/core.ts";
import { instantFromSql, instantToSql } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";

/** A version that a process serves. */
export interface DeploymentRecord {
  /** The mark of the process. */
  readonly owner: string;
  readonly model: string;
  readonly version: number;
  readonly since: Instant;
}

/** Notes that this process answers with a version from now on. */
export async function noteDeployment(context: RegistryContext, model: string, version: number): Promise<void> {
  const { records, clock, owner } = context;
  if (owner === undefined) return;
  const since = instantToSql(clock.now());
  await records.db
    .insertInto("deployments")
    .values({ owner, model, version, since })
    .onConflict((conflict) => conflict.columns(["owner", "model"]).doUpdateSet({ version, since }))
    .execute();
}

/** Takes away what this process served, and what processes served that are gone. */
export async function endDeployments(
  { records, owner }: RegistryContext,
  isAlive: (owner: string) => boolean,
): Promise<void> {
  const rows = await records.db.selectFrom("deployments").select("owner").distinct().execute();
  const gone = rows.map((row) => row.owner).filter((each) => each === owner || !isAlive(each));
  if (gone.length > 0) await records.db.deleteFrom("deployments").where("owner", "in", gone).execute();
}

/** What is served by processes that still run. */
export async function liveDeployments(
  { records }: RegistryContext,
  isAlive: (owner: string) => boolean,
): Promise<readonly DeploymentRecord[]> {
  const rows = await records.db.selectFrom("deployments").selectAll().orderBy("since").orderBy("owner").execute();
  return rows
    .filter(({ owner }) => isAlive(owner))
    .map(({ owner, model, version, since }) => ({ owner, model, version, since: instantFromSql(since) }));
}
