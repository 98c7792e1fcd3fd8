// Draws a table of plain text: columns as wide as their widest cell, numbers to the right, nothing for null.

import type { Style, TableLines } from "./output.ts";
import { visibleLine } from "./visible.ts";

type Cell = TableLines["rows"][number][number];

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "string" ? visibleLine(cell, true) : String(cell);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes take no room on a terminal.
const COLOUR = /\u001b\[\d+m/g;

function width(text: string): number {
  return [...text.replace(COLOUR, "")].length;
}

/** A table as text, without a line break at its end. */
export function table({ columns, rows }: TableLines, style: Style): string {
  const texts = rows.map((row) => columns.map((_, place) => cellText(row[place])));
  const right = columns.map((_, place) => rows.some((row) => typeof row[place] === "number"));
  const widths = columns.map((name, place) => Math.max(width(name), ...texts.map((row) => width(row[place] ?? ""))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, place) => {
        const space = " ".repeat((widths[place] ?? 0) - width(cell));
        return right[place] ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd();
  const head = columns.some((name) => name !== "") ? [style.dim(line(columns))] : [];
  return [...head, ...texts.map(line)].join("\n");
}
