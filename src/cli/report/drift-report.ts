// A comparison as one HTML file: the verdict, a timeline when there are several windows, every drifted column before and now, where the
// change is, and the table of all columns. No script, nothing fetched.

import {
  type ColumnPicture,
  type ColumnVerdict,
  type ComparedWindow,
  columnPicture,
  type DriftSegment,
} from "../../platform/platform.ts";
import { bySurprise, findingText, placeText } from "../drift-lines.ts";
import { distributionPlot } from "./drift-plots.ts";
import { driftTimeline } from "./drift-timeline.ts";
import { card, counted, escaped, footer, header, page, table, textRow, told } from "./markup.ts";

/** A judged window with what is drawn of it. */
export interface DrawnWindow {
  readonly file: string;
  readonly verdict: ComparedWindow["verdict"];
  readonly referenceRows: number;
  /** Columns of dates and times. */
  readonly moments: ReadonlySet<string>;
  readonly pictures: ReadonlyMap<string, ColumnPicture>;
  readonly segments: ReadonlyMap<string, readonly DriftSegment[]>;
}

/** What a report is about. */
export interface DriftComparison {
  readonly reference: string;
  readonly falseAlarms: number;
  readonly minEffect: number;
  readonly windows: readonly DrawnWindow[];
}

const MOST_DRAWN = 24;
const MOST_CUT = 6;

/** Which columns of a window are drawn: the most surprising; and of which the segments are looked for: the most surprising drifted ones. */
export function drawnColumns(compared: ComparedWindow): {
  readonly pictures: ReadonlyMap<string, ColumnPicture>;
  readonly moved: readonly ColumnVerdict[];
} {
  const order = [...compared.verdict.columns].sort(bySurprise);
  const pictures = new Map<string, ColumnPicture>();
  for (const { name } of order.slice(0, MOST_DRAWN)) {
    const column = compared.reference.columns.find((each) => each.name === name);
    const picture = column && columnPicture(column, compared.window);
    if (picture) pictures.set(name, picture);
  }
  return { pictures, moved: order.filter(({ drifted }) => drifted).slice(0, MOST_CUT) };
}

/** The report as HTML. */
export function driftReport(comparison: DriftComparison): string {
  const { windows } = comparison;
  const shown = windowToShow(windows);
  const title = windows.length === 1 ? (shown?.file ?? "") : `${windows.length} windows`;
  return page(`${title}: drift`, [
    head(comparison, title),
    ...(shown === undefined
      ? []
      : [
          tiles(comparison, shown),
          windows.length > 1 ? timeline(comparison) : "",
          ...(windows.length > 1 ? [`<h2 class="part">${escaped(shown.file)}</h2>`] : []),
          `<section class="plots">${distributions(shown)}</section>`,
          segments(shown),
          everyColumn(shown),
          notes(comparison, shown),
        ]),
  ]);
}

/** The last window with an alarm; the last one where there is none. */
function windowToShow(windows: readonly DrawnWindow[]): DrawnWindow | undefined {
  return (
    windows.findLast(({ verdict }) => verdict.alarm) ??
    windows.findLast(({ verdict }) => verdict.rows > 0) ??
    windows.at(-1)
  );
}

function head({ reference, falseAlarms, minEffect, windows }: DriftComparison, title: string): string {
  const chips = [
    `held against ${reference}`,
    `${counted(windows[0]?.referenceRows ?? 0)} reference rows`,
    `false alarms ≤ ${Number((100 * falseAlarms).toPrecision(3))} % of windows`,
    minEffect > 0 ? `effects up to ${minEffect} do not count` : "",
  ];
  return header("Drift", title, chips);
}

function tiles({ windows, falseAlarms }: DriftComparison, { verdict }: DrawnWindow): string {
  const drifted = verdict.columns.filter((column) => column.drifted);
  const alarms = windows.filter((window) => window.verdict.alarm).length;
  const strongest = [...drifted].sort((a, b) => Math.abs(b.value ?? 9) - Math.abs(a.value ?? 9))[0];
  const tile = (name: string, value: string, about: string, tone = ""): string =>
    `<div class="tile"><h3>${escaped(name)}</h3><p class="big ${tone}">${escaped(value)}</p><p>${escaped(about)}</p></div>`;
  return `<section class="tiles">${[
    windows.length === 1
      ? tile(
          "Verdict",
          verdict.alarm ? "Alarm" : "No alarm",
          verdict.alarm ? "something has changed" : "nothing that chance would not do",
          verdict.alarm ? "worse" : "better",
        )
      : tile("Alarms", String(alarms), `of ${windows.length} windows`, alarms > 0 ? "worse" : "better"),
    tile("Drifted columns", String(drifted.length), `of ${verdict.columns.length}`),
    tile("Rows", counted(verdict.rows), "in this window"),
    strongest
      ? tile("Moved most", strongest.name, `${findingText(strongest)}, ${told(strongest.value)} standard deviations`)
      : "",
    verdict.evidence === undefined
      ? ""
      : tile("Evidence", told(verdict.evidence), `an alarm stands at ${told(1 / falseAlarms)}`),
  ].join("")}</section>`;
}

function timeline({ windows }: DriftComparison): string {
  return `<section class="wide">${card(
    "Timeline",
    "Each window from first to last. A filled cell is a column that has drifted; of the pale ones, the darker came the nearer to it.",
    driftTimeline(windows.map(({ file, verdict }) => ({ name: file, verdict }))),
  )}</section>`;
}

function distributions(window: DrawnWindow): string {
  const order = [...window.verdict.columns].sort(bySurprise);
  return order
    .flatMap((column) => {
      const picture = window.pictures.get(column.name);
      return picture === undefined
        ? []
        : [card(column.name, about(column, window), distributionPlot(column.name, picture, column.drifted))];
    })
    .join("");
}

function about(column: ColumnVerdict, window: DrawnWindow): string {
  const moved =
    column.from === undefined || column.to === undefined
      ? ""
      : `, ${placeText(column.from, column, window)} → ${placeText(column.to, column, window)}`;
  const chance = column.pValue === null ? "" : `, p = ${told(column.pValue)}`;
  return `${column.drifted ? "Drifted: " : ""}${findingText(column) || "nothing found"}${moved}${chance}`;
}

function segments({ segments: found, verdict }: DrawnWindow): string {
  const rows = [...found].flatMap(([name, of]) => {
    const isShare = verdict.columns.find((column) => column.name === name)?.statistic;
    const figure = (value: number): string =>
      isShare === "nulls" || isShare === "value" || isShare === "share" || isShare === "newValue"
        ? `${(100 * value).toFixed(1)} %`
        : told(value);
    return of.map(({ column, segment, rows: count, from, to, effect }) =>
      textRow([name, `${column} = ${segment}`, counted(count), figure(from), figure(to), told(effect)]),
    );
  });
  if (rows.length === 0) return "";
  return `<section class="wide">${card(
    "Where it is",
    "Rows of one value of another column in which a drifted column has moved most surely. Examples to begin with, not proofs.",
    table(["column", "among rows with", "rows", "before", "now", "moved by, in sd"], rows),
  )}</section>`;
}

function everyColumn(window: DrawnWindow): string {
  const rows = [...window.verdict.columns].sort(bySurprise).map((column) => {
    const cells = [
      findingText(column),
      told(column.value),
      told(column.threshold),
      told(column.pValue),
      placeText(column.from, column, window),
      placeText(column.to, column, window),
    ];
    return `<tr><th scope="row">${escaped(column.name)}</th><td class="${column.drifted ? "worse" : "same"}">${column.drifted ? "drifted" : "–"}</td>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`;
  });
  const pairs = (window.verdict.pairs ?? []).filter((pair) => pair.drifted);
  const pairRows = pairs.map(({ a, b, from, to, pValue }) =>
    textRow([`${a} · ${b}`, told(from), told(to), told(pValue)]),
  );
  return [
    pairRows.length === 0
      ? ""
      : `<section class="wide">${card("Pairs", "Columns that no longer go together as they did, by Spearman's correlation.", table(["columns", "before", "now", "p-value"], pairRows))}</section>`,
    `<section class="wide">${card("Every column", "Each by its strongest finding: the effect, and the effect that so many rows would have needed.", table(["column", "", "finding", "effect", "needed", "p-value", "before", "now"], rows))}</section>`,
  ].join("");
}

function notes({ falseAlarms }: DriftComparison, { verdict }: DrawnWindow): string {
  const ignored = verdict.ignored ?? [];
  return footer([
    ...(verdict.note === undefined ? [] : [verdict.note]),
    `When nothing has changed, at most ${Number((100 * falseAlarms).toPrecision(3))} % of windows alarm, over all columns and pairs together.`,
    ...(ignored.length === 0 ? [] : [`Not judged: ${ignored.join(", ")}.`]),
  ]);
}
