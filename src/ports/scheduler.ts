// An engine must: never run an action again while its last run is under way; go on after an action that failed; and stop for good when
// told to.

import type { Duration } from "../core/core.ts";

/** Runs actions again and again, in real time. */
export interface Scheduler {
  /** Runs `action` every `interval`, the first time after one. Returns what stops it. */
  every(interval: Duration, action: () => Promise<void>): () => void;
}
