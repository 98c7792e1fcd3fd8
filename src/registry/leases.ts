// Something that only one process at a time does. A lease ends by itself, so that one whose holder was killed, or is cut off from the records,
// is free again a minute later; of a process on this machine it is known at once. Clocks of different machines may differ by half a minute.

import { type Instant, minutes } from "../core/core.ts";
import { instantFromSql, instantToSql } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";

/** How long a lease lasts that is not taken again. */
export const LEASE = minutes(1);

/** Who has a lease. */
export interface LeaseHolder {
  /** The mark of a process. */
  readonly holder: string;
  readonly since: Instant;
}

/** What tells processes apart. */
export interface Processes {
  readonly mark: string;
  readonly isAlive: (mark: string) => boolean;
}

/** Takes a lease, or takes it again before it ends. Gives whoever has it instead, and undefined when this process has it now. */
export async function takeLease(
  { records, clock }: RegistryContext,
  name: string,
  { mark, isAlive }: Processes,
): Promise<LeaseHolder | undefined> {
  const now = clock.now();
  return records.transact(async (tx) => {
    const found = await tx.selectFrom("leases").selectAll().where("name", "=", name).executeTakeFirst();
    const isOwn = found?.holder === mark;
    if (found && !isOwn && instantFromSql(found.until) > now && isAlive(found.holder))
      return { holder: found.holder, since: instantFromSql(found.since) };
    const row = { holder: mark, since: isOwn ? found.since : instantToSql(now), until: instantToSql(now + LEASE) };
    await tx
      .insertInto("leases")
      .values({ name, ...row })
      .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
      .execute();
    return undefined;
  });
}

/** Gives a lease back, if this process has it. */
export async function endLease({ records }: RegistryContext, name: string, { mark }: Processes): Promise<void> {
  await records.db.deleteFrom("leases").where("name", "=", name).where("holder", "=", mark).execute();
}
