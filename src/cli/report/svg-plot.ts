// Plots as SVG text: a frame with two axes, and marks placed by values. Colours are CSS variables of the page, so that one picture
// is right in light and in dark; sizes are the picture's own, and the page scales it.

import { escaped } from "./markup.ts";

/** A place in values. */
export type PlotPoint = readonly [number, number];

/** An axis: its ends, its words, and how a value on it is written. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly title: string;
  readonly text?: (value: number) => string;
  /** Where its ticks stand; default round values. */
  readonly ticks?: readonly number[];
}

/** A frame to draw in. */
export interface Plot {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  /** The finished picture around some marks. */
  readonly svg: (marks: readonly string[]) => string;
}

const WIDTH = 380;
const HEIGHT = 290;
const LEFT = 52;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 44;

/** A frame over two axes; `title` is what a screen reader says. */
export function plot(title: string, horizontal: Axis, vertical: Axis): Plot {
  const scale = ({ from, to }: Axis, start: number, end: number) => {
    const span = to - from || 1;
    return (value: number): number => Number((start + ((value - from) / span) * (end - start)).toFixed(2));
  };
  const x = scale(horizontal, LEFT, WIDTH - RIGHT);
  const y = scale(vertical, HEIGHT - BOTTOM, TOP);
  const plain = (value: number): string => String(Number(value.toPrecision(3))).replace("-", "−");
  const ticks = [
    ...ticksOf(horizontal).map(
      (tick) =>
        `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text class="tick" text-anchor="middle" x="${x(tick)}" y="${HEIGHT - BOTTOM + 17}">${escaped((horizontal.text ?? plain)(tick))}</text>`,
    ),
    ...ticksOf(vertical).map(
      (tick) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/><text class="tick" text-anchor="end" x="${LEFT - 7}" y="${y(tick) + 4}">${escaped((vertical.text ?? plain)(tick))}</text>`,
    ),
  ];
  const words = [
    `<text class="axis" text-anchor="middle" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}">${escaped(horizontal.title)}</text>`,
    `<text class="axis" text-anchor="middle" transform="translate(13 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)">${escaped(vertical.title)}</text>`,
  ];
  return {
    x,
    y,
    svg: (marks) =>
      `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">${[...ticks, ...marks, ...words].join("")}</svg>`,
  };
}

/** A line through points. */
export function line({ x, y }: Plot, points: readonly PlotPoint[], className: string): string {
  return `<path class="${className}" d="${points.map(([a, b], place) => `${place === 0 ? "M" : "L"}${x(a)} ${y(b)}`).join("")}"/>`;
}

/** The area between points and a level. */
export function area({ x, y }: Plot, points: readonly PlotPoint[], level: number, className: string): string {
  const [first, last] = [points[0], points[points.length - 1]];
  if (!first || !last) return "";
  const top = points.map(([a, b]) => `L${x(a)} ${y(b)}`).join("");
  return `<path class="${className}" d="M${x(first[0])} ${y(level)}${top}L${x(last[0])} ${y(level)}Z"/>`;
}

/** A dot with words that appear under the pointer. */
export function dot({ x, y }: Plot, [a, b]: PlotPoint, radius: number, className: string, words = ""): string {
  const title = words === "" ? "" : `<title>${escaped(words)}</title>`;
  return `<circle class="${className}" cx="${x(a)}" cy="${y(b)}" r="${radius}">${title}</circle>`;
}

/** Round values inside an axis, about five of them. */
export function ticksOf({ from, to, ticks: given }: Axis): readonly number[] {
  if (given) return given;
  const span = to - from;
  if (!(span > 0)) return [from];
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  for (let count = Math.ceil(from / step - 1e-9); count * step <= to + step * 1e-9; count += 1)
    ticks.push(Number((count * step).toPrecision(12)));
  return ticks;
}
