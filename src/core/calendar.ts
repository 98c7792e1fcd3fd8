// Days of the proleptic Gregorian calendar as whole numbers since 1970-01-01, over the whole range that engines can hold: JavaScript's own
// Date ends at the year 275760. Algorithms: H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days, days_from_civil.

/** A day in parts; `year` counts a year 0, as ISO 8601 does. */
export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly dayOfMonth: number;
}

/** The first and the last day that every engine can hold: DuckDB's DATE is the narrowest. */
export const dayRange = { first: -2_147_483_646, last: 2_147_483_646 } as const;

/** The date of a day number. */
export function civilDate(day: number): CivilDate {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return { year, month, dayOfMonth: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1 };
}

/** The day number of a date. */
export function dayNumber({ year, month, dayOfMonth }: CivilDate): number {
  const marchYear = year - (month <= 2 ? 1 : 0);
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + dayOfMonth - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** A day number as ISO 8601: `2013-07-01`; a year of more than four digits, or before 0, has a sign and at least six digits. */
export function dateText(day: number): string {
  const { year, month, dayOfMonth } = civilDate(day);
  const years =
    year >= 0 && year <= 9999
      ? String(year).padStart(4, "0")
      : `${year < 0 ? "-" : "+"}${String(Math.abs(year)).padStart(6, "0")}`;
  return `${years}-${String(month).padStart(2, "0")}-${String(dayOfMonth).padStart(2, "0")}`;
}

const DAY = /^(\d{4}|[+-]\d{6,7})-(\d{2})-(\d{2})$/;

/** The day number of a text such as `2013-07-01`, or undefined where the calendar has no such day. */
export function parseDate(text: string): number | undefined {
  const match = DAY.exec(text);
  if (!match) return undefined;
  const day = dayNumber({ year: Number(match[1]), month: Number(match[2]), dayOfMonth: Number(match[3]) });
  return isDay(day) && dateText(day) === text ? day : undefined;
}

/** Whether a number is a day that every engine can hold. */
export function isDay(value: number): boolean {
  return Number.isInteger(value) && value >= dayRange.first && value <= dayRange.last;
}
