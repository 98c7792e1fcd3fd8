// A clock that stands still until it is told to move. Waiters are released in the order of their instants, then of their asking, so
// that a replay does the same things in the same order every time.

import { formatInstant, type Instant, SlipwayError } from "../../core/core.ts";
import type { ReplayClock } from "../../ports/ports.ts";

interface Waiter {
  readonly until: Instant;
  readonly release: () => void;
}

/** A clock that shows `start` until `advanceTo` moves it. */
export function replayClock(start: Instant): ReplayClock {
  let current = start;
  let waiters: readonly Waiter[] = [];
  return {
    now: () => current,
    advanceTo(instant) {
      if (instant < current)
        throw new SlipwayError(
          "INPUT_INVALID",
          `A clock never goes back: it shows ${formatInstant(current)}, not later than ${formatInstant(instant)}.`,
        );
      current = instant;
      const due = waiters.filter(({ until }) => until <= instant);
      if (due.length === 0) return;
      waiters = waiters.filter(({ until }) => until > instant);
      for (const { release } of [...due].sort((a, b) => Number(a.until - b.until))) release();
    },
    waitUntil(until, signal) {
      return new Promise((resolve, reject) => {
        const cancelled = (): void => reject(new SlipwayError("CANCELLED", "Waiting was cancelled."));
        if (signal?.aborted) return cancelled();
        if (until <= current) return resolve();
        const waiter: Waiter = {
          until,
          release: () => {
            signal?.removeEventListener("abort", stop);
            resolve();
          },
        };
        const stop = (): void => {
          waiters = waiters.filter((other) => other !== waiter);
          cancelled();
        };
        signal?.addEventListener("abort", stop, { once: true });
        waiters = [...waiters, waiter];
      });
    },
  };
}
