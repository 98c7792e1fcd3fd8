import { SlipwayError } from "../core/core.ts";
import type { TimeText } from "./source.ts";

/** Units that a whole number since the epoch may be in, with the microseconds of one. */
export const epochUnits: Readonly<Record<string, bigint>> = {
  seconds: 1_000_000n,
  milliseconds: 1000n,
  microseconds: 1n,
};

/** The options about times that were given, checked: DEFINITION_INVALID for a zone nobody knows, or a pattern that leaves the zone open. */
export function timeText(source: string, { timeFormat, timeZone }: TimeText): TimeText {
  if (timeZone !== undefined && !isZone(timeZone))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `source "${source}" has time zone "${timeZone}", which is not known. Write "UTC" or a name such as "Europe/Berlin".`,
    );
  if (timeFormat !== undefined && !(timeFormat in epochUnits)) {
    if (!timeFormat.includes("%"))
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `source "${source}" has timeFormat "${timeFormat}". Write a pattern such as "%d/%m/%Y %H:%M:%S", or one of ${Object.keys(epochUnits).join(", ")}.`,
      );
    if (timeZone === undefined && !/%[zZ]/.test(timeFormat))
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `source "${source}" has timeFormat "${timeFormat}", which reads no zone. Say which one is meant: timeZone: "UTC", or another.`,
      );
  }
  return { ...(timeFormat === undefined ? {} : { timeFormat }), ...(timeZone === undefined ? {} : { timeZone }) };
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // An offset such as +02:00 is a zone to Intl, but not to every engine.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
