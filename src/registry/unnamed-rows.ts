// Files of rows that no record names any more: snapshots that no dataset was recorded from, and copies of batches that are no longer held. Both are
// written before the row that names them, so whatever is younger than any writer takes is left alone; an old snapshot that a training takes up again
// at this moment is found missing inside the transaction that would name it.

import { sql } from "kysely";
import type { Instant } from "../core/core.ts";
import type { RegistryContext } from "./context.ts";

/** A number of files and their bytes. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** An amount and one file more. */
export function more({ files, bytes }: Amount, size: number): Amount {
  return { files: files + 1, bytes: bytes + size };
}

/** Where snapshots of training rows lie. */
export const SNAPSHOTS = "snapshots";
/** Where copies of quarantined rows lie. */
const QUARANTINE = "quarantine";

/** Clears what no record names and nobody wrote since an instant; only rows that are still held keep their copies. */
export async function clearUnnamedRows(
  context: RegistryContext,
  before: Instant,
  dryRun: boolean,
): Promise<{ readonly snapshots: Amount; readonly quarantined: Amount }> {
  return {
    snapshots: await clearUnnamed(context, SNAPSHOTS, before, dryRun),
    quarantined: await clearUnnamed(context, QUARANTINE, before, dryRun),
  };
}

async function clearUnnamed(
  { blobs, records }: RegistryContext,
  place: typeof SNAPSHOTS | typeof QUARANTINE,
  before: Instant,
  dryRun: boolean,
): Promise<Amount> {
  let cleared: Amount = { files: 0, bytes: 0 };
  for (const name of await blobs.list(`${place}/`)) {
    const state = await blobs.state(name);
    if (!state || state.writtenAt > before) continue;
    const isGone = await records.transact(async (tx) => {
      // SQLite lets in one writer at a time, and this is it.
      if (records.kind === "postgres" && !dryRun)
        await sql`lock table datasets, quarantine_batches in share row exclusive mode`.execute(tx);
      const naming =
        place === SNAPSHOTS
          ? tx.selectFrom("datasets").select("id").where("blob", "=", name)
          : tx.selectFrom("quarantine_batches").select("id").where("blob", "=", name).where("status", "=", "held");
      if (await naming.executeTakeFirst()) return false;
      if (!dryRun) await blobs.delete(name);
      return true;
    });
    if (isGone) cleared = more(cleared, state.size);
  }
  return cleared;
}
