// What a materialisation runs between, and how it is followed and stopped.

import { type Instant, SlipwayError } from "../core/core.ts";
import type { OfflineEngine, OnlineStore } from "../ports/ports.ts";
import type { OnlineView } from "./online-view.ts";

/** The engines that materialisation runs between. */
export interface MaterializeEngines {
  readonly offline: OfflineEngine;
  readonly online: OnlineStore;
}

/** How far one view has come. */
export interface MaterializeProgress {
  readonly view: string;
  /** Source rows added by this run so far. */
  readonly rows: number;
  /** How many there are to add, where that is known. */
  readonly total?: number;
  /** Everything known up to here is in the store; of a first run, will be when it has ended. */
  readonly through: Instant;
}

/** Who follows and who stops a run. */
export interface MaterializeWatch {
  readonly onProgress?: (progress: MaterializeProgress) => void;
  readonly signal?: AbortSignal;
}

/** Throws CANCELLED when a run was stopped. */
export function stopIfAborted({ spec }: OnlineView, { signal }: MaterializeWatch): void {
  if (signal?.aborted)
    throw new SlipwayError("CANCELLED", `Materialising "${spec.name}" was stopped; run it again to go on.`);
}

/** What a run ends with that another one has overtaken. */
export function lockedOut({ spec }: OnlineView): SlipwayError {
  return new SlipwayError(
    "STATE_LOCKED",
    `Another process is materialising "${spec.name}". Wait for it to end, then run this again.`,
  );
}
