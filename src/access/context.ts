import type { Instant, RandomBytes } from "../core/core.ts";
import type { Records } from "../records/records.ts";

/** What every function of access works with. */
export interface AccessContext {
  readonly records: Records;
  readonly clock: { now(): Instant };
  readonly random: RandomBytes;
  /** Who does it, for the audit trail. */
  readonly actor: string;
}
