// How values look to people: instants, durations, feature rules, figures.

import {
  type Duration,
  days,
  formatInstant,
  hours,
  type Instant,
  minutes,
  SlipwayError,
  seconds,
} from "../core/core.ts";

/** An instant as ISO 8601, or undefined for JSON to leave out. */
export function instantText(instant: Instant | null | undefined): string | undefined {
  return instant === null || instant === undefined ? undefined : formatInstant(instant);
}

/** An instant, or its ISO 8601, to the second and as wide as any other; nothing for none. JSON has it in full. */
export function momentText(at: Instant | string | null | undefined): string {
  const text = typeof at === "string" ? at : instantText(at);
  return text === undefined ? "" : text.slice(0, 19).replace("T", " ");
}

/** A duration to the nearest of its two largest units: `2d 3h`. */
export function roughly(duration: Duration): string {
  const seconds = Number(duration / 1_000_000n);
  const units = [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ] as const;
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0) return "0s";
  let rest = seconds;
  const parts = units.slice(first, first + 2).map(([name, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? `${count}${name}` : "";
  });
  return parts.filter(Boolean).join(" ");
}

/** A figure with four decimals, or with its power of ten where those would show nothing of it; nothing for what is not a number. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  const size = Math.abs(value);
  return size !== 0 && (size < 0.0001 || size >= 1e15) ? value.toExponential(3) : value.toFixed(4);
}

/** A length of time in its largest unit: `3.2 s`, `4 min 10 s`; nothing for none. */
export function secondsText(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  const [whole, minute] = [Math.round(seconds), 60];
  const minutesIn = Math.floor(whole / minute);
  if (minutesIn < minute) return `${minutesIn} min ${whole % minute} s`;
  return `${Math.floor(minutesIn / minute)} h ${minutesIn % minute} min`;
}

/** A size: `812 B`, `41.2 MB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [size, place] = [bytes, 0];
  for (; size >= 1000 && place < units.length - 1; place += 1) size /= 1000;
  return `${place === 0 ? size : size.toFixed(1)} ${units[place]}`;
}

const UNITS = { d: days, h: hours, m: minutes, s: seconds };

/** Reads a duration such as `7d`, `24h`, `5m` or `30s`. Throws USAGE, naming the option. */
export function durationOf(option: string, text: string): Duration {
  const [, count, unit] = /^(\d{1,9})([dhms])$/.exec(text.trim()) ?? [];
  if (count === undefined || unit === undefined)
    throw new SlipwayError("USAGE", `${option} ${text} is not a length of time; write it as 7d, 24h, 5m or 30s.`);
  return UNITS[unit as keyof typeof UNITS](Number(count));
}

/** Reads an option that takes a whole number above zero. Throws USAGE, naming the option. */
export function countOf(option: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new SlipwayError("USAGE", `${option} takes a whole number above zero, not "${text}".`);
}

/** Reads an option that takes a whole number between two others, both allowed. Throws USAGE, naming the option. */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new SlipwayError("USAGE", `${option} takes a whole number from ${least} to ${most}, not "${text}".`);
}

const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** Reads a size such as `500MiB` or `10GB`. Throws USAGE, naming the option. */
export function byteCount(option: string, text: string): number {
  const [, count, unit = "B"] = /^(\d{1,9})\s*([KMGT]?i?B)?$/i.exec(text.trim()) ?? [];
  if (count !== undefined) return Number(count) * (SIZES[unit.toUpperCase()] ?? 1);
  throw new SlipwayError("USAGE", `${option} ${text} is not a size; write it as 500MiB or 10GB.`);
}
