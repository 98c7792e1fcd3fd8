// A drift verdict for people: what alarmed first, then how much each column has moved.

import { formatInstant } from "../core/core.ts";
import type { ColumnVerdict } from "../platform/platform.ts";
import type { Line, Style } from "./output.ts";
import type { DrawnWindow } from "./report/drift-report.ts";
import { visible } from "./visible.ts";

const MOST_ROWS = 20;

/** The lines of some windows. */
export function driftLines(windows: readonly DrawnWindow[], falseAlarms: number, style: Style): readonly Line[] {
  return windows.flatMap((window, place): Line[] => {
    const { file, verdict } = window;
    const { rows, alarm, columns, pairs = [], ignored = [], note, evidence } = verdict;
    const drifted = columns.filter((column) => column.drifted).length;
    const verb = drifted === 1 ? "column has" : "columns have";
    const what = alarm
      ? `${style.bad("ALARM")}: ${drifted} of ${columns.length} ${verb} drifted`
      : style.good(columns.length === 0 ? "nothing to judge" : "no alarm");
    const gathered =
      evidence === undefined ? "" : `, evidence ${evidence.toPrecision(3)} of ${(1 / falseAlarms).toPrecision(3)}`;
    const shown = [...columns].sort(bySurprise).slice(0, MOST_ROWS);
    const oddPairs = pairs.filter((pair) => pair.drifted);
    return [
      ...(place === 0 ? [] : [""]),
      `${style.bold(visible(file))}: ${rows} rows, ${what}${gathered}`,
      ...(note === undefined ? [] : [visible(note)]),
      ...(shown.length === 0
        ? []
        : [
            {
              columns: ["column", "", "finding", "effect", "needed", "p-value", "before", "now"],
              rows: shown.map((column) => [
                visible(column.name),
                column.drifted ? "drifted" : "",
                findingText(column),
                effectText(column.value),
                effectText(column.threshold),
                chanceText(column.pValue),
                placeText(column.from, column, window),
                placeText(column.to, column, window),
              ]),
            },
          ]),
      ...(columns.length > shown.length
        ? [`… and ${columns.length - shown.length} columns more: --json has them all`]
        : []),
      ...oddPairs
        .slice(0, 5)
        .map(
          ({ a, b, from, to }) =>
            `${visible(a)} and ${visible(b)} no longer go together as they did: correlation ${effectText(from ?? null)}, now ${effectText(to ?? null)}`,
        ),
      ...(ignored.length === 0 ? [] : [`Not judged: ${ignored.map(visible).join(", ")}`]),
    ];
  });
}

/** Drifted first, then by p-value. */
export function bySurprise(a: ColumnVerdict, b: ColumnVerdict): number {
  return (
    Number(b.drifted) - Number(a.drifted) || (a.pValue ?? (a.drifted ? -1 : 2)) - (b.pValue ?? (b.drifted ? -1 : 2))
  );
}

const WORDS: Readonly<Record<ColumnVerdict["statistic"], string>> = {
  location: "location",
  spread: "spread",
  shape: "shape",
  nulls: "nulls",
  share: "shares",
  value: "one value",
  newValue: "a new value",
  newValues: "new values",
  correlation: "correlation",
  missingColumn: "column is missing",
  changedType: "another type",
  none: "",
};

/** What was found, in a few words. */
export function findingText({ statistic, of, direction, drifted }: ColumnVerdict): string {
  const about = of === undefined ? "" : `: ${visible(of)}`;
  const way = direction === undefined || !drifted ? "" : direction === "up" ? " ↑" : " ↓";
  return `${WORDS[statistic]}${about}${way}`;
}

const effectText = (value: number | null): string => (value === null ? "" : value.toFixed(3));

const chanceText = (value: number | null): string =>
  value === null ? "" : value < 0.001 ? value.toExponential(1) : value.toFixed(3);

/** A column's own value, or a share of rows; a moment as one. */
export function placeText(
  value: number | undefined,
  { statistic, name }: ColumnVerdict,
  { moments }: Pick<DrawnWindow, "moments">,
): string {
  if (value === undefined) return "";
  if (statistic !== "location") return `${(100 * value).toFixed(value < 0.1 ? 2 : 1)} %`;
  if (!moments.has(name)) return String(Number(value.toPrecision(4)));
  return formatInstant(BigInt(Math.round(value)))
    .slice(0, 16)
    .replace("T", " ");
}
