// Something that only one process at a time does. A lease ends by itself, so that one whose holder was killed, or is cut off from the records,
// is free again a minute later; of a process on this machine it is known at once. Clocks of different machines may differ by half a minute.

import { type Instant, minutes, SlipwayError } from "../core/core.ts";
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

/** A lease that was taken, by whose mark. */
export interface HeldLease {
  readonly name: string;
  readonly mark: string;
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

/** Makes a lease last for another while; false where it is another one's by now, or nobody's. */
export async function renewLease({ records, clock }: RegistryContext, { name, mark }: HeldLease): Promise<boolean> {
  const { numUpdatedRows } = await records.db
    .updateTable("leases")
    .set({ until: instantToSql(clock.now() + LEASE) })
    .where("name", "=", name)
    .where("holder", "=", mark)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Whether nobody has taken a lease since. */
export async function isHeld({ records }: Pick<RegistryContext, "records">, lease: HeldLease): Promise<boolean> {
  return hasLease(records.db, lease);
}

/**
 * The registry as the holder of a lease writes to it: what is written in transactions is refused as STATE_LOCKED once the lease is another one's. That is asked in
 * the same transaction, and transactions that write take turns, so nothing comes in between.
 */
export function whileHeld(context: RegistryContext, lease: HeldLease): RegistryContext {
  const { records } = context;
  return {
    ...context,
    records: {
      ...records,
      transact: (work) =>
        records.transact(async (tx) => {
          if (!(await hasLease(tx, lease))) throw leaseLost(lease.name);
          return work(tx);
        }),
    },
  };
}

/** The error for a lease that another one has taken over. */
export function leaseLost(name: string): SlipwayError {
  return new SlipwayError("STATE_LOCKED", `The ${name} was taken over by another process; this one stops.`, {
    details: { lease: name },
  });
}

async function hasLease(db: RegistryContext["records"]["db"], { name, mark }: HeldLease): Promise<boolean> {
  const found = await db.selectFrom("leases").select("holder").where("name", "=", name).executeTakeFirst();
  return found?.holder === mark;
}

/** Gives a lease back, if this process has it. */
export async function endLease({ records }: RegistryContext, name: string, { mark }: Processes): Promise<void> {
  await records.db.deleteFrom("leases").where("name", "=", name).where("holder", "=", mark).execute();
}
