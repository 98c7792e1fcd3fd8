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
