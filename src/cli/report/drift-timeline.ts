import type { DriftVerdict } from "../../platform/platform.ts";
import { escaped } from "./markup.ts";

const MOST_COLUMNS = 30;
const LEFT = 190;
const ROW = 17;
const WIDTH = 1160;

/** Windows from left to right, columns from top to bottom: a cell is filled where a column has drifted, and paler where it came near. */
export function driftTimeline(windows: readonly { readonly name: string; readonly verdict: DriftVerdict }[]): string {
  const names = (windows.find(({ verdict }) => verdict.columns.length > 0)?.verdict.columns ?? []).map(
    ({ name }) => name,
  );
  const by = windows.map(({ verdict }) => new Map(verdict.columns.map((column) => [column.name, column])));
  const times = (name: string): number => by.filter((columns) => columns.get(name)?.drifted).length;
  const least = (name: string): number => Math.min(1, ...by.map((columns) => columns.get(name)?.pValue ?? 1));
  const shown = [...names].sort((a, b) => times(b) - times(a) || least(a) - least(b)).slice(0, MOST_COLUMNS);
  const width = Math.min(110, (WIDTH - LEFT) / Math.max(1, windows.length));
  const top = 26;
  const height = top + shown.length * ROW + 8;
  const gap = width > 6 ? 2 : 0.5;
  const cell = (at: number, y: number, className: string, words: string, opacity = 1): string =>
    `<rect class="${className}" x="${(LEFT + at * width).toFixed(1)}" y="${y}" width="${(width - gap).toFixed(1)}" height="${ROW - 3}" rx="2" opacity="${opacity.toFixed(2)}"><title>${escaped(words)}</title></rect>`;
  const alarms = windows.map(({ name, verdict }, at) =>
    cell(
      at,
      4,
      verdict.alarm ? "alarm" : "calm",
      `${name}: ${verdict.rows} rows, ${verdict.alarm ? "alarm" : "no alarm"}`,
    ),
  );
  const rows = shown.map((name, place) => {
    const y = top + place * ROW;
    const short = name.length > 26 ? `${name.slice(0, 25)}…` : name;
    const cells = windows.map((window, at) => {
      const column = by[at]?.get(name);
      const words = `${window.name}, ${name}: ${column ? `${column.statistic}${column.pValue === null ? "" : `, p = ${column.pValue.toPrecision(2)}`}` : "not judged"}`;
      if (column?.drifted) return cell(at, y, "alarm", words);
      // From p = 1, nothing, to p = 1e-6.
      return cell(
        at,
        y,
        "near",
        words,
        column?.pValue == null ? 0 : 0.06 + 0.5 * Math.min(1, -Math.log10(Math.max(column.pValue, 1e-6)) / 6),
      );
    });
    return `<text class="label" text-anchor="end" x="${LEFT - 10}" y="${y + 12}">${escaped(short)}</text>${cells.join("")}`;
  });
  return `<div class="scroll"><svg class="timeline" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Drift by window and column"><text class="label" text-anchor="end" x="${LEFT - 10}" y="16">alarm</text>${alarms.join("")}${rows.join("")}</svg></div>`;
}
