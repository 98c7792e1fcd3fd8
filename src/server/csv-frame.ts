// A table sent as text/csv, in the form that `pandas.DataFrame.to_csv` writes (RFC 4180, a first line of names): cells stay text, for what a cell
// is only the model's column tells.

import { SlipwayError } from "../core/core.ts";

/** The lines of a CSV as rows of cells; empty lines are none. Throws INPUT_INVALID when a quote is left open. */
export function csvCells(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  // A byte order mark is no part of the first name.
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  const endRow = (): void => {
    // A line of nothing is no row; a row of one empty text is written "".
    if (row.length > 1 || row[0] !== "" || text[at - 1] === '"') rows.push(row);
    row = [];
  };
  while (at < text.length) {
    const [cell, end] = text[at] === '"' ? quotedCell(text, at, rows.length) : bareCell(text, at);
    row.push(cell);
    at = end;
    const after = text[at];
    if (after === ",") {
      at += 1;
      if (at === text.length) row.push("");
      else continue;
    }
    endRow();
    if (after === "\r" && text[at + 1] === "\n") at += 2;
    else if (at < text.length) at += 1;
  }
  if (row.length > 0) endRow();
  return rows;
}

function bareCell(text: string, from: number): readonly [cell: string, end: number] {
  let end = from;
  while (end < text.length && !",\r\n".includes(text[end] ?? "")) end += 1;
  return [text.slice(from, end), end];
}

function quotedCell(text: string, from: number, row: number): readonly [cell: string, end: number] {
  let cell = "";
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw invalid(`Row ${row} of the CSV has a quote that is not closed.`);
    cell += text.slice(at, quote);
    if (text[quote + 1] !== '"') {
      const rest = bareCell(text, quote + 1);
      if (rest[0] !== "") throw invalid(`Row ${row} of the CSV has text behind a quoted cell.`);
      return [cell, quote + 1];
    }
    cell += '"';
    at = quote + 2;
  }
}

/** A CSV as named columns and rows of text. Throws INPUT_INVALID for a row of another length than the line of names. */
export function csvFrame(text: string): {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const [names, ...rows] = csvCells(text);
  if (!names) throw invalid("The CSV is empty. Send a line of column names and a line for each row.");
  rows.forEach((row, place) => {
    if (row.length !== names.length)
      throw invalid(`Row ${place} of the CSV has ${row.length} cells; its first line names ${names.length} columns.`);
  });
  return { names, rows };
}

function invalid(message: string): SlipwayError {
  return new SlipwayError("INPUT_INVALID", message);
}
