import type { RandomBytes } from "../core/core.ts";
import type { BlobStore, Clock } from "../ports/ports.ts";
import type { Records } from "../records/records.ts";

/** What every function of the registry works with. */
export interface RegistryContext {
  readonly records: Records;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Who does it, for the audit trail: a person, or a part of Slipway such as `retrain delay_retrain`. */
  readonly actor: string;
  /** The user to whom lists show what that user may see alone; without one they show everything. */
  readonly onlooker?: string;
  /** A mark of this process; runs started with one can be recovered when the process has died. */
  readonly owner?: string;
}

/** Has all of what `work` writes with the context that it is given in one transaction: all of it is there, or nothing. */
export function inOneTransaction<T>(
  context: RegistryContext,
  work: (within: RegistryContext) => Promise<T>,
): Promise<T> {
  const { records } = context;
  return records.transact((tx) =>
    work({ ...context, records: { ...records, db: tx, transact: (inner) => inner(tx) } }),
  );
}
