import { formatInstant } from "../../core/core.ts";
import type { ColumnPicture } from "../../platform/platform.ts";
import { escaped } from "./markup.ts";
import { area, line, type PlotPoint, plot } from "./svg-plot.ts";

/** A column before and now in one picture: ranges as two outlines, categories as two bars each. */
export function distributionPlot(name: string, picture: ColumnPicture, isDrifted: boolean): string {
  const { bars, kind } = picture;
  const tone = isDrifted ? "moved" : "";
  const svg =
    bars.every(({ from }) => from !== undefined) && bars.length > 1
      ? outlines(name, bars, kind, tone)
      : pairs(name, bars, tone);
  return `${svg}<p class="key"><span class="key-before"></span>before<span class="key-now ${tone}"></span>now</p>`;
}

function outlines(
  name: string,
  bars: readonly ColumnPicture["bars"][number][],
  kind: ColumnPicture["kind"],
  tone: string,
): string {
  const most = Math.max(...bars.map(({ before, now }) => Math.max(before, now))) * 1.08;
  const [from, to] = [bars[0]?.from ?? 0, bars.at(-1)?.to ?? 1];
  const text = kind === "moment" ? (value: number) => momentText(value, to - from) : undefined;
  const frame = plot(
    `${name} before and now`,
    { from, to, title: "", ...(text ? { text } : {}) },
    { from: 0, to: most, title: "share of rows", text: (share) => `${Number((100 * share).toPrecision(3))} %` },
  );
  const steps = (of: "before" | "now"): readonly PlotPoint[] =>
    bars.flatMap((bar): PlotPoint[] => [
      [bar.from ?? 0, bar[of]],
      [bar.to ?? 0, bar[of]],
    ]);
  return frame.svg([area(frame, steps("before"), 0, "past"), line(frame, steps("now"), `curve ${tone}`)]);
}

const momentText = (value: number, span: number): string => {
  const text = formatInstant(BigInt(Math.round(value)));
  return span < 2 * 86_400e6 ? text.slice(11, 16) : span < 400 * 86_400e6 ? text.slice(5, 10) : text.slice(0, 7);
};

const WIDTH = 380;
const ROW = 22;

function pairs(name: string, bars: readonly ColumnPicture["bars"][number][], tone: string): string {
  const most = Math.max(1e-9, ...bars.map(({ before, now }) => Math.max(before, now)));
  const left = 120;
  const room = WIDTH - left - 52;
  const height = Math.max(60, bars.length * ROW + 6);
  const rows = bars.map(({ label, before, now }, place) => {
    const y = 3 + place * ROW;
    const length = (share: number): string => ((share / most) * room).toFixed(1);
    const short = label.length > 17 ? `${label.slice(0, 16)}…` : label;
    return `<text class="label" text-anchor="end" x="${left - 8}" y="${y + 14}">${escaped(short)}</text><rect class="past" x="${left}" y="${y + 1}" width="${length(before)}" height="8" rx="1.5"/><rect class="bar ${tone}" x="${left}" y="${y + 10}" width="${length(now)}" height="8" rx="1.5"/><text class="tick" x="${Number(left) + Number(length(Math.max(before, now))) + 6}" y="${y + 14}">${(100 * now).toFixed(1)} %</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(name)} before and now">${rows.join("")}</svg>`;
}
