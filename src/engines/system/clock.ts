// Clocks that run at real speed. The computer's wall clock ticks in milliseconds and may be set; the monotonic clock has microseconds
// but drifts from it. Reading the second from an anchor on the first, anew whenever they part, gives both. Nothing that was written at a
// time may be read before it, so a clock that is set back stands still here until the computer's has caught up.

import { type Instant, SlipwayError } from "../../core/core.ts";
import type { Clock } from "../../ports/ports.ts";

/** The longest a timer can be set for; a longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const TOLERANCE_MS = 2;

/** The computer's clock, in microseconds; it never goes back. */
export function systemClock(): Clock {
  let wall = Date.now();
  let anchor = performance.now();
  let latest = 0n;
  return runningClock(() => {
    const reading = Date.now();
    let estimate = wall + (performance.now() - anchor);
    if (Math.abs(estimate - reading) > TOLERANCE_MS) {
      wall = reading;
      anchor = performance.now();
      estimate = wall;
    }
    const now = BigInt(Math.floor(estimate * 1000));
    if (now > latest) latest = now;
    return latest;
  });
}

/** A clock that shows `start` now and runs at real speed from there. */
export function offsetClock(start: Instant): Clock {
  const system = systemClock();
  const offset = start - system.now();
  return runningClock(() => system.now() + offset);
}

function runningClock(now: () => Instant): Clock {
  return {
    now,
    async waitUntil(instant, signal) {
      for (let left = instant - now(); left > 0n; left = instant - now()) await pause(Number(left) / 1000, signal);
      refuseAborted(signal);
    },
  };
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled());
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      },
      Math.min(Math.ceil(milliseconds), LONGEST_TIMER_MS),
    );
    const stop = (): void => {
      clearTimeout(timer);
      reject(cancelled());
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}

function cancelled(): SlipwayError {
  return new SlipwayError("CANCELLED", "Waiting was cancelled.");
}
