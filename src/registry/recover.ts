import { instantToSql } from "../records/records.ts";
import { writeAudit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";

/**
 * Marks runs as failed whose process has died, and gives their ids; one that had registered its version by then has finished. `isAlive` is asked about the owner's mark that a run was started
 * with; runs without one are left alone.
 */
export async function recoverRuns(
  context: RegistryContext,
  isAlive: (owner: string) => boolean,
): Promise<readonly string[]> {
  const deadIn = async (db: RegistryContext["records"]["db"]): Promise<readonly string[]> => {
    const running = await db.selectFrom("runs").select(["id", "owner"]).where("status", "=", "running").execute();
    return running.filter(({ owner }) => owner !== null && !isAlive(owner)).map(({ id }) => id);
  };
  // Most of the time there are none, and whoever only looks waits for no writer.
  if ((await deadIn(context.records.db)).length === 0) return [];
  return context.records.transact(async (tx) => {
    const ended = await deadIn(tx);
    if (ended.length === 0) return [];
    const made = await tx.selectFrom("versions").select("run_id").where("run_id", "in", ended).execute();
    const finished = ended.filter((id) => made.some((version) => version.run_id === id));
    if (finished.length > 0)
      await tx
        .updateTable("runs")
        .set({ status: "finished", ended_at: instantToSql(context.clock.now()) })
        .where("id", "in", finished)
        .execute();
    const dead = ended.filter((id) => !finished.includes(id));
    if (dead.length === 0) return [];
    await tx
      .updateTable("runs")
      .set({
        status: "failed",
        ended_at: instantToSql(context.clock.now()),
        error: "interrupted: the process ended before the run did",
      })
      .where("id", "in", dead)
      .execute();
    for (const id of dead) await writeAudit(tx, context, { action: "run.interrupted", subject: id, details: {} });
    return dead;
  });
}
