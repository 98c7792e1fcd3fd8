// The plots of an explanation, each with a sentence on how to read it.

import type { VersionExplanation } from "../../platform/platform.ts";
import type { Figure } from "./evaluation-plots.ts";
import { escaped, told } from "./markup.ts";
import { dot, line, type PlotPoint, plot, ticksOf } from "./svg-plot.ts";

const WIDTH = 860;
const LABELS = 230;
const ROW = 34;

/** What each input adds in each row: one dot a row, dark where the value is high, piled up where many rows are alike. */
export function beeswarm({ points = [] }: VersionExplanation): string {
  const effects = points.flatMap((each) => each.points.map(({ effect }) => effect));
  if (effects.length === 0) return "";
  const [least, most] = [Math.min(0, ...effects), Math.max(0, ...effects)];
  const margin = (most - least) * 0.03 || 1;
  const axis = { from: least - margin, to: most + margin, title: "SHAP value" };
  const x = (value: number): number => LABELS + ((value - axis.from) / (axis.to - axis.from)) * (WIDTH - LABELS - 8);
  const height = points.length * ROW + 26;
  const grid = ticksOf(axis).map(
    (tick) =>
      `<line class="grid" x1="${x(tick).toFixed(1)}" x2="${x(tick).toFixed(1)}" y1="0" y2="${height - 22}"/><text class="tick" text-anchor="middle" x="${x(tick).toFixed(1)}" y="${height - 6}">${told(tick)}</text>`,
  );
  const lines = points.map(({ input, points: dots }, place) => {
    const middle = place * ROW + ROW / 2;
    const bins = new Map<number, number>();
    const marks = dots.map(({ effect, rank, value }) => {
      const bin = Math.round(x(effect) / 3);
      const before = bins.get(bin) ?? 0;
      bins.set(bin, before + 1);
      // Up, down, up: piles grow from the middle, and stop at the line's edge.
      const away = Math.min(ROW / 2 - 3, Math.ceil(before / 2) * 2.4) * (before % 2 === 0 ? 1 : -1);
      const tone = rank === null ? "speck none" : `speck tone${Math.min(4, Math.floor(rank * 5))}`;
      const words = `${input} = ${value === null ? "missing" : value}: ${told(effect)}`;
      return `<circle class="${tone}" cx="${x(effect).toFixed(1)}" cy="${(middle + away).toFixed(1)}" r="2.4"><title>${escaped(words)}</title></circle>`;
    });
    return `<text class="label" text-anchor="end" x="${LABELS - 12}" y="${middle + 4}">${escaped(shortened(input))}<title>${escaped(input)}</title></text>${marks.join("")}`;
  });
  const zero = `<line class="rule" x1="${x(0).toFixed(1)}" x2="${x(0).toFixed(1)}" y1="0" y2="${height - 22}"/>`;
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="SHAP values by input">${[...grid, zero, ...lines].join("")}</svg>`;
}

/** Bars of what inputs add on average, or of other sizes, with their figures. */
export function sizeBars(items: readonly { readonly name: string; readonly size: number }[], title: string): string {
  const greatest = Math.max(...items.map(({ size }) => size), 0) || 1;
  const rows = items.map(({ name, size }, place) => {
    const y = place * 22;
    const width = ((size / greatest) * 140).toFixed(2);
    return `<text class="label" text-anchor="end" x="186" y="${y + 15}">${escaped(shortened(name))}<title>${escaped(name)}</title></text><rect class="bar" x="194" y="${y + 4}" width="${width}" height="14" rx="3"/><text class="tick" x="${(200 + Number(width)).toFixed(2)}" y="${y + 15}">${told(size)}</text>`;
  });
  return `<svg viewBox="0 0 390 ${items.length * 22 + 4}" role="img" aria-label="${escaped(title)}">${rows.join("")}</svg>`;
}

/** What the greatest inputs add by their own value. */
export function effectPlots({ points = [] }: VersionExplanation): readonly Figure[] {
  return points
    .filter(({ isNumber }) => isNumber)
    .slice(0, 6)
    .flatMap(({ input, points: dots }): readonly Figure[] => {
      const known = dots.flatMap(({ value, effect }): readonly PlotPoint[] =>
        typeof value === "number" && Number.isFinite(value) ? [[value, effect]] : [],
      );
      if (known.length < 2) return [];
      const [values, effects] = [known.map(([value]) => value), known.map(([, effect]) => effect)];
      const frame = plot(
        `What ${input} adds`,
        { from: Math.min(...values), to: Math.max(...values), title: input },
        { ...padded(effects), title: "SHAP value" },
      );
      return [
        {
          title: `What ${input} adds`,
          about:
            "Each dot is a row: its value of the input, and what that adds. Dots above each other differ by what the input meets.",
          svg: frame.svg(known.map((point) => dot(frame, point, 2, "speck"))),
        },
      ];
    });
}

/** How answers move with an input. */
export function dependencePlots({ dependence }: VersionExplanation): readonly Figure[] {
  return dependence.map(({ input, isNumber, values, mean, curves }) => {
    const places = values.map((value, place) => (isNumber ? Number(value) : place));
    const all = [...mean, ...curves.flat()];
    const frame = plot(
      `Answers by ${input}`,
      {
        from: Math.min(...places),
        to: Math.max(...places),
        title: input,
        ...(isNumber
          ? {}
          : { ticks: places.slice(0, 8), text: (place: number) => shortened(String(values[place]), 8) }),
      },
      { ...padded(all), title: "answer" },
    );
    const through = (answers: readonly number[]): readonly PlotPoint[] =>
      answers.map((answer, place) => [places[place] ?? 0, answer]);
    return {
      title: `Answers by ${input}`,
      about: `Bold: the mean answer when every row had this ${input} (partial dependence). Thin: single rows (ICE). Where inputs go together, some of these rows could not be.`,
      svg: frame.svg([
        ...curves.map((curve) => line(frame, through(curve), "curve faint")),
        line(frame, through(mean), "curve"),
        ...(isNumber ? [] : through(mean).map((point) => dot(frame, point, 4, "dot"))),
      ]),
    };
  });
}

function padded(values: readonly number[]): { readonly from: number; readonly to: number } {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const margin = (most - least) * 0.06 || Math.abs(most) * 0.1 || 1;
  return { from: least - margin, to: most + margin };
}

/** A name as long as there is room. */
export function shortened(text: string, most = 28): string {
  const points = [...text];
  return points.length <= most ? text : `${points.slice(0, most - 1).join("")}…`;
}
