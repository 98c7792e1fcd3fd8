// Times as databases and files write them, read strictly: no day that is not in the calendar, no zone that is only assumed.

import type { Instant } from "./time.ts";

const TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})0*)?)?)? ?(?:(Z)|([+-])(\d{2})(?::?(\d{2}))?)?$/;

/** An ISO 8601 time: its instant, or with `hasZone` false the same clock reading in UTC. Undefined for anything else. */
export function readTime(text: string): { readonly instant: Instant; readonly hasZone: boolean } | undefined {
  const found = TIME.exec(text.trim());
  if (!found) return undefined;
  const [
    ,
    year,
    month,
    day,
    hour = "0",
    minute = "0",
    second = "0",
    fraction = "",
    utc,
    sign,
    zoneHours,
    zoneMinutes = "0",
  ] = found;
  const parts = [year, month, day, hour, minute, second].map(Number);
  const [y = 0, m = 0, d = 0, h = 0, min = 0, s = 0] = parts;
  // Years before 100 mean 1900 and later to Date.UTC.
  const date = new Date(Date.UTC(2000, m - 1, d, h, min, s));
  date.setUTCFullYear(y, m - 1, d);
  if (h > 23 || min > 59 || s > 59 || date.getUTCMonth() !== m - 1 || date.getUTCDate() !== d) return undefined;
  const local = BigInt(date.getTime()) * 1000n + BigInt(fraction.padEnd(6, "0"));
  const hasZone = utc !== undefined || sign !== undefined;
  if (sign === undefined) return { instant: local, hasZone };
  if (Number(zoneHours) > 23 || Number(zoneMinutes) > 59) return undefined;
  const offset = BigInt(Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000_000n;
  return { instant: sign === "-" ? local + offset : local - offset, hasZone };
}

const MICROS_PER_DAY = 86_400_000_000n;

/**
 * A clock reading in a zone as an instant, both in microseconds. Of an hour that a clock change repeats the second pass is meant; one that it
 * skips counts on from before the change.
 */
export function instantInZone(local: Instant, zone: string): Instant {
  const before = offsetAt(local - MICROS_PER_DAY, zone);
  const after = offsetAt(local + MICROS_PER_DAY, zone);
  if (before === after) return local - before;
  const isAfter = offsetAt(local - after, zone) === after;
  return isAfter ? local - after : local - before;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far a zone's clocks are ahead of UTC at an instant, in microseconds. */
function offsetAt(instant: Instant, zone: string): bigint {
  if (zone === "UTC") return 0n;
  let format = formats.get(zone);
  if (!format) {
    const two = "2-digit";
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
      era: "short",
    });
    formats.set(zone, format);
  }
  const seconds = instant / 1_000_000n - (instant % 1_000_000n < 0n ? 1n : 0n);
  const parts = new Map(format.formatToParts(new Date(Number(seconds) * 1000)).map(({ type, value }) => [type, value]));
  const number = (part: Intl.DateTimeFormatPartTypes): number => Number(parts.get(part));
  const year = parts.get("era") === "BC" ? 1 - number("year") : number("year");
  const shown = new Date(
    Date.UTC(2000, number("month") - 1, number("day"), number("hour"), number("minute"), number("second")),
  );
  shown.setUTCFullYear(year, number("month") - 1, number("day"));
  return BigInt(shown.getTime()) * 1000n - seconds * 1_000_000n;
}
