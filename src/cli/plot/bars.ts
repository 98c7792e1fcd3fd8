import { type Canvas, extent, shortNumber } from "./marks.ts";

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar per value, from zero, the longest as wide as there is room; what is not finite has none. Negative values go the same way, with their sign told. */
export function bars(
  items: readonly { readonly name: string; readonly value: number }[],
  { width, plain }: Canvas,
): readonly string[] {
  const range = extent(items.map(({ value }) => Math.abs(value)));
  const longest = range?.[1] || 1;
  const names = Math.min(Math.max(0, ...items.map(({ name }) => [...name].length)), Math.floor(width / 2));
  const figures = items.map(({ value }) => (Number.isNaN(value) ? "" : shortNumber(value)));
  const figure = Math.max(0, ...figures.map((text) => text.length));
  const room = Math.max(4, width - names - figure - 4);
  return items.map(({ name, value }, place) => {
    const long = [...name];
    const label = long.length > names ? `${long.slice(0, names - 1).join("")}~` : name.padEnd(names);
    const length = Number.isFinite(value) ? (Math.abs(value) / longest) * room : 0;
    return `${label}  ${(figures[place] ?? "").padStart(figure)}  ${bar(length, plain)}`.trimEnd();
  });
}

function bar(length: number, plain: boolean): string {
  if (plain) return "#".repeat(Math.round(length));
  const whole = Math.floor(length);
  return "█".repeat(whole) + (EIGHTHS[Math.floor((length - whole) * 8)] ?? "");
}
