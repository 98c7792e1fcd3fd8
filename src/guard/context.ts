import type { RandomBytes } from "../core/core.ts";
import type { BlobStore, Clock, OfflineEngine } from "../ports/ports.ts";
import type { Records } from "../records/records.ts";

/** What every function of the guard works with. */
export interface GuardContext {
  readonly offline: OfflineEngine;
  readonly blobs: BlobStore;
  readonly records: Records;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Who does it, for the audit trail. */
  readonly actor: string;
  /** A temporary folder on the same file system as the blobs. */
  readonly temporaryFolder: string;
}
