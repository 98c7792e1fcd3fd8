// Instants and durations are bigint microseconds (UTC, since the epoch): exact over the whole range that Parquet can hold.
// Nothing here reads a clock; the Clock port does.

import { SlipwayError } from "./errors.ts";
import { readTime } from "./time-text.ts";

/** A point in time: microseconds since 1970-01-01T00:00:00Z. */
export type Instant = bigint;

/** A length of time in microseconds. */
export type Duration = bigint;

const MICROS_PER_MILLI = 1000n;

function duration(count: number, unit: bigint, name: string): Duration {
  const micros = count * Number(unit);
  if (!Number.isSafeInteger(micros))
    throw new SlipwayError("DEFINITION_INVALID", `${name}(${count}) is not a whole number of microseconds.`);
  return BigInt(micros);
}

/** `count` seconds. */
export const seconds = (count: number): Duration => duration(count, 1_000_000n, "seconds");
/** `count` minutes. */
export const minutes = (count: number): Duration => duration(count, 60_000_000n, "minutes");
/** `count` hours. */
export const hours = (count: number): Duration => duration(count, 3_600_000_000n, "hours");
/** `count` days of 24 hours. */
export const days = (count: number): Duration => duration(count, 86_400_000_000n, "days");

/** `instant` rounded down to a multiple of `step` from the epoch, also before the epoch. */
export function floorTo(instant: Instant, step: Duration): Instant {
  const rest = instant % step;
  return instant - (rest < 0n ? rest + step : rest);
}

/** The grid a window's tail lies on: 5 minutes under 12 hours, 1 hour under 12 days, 1 day from there on. */
export function windowHop(window: Duration): Duration {
  if (window < hours(12)) return minutes(5);
  return window < days(12) ? hours(1) : days(1);
}

/** The inclusive start of the window that ends (exclusively) at `instant`. */
export function windowTail(instant: Instant, window: Duration): Instant {
  return floorTo(instant - window, windowHop(window));
}

/** A JavaScript Date as an instant. */
export function instantOf(date: Date): Instant {
  return BigInt(date.getTime()) * MICROS_PER_MILLI;
}

/** An instant as a JavaScript Date, cut to milliseconds. */
export function dateOf(instant: Instant): Date {
  return new Date(Number(floorTo(instant, MICROS_PER_MILLI) / MICROS_PER_MILLI));
}

/** An instant as ISO 8601 in UTC, with the fewest fractional digits that lose nothing. */
export function formatInstant(instant: Instant): string {
  const whole = dateOf(floorTo(instant, 1_000_000n)).toISOString().slice(0, 19);
  const fraction = instant - floorTo(instant, 1_000_000n);
  return fraction === 0n ? `${whole}Z` : `${whole}.${String(fraction).padStart(6, "0").replace(/0+$/, "")}Z`;
}

/** Reads ISO 8601; a date alone is midnight UTC, and a time without a zone is UTC. A day that no calendar has throws INPUT_INVALID, as all else. */
export function parseInstant(text: string): Instant {
  const read = readTime(text);
  if (!read)
    throw new SlipwayError(
      "INPUT_INVALID",
      `"${text}" is not a time. Write it as 2013-07-01 or 2013-07-01T14:00:00Z (UTC when no zone is given).`,
    );
  return read.instant;
}

/** A duration in words, largest unit that divides it: `7d`, `24h`, `5m`, `30s`, `10us`. */
export function formatDuration(value: Duration): string {
  const units = [
    [days(1), "d"],
    [hours(1), "h"],
    [minutes(1), "m"],
    [seconds(1), "s"],
  ] as const;
  const unit = units.find(([size]) => value !== 0n && value % size === 0n);
  return unit ? `${value / unit[0]}${unit[1]}` : `${value}us`;
}
