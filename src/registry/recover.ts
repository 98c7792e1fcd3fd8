import { instantToSql } from "../records/records.ts";
import { writeAudit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";

/**
 * Marks runs as failed whose process has died, and gives their ids. `isAlive` is asked about the owner's mark that a run was started
 * with; runs without one are left alone.
 */
export async function recoverRuns(
  context: RegistryContext,
  isAlive: (owner: string) => boolean,
): Promise<readonly string[]> {
  return context.records.db.transaction().execute(async (tx) => {
    const running = await tx.selectFrom("runs").select(["id", "owner"]).where("status", "=", "running").execute();
    const dead = running.filter(({ owner }) => owner !== null && !isAlive(owner)).map(({ id }) => id);
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
