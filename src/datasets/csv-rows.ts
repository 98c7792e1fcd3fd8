// Rows as CSV (RFC 4180), so that reading them as the declared types gives the same values again: null is an empty cell and empty text is `""`,
// times are ISO 8601 in UTC, decimals and whole numbers are exact, lists and structs are JSON.

import { type ColumnSchema, type DataType, type Table, type Value, valueAt, valueToJson } from "../core/core.ts";

/** Not RFC 4180's CRLF: readers that guess at the end of a line take a newline inside a cell for one. */
const LINE = "\n";

/** The line of names. */
export function csvHeader(schema: readonly ColumnSchema[]): string {
  return `${schema.map(({ name }) => quoted(name)).join(",")}${LINE}`;
}

/** A batch's rows, one line each; columns by place. */
export function csvLines(schema: readonly ColumnSchema[], table: Table): string {
  const lines: string[] = [];
  for (let row = 0; row < table.rowCount; row += 1)
    lines.push(
      schema
        .map(({ type }, index) => {
          const column = table.columns[index];
          return column === undefined ? "" : csvCell(type, valueAt(column, row));
        })
        .join(","),
    );
  return lines.length === 0 ? "" : lines.join(LINE) + LINE;
}

/** A value as a cell. */
export function csvCell(type: DataType, value: Value): string {
  if (value === null) return "";
  if (Object.is(value, -0)) return "-0.0";
  const json = valueToJson(type, value);
  if (typeof json === "string") return json === "" ? '""' : quoted(json);
  return typeof json === "object" ? quoted(JSON.stringify(json)) : String(json);
}

function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
