// All times come from here. The system clock follows the computer's; the replay clock goes where it is told.

import type { Instant } from "../core/core.ts";

/** Tells the time and waits for it. */
export interface Clock {
  now(): Instant;
  /** Ends when the clock has reached `instant`, or rejects with CANCELLED when `signal` aborts. */
  waitUntil(instant: Instant, signal?: AbortSignal): Promise<void>;
}

/** A clock that a caller moves forward: a year passes in minutes. */
export interface ReplayClock extends Clock {
  /** Moves to `instant`; a clock never goes back, so an earlier instant is an INPUT_INVALID error. */
  advanceTo(instant: Instant): void;
}
