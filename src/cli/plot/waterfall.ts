import { type Canvas, extent, shortNumber } from "./marks.ts";

/** A step of a waterfall. */
export interface WaterfallStep {
  readonly name: string;
  readonly change: number;
}

/** A step with where it begins and ends. */
export interface WaterfallSpan extends WaterfallStep {
  readonly from: number;
  readonly to: number;
}

/** The steps one after the other from `start` on; of more than `most` the last are added up in one. */
export function waterfallSpans(start: number, steps: readonly WaterfallStep[], most: number): readonly WaterfallSpan[] {
  const shown = steps.length > most ? steps.slice(0, most - 1) : steps;
  const rest = steps.slice(shown.length);
  const others = { name: `${rest.length} others`, change: rest.reduce((sum, { change }) => sum + change, 0) };
  let at = start;
  return [...shown, ...(rest.length === 0 ? [] : [others])].map(({ name, change }) => {
    const from = at;
    at += change;
    return { name, change, from, to: at };
  });
}

/** How a sum comes about, step by step: each bar begins where the one before it ended. Steps that do not fit in `most` lines are added up in one. */
export function waterfall(
  start: number,
  steps: readonly WaterfallStep[],
  { width, plain }: Canvas,
  most = 15,
): readonly string[] {
  const spans = waterfallSpans(start, steps, most);
  const end = spans.at(-1)?.to ?? start;
  const [low, high] = extent([start, ...spans.map(({ to }) => to)]) ?? [0, 1];
  const names = Math.min(Math.max(...spans.map(({ name }) => [...name].length), 6), Math.floor(width / 2));
  const figures = spans.map(({ change }) => `${change >= 0 ? "+" : "−"}${shortNumber(Math.abs(change))}`);
  const figure = Math.max(...figures.map(({ length }) => length), shortNumber(start).length, shortNumber(end).length);
  const room = Math.max(10, width - names - figure - 4);
  const column = (value: number): number => Math.round(((value - low) / (high - low || 1)) * (room - 1));
  const line = (name: string, text: string, drawn: string): string => {
    const long = [...name];
    const label = long.length > names ? `${long.slice(0, names - 1).join("")}~` : name.padEnd(names);
    return `${label}  ${text.padStart(figure)}  ${drawn}`.trimEnd();
  };
  const mark = plain ? "|" : "│";
  return [
    line("base", shortNumber(start), `${" ".repeat(column(start))}${mark}`),
    ...spans.map(({ name, from, to, change }, place) => {
      const [left, right] = [column(Math.min(from, to)), column(Math.max(from, to))];
      const body = plain ? (change >= 0 ? ">" : "<") : change >= 0 ? "█" : "▒";
      return line(name, figures[place] ?? "", " ".repeat(left) + body.repeat(Math.max(1, right - left)));
    }),
    line("sum", shortNumber(end), `${" ".repeat(column(end))}${mark}`),
  ];
}
