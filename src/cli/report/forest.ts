// Rows of one figure with its interval, one under the other, so that the eye compares them; and bars of shares.

import { escaped, told } from "./markup.ts";
import { ticksOf } from "./svg-plot.ts";

/** One row of a forest plot. */
export interface ForestRow {
  readonly name: string;
  readonly beside: string;
  readonly value: number | null;
  readonly interval: { readonly low: number; readonly high: number } | null;
}

const ROW = 30;
const LABELS = 300;
const WIDTH = 860;
const FIGURE = 74;

/** An interval in words: from to. */
export function intervalText(interval: { readonly low: number; readonly high: number } | null): string {
  return interval === null ? "" : `${told(interval.low)} – ${told(interval.high)}`;
}

/** Figures with their intervals, and a line where all rows together are. */
export function forest(rows: readonly ForestRow[], overall: number | null, title: string): string {
  const values = [
    ...rows.flatMap(({ value, interval }) => [value, interval?.low ?? null, interval?.high ?? null]),
    overall,
  ].filter((value) => value !== null);
  if (values.length === 0) return "";
  const margin = (Math.max(...values) - Math.min(...values)) * 0.05 || 0.01;
  const axis = { from: Math.min(...values) - margin, to: Math.max(...values) + margin, title };
  const x = (value: number): number =>
    Number((LABELS + ((value - axis.from) / (axis.to - axis.from)) * (WIDTH - LABELS - FIGURE)).toFixed(2));
  const height = rows.length * ROW + 26;
  const grid = ticksOf(axis).map(
    (tick) =>
      `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="0" y2="${height - 22}"/><text class="tick" text-anchor="middle" x="${x(tick)}" y="${height - 6}">${String(tick).replace("-", "−")}</text>`,
  );
  const marks = rows.map(({ name, beside, value, interval }, place) => {
    const y = place * ROW + ROW / 2;
    const words = `<text class="label" x="0" y="${y}">${escaped(shortened(name))}<title>${escaped(name)}</title></text><text class="tick" x="0" y="${y + 12}">${escaped(beside)}</text>`;
    if (value === null) return `${words}<text class="tick" x="${LABELS}" y="${y + 4}">one class only</text>`;
    const whisker =
      interval === null
        ? ""
        : `<line class="whisker" x1="${x(interval.low)}" x2="${x(interval.high)}" y1="${y}" y2="${y}"/>`;
    return `${words}${whisker}<circle class="dot" cx="${x(value)}" cy="${y}" r="5"><title>${escaped(`${name}: ${told(value)} (${intervalText(interval)})`)}</title></circle><text class="label" text-anchor="end" x="${WIDTH}" y="${y + 4}">${told(value)}</text>`;
  });
  const line =
    overall === null ? "" : `<line class="rule" x1="${x(overall)}" x2="${x(overall)}" y1="0" y2="${height - 22}"/>`;
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">${[...grid, line, ...marks].join("")}</svg>`;
}

const MOST_BARS = 12;

/** The greatest gains as bars of their share of a whole; default of all of them together. */
export function importanceBars(
  gains: readonly { readonly input: string; readonly gain: number }[],
  whole?: number,
): string {
  const total = whole ?? (gains.reduce((sum, { gain }) => sum + gain, 0) || 1);
  const shown = gains.slice(0, MOST_BARS);
  const greatest = shown[0]?.gain || 1;
  const rows = shown.map(({ input, gain }, place) => {
    const y = place * 22;
    const width = ((gain / greatest) * 150).toFixed(2);
    return `<text class="label" text-anchor="end" x="176" y="${y + 15}">${escaped(shortened(input, 26))}<title>${escaped(input)}</title></text><rect class="bar" x="184" y="${y + 4}" width="${width}" height="14" rx="3"/><text class="tick" x="${(190 + Number(width)).toFixed(2)}" y="${y + 15}">${((100 * gain) / total).toFixed(1)} %</text>`;
  });
  return `<svg viewBox="0 0 380 ${shown.length * 22 + 4}" role="img" aria-label="Importance">${rows.join("")}</svg>`;
}

function shortened(text: string, most = 44): string {
  const points = [...text];
  return points.length <= most ? text : `${points.slice(0, most - 1).join("")}…`;
}
