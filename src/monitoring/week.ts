// How a reference is read as a history: windows as long as the current one, counted from its start, each with its part of the week.

import { type Duration, days, floorTo, hours, type Instant } from "../core/core.ts";

const WEEK = days(7);

/** A history's windows. */
export interface Week {
  /** As long as the current window, in whole hours that divide a day, or whole days. */
  readonly length: Duration;
  /** The start of the first whole window. */
  readonly start: Instant;
  readonly count: number;
  readonly phases: readonly number[];
  /** The current window's own. */
  readonly phase: number;
}

/** Cuts the time from `from` to `to` (both held) into whole windows as long as the current one, which covers `current`. */
export function weekOf(
  { from, to }: { readonly from: Instant; readonly to: Instant },
  current: { readonly from: Instant; readonly to: Instant },
): Week {
  const length = lengthOf(current);
  const anchor = floorTo(current.from, length < days(1) ? length : days(1));
  const before = (from - anchor) / length;
  let start = anchor + (before * length > from - anchor ? before - 1n : before) * length;
  // A first window that is only begun would differ by that alone.
  if (start + length / 10n < from) start += length;
  const count = Math.max(0, Number((to - start + length / 10n) / length));
  const phaseOf = (at: Instant): number => Number((((at % WEEK) + WEEK) % WEEK) / hours(1));
  return {
    length,
    start,
    count,
    phases: Array.from({ length: count }, (_, place) => phaseOf(start + BigInt(place) * length)),
    phase: phaseOf(anchor),
  };
}

function lengthOf({ from, to }: { readonly from: Instant; readonly to: Instant }): Duration {
  const span = to - from;
  const short = [1, 2, 3, 4, 6, 8, 12].map(hours).find((each) => span < each && to < floorTo(from, each) + each);
  if (short !== undefined) return short;
  const first = floorTo(from, days(1));
  return days(Number((to - first) / days(1)) + 1);
}
