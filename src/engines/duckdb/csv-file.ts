// One CSV file as rows of text cells. The first line is read by itself, so that the names in it decide which cell is which column, in
// whatever order a file has them.

import type { DuckDBConnection } from "@duckdb/node-api";
import { SlipwayError } from "../../core/core.ts";
import type { CsvSpec } from "../../define/define.ts";
import { missingColumn, unreadable } from "./source-error.ts";
import { quote } from "./sql-text.ts";
import { plainCell, type TextRows } from "./text-cells.ts";

/** The text cells of a CSV file's columns. Throws SOURCE_SCHEMA_MISMATCH when the first line lacks a declared one. */
export async function csvRows(
  connection: DuckDBConnection,
  source: CsvSpec,
  file: string,
  columns: readonly string[],
): Promise<TextRows> {
  const names = source.header ? await headerOf(connection, source, file) : columns;
  if (names.length === 0) return { relation: () => undefined, cell: () => plainCell("NULL") };
  for (const name of columns) {
    const column = source.columns.find((each) => each.name === name);
    if (!names.includes(name) && column) throw missingColumn(source, file, name, column.type, names);
    if (names.indexOf(name) !== names.lastIndexOf(name))
      throw new SlipwayError(
        "SOURCE_SCHEMA_MISMATCH",
        `Source "${source.name}": the first line of ${file} names column "${name}" twice. Rename one of them.`,
        { details: { source: source.name, path: file, column: name } },
      );
  }
  const types = names.map((_, index) => `'c${index}': 'VARCHAR'`).join(", ");
  const nulls = source.nulls.map(quote).join(", ");
  const own = `header = ${source.header}, delim = ${quote(source.delimiter)}, quote = ${quote(source.quote)}, escape = ${quote(source.quote)}, nullstr = [${nulls}]`;
  const read = (isParallel: boolean): string =>
    `read_csv(${quote(file)}, ${own}, auto_detect = false, allow_quoted_nulls = false, strict_mode = true, hive_partitioning = false, parallel = ${isParallel}, columns = {${types}})`;
  return {
    relation: (isNumbered) => (isNumbered ? `(SELECT row_number() OVER () AS row, * FROM ${read(false)})` : read(true)),
    cell: (name) => plainCell(`c${names.indexOf(name)}`),
  };
}

async function headerOf(connection: DuckDBConnection, source: CsvSpec, file: string): Promise<readonly string[]> {
  // Not strict: cells of later lines may hold line ends of another kind, and without quotes these would count as a fault of the file.
  const read = await connection.runAndReadAll(
    `SELECT line FROM read_csv(${quote(file)}, auto_detect = false, strict_mode = false, header = false, delim = '\x01', quote = '', escape = '', hive_partitioning = false, parallel = false, columns = {'line': 'VARCHAR'}) LIMIT 1`,
  );
  const line = read.getRows()[0]?.[0];
  if (typeof line !== "string") return [];
  const names = splitLine(line, source.delimiter, source.quote);
  if (names) return names;
  throw unreadable(source.name, file, "has a first line with a quote that does not end", "Write it again.", undefined);
}

/** The cells of one line; undefined when a quote in it does not end. */
export function splitLine(line: string, delimiter: string, quoteMark: string): readonly string[] | undefined {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    let cell = "";
    if (line[at] === quoteMark) {
      at += 1;
      for (;;) {
        const end = line.indexOf(quoteMark, at);
        if (end < 0) return undefined;
        cell += line.slice(at, end);
        at = end + 1;
        if (line[at] !== quoteMark) break;
        cell += quoteMark;
        at += 1;
      }
    }
    const next = line.indexOf(delimiter, at);
    cells.push(cell + (next < 0 ? line.slice(at) : line.slice(at, next)));
    if (next < 0) return cells;
    at = next + 1;
  }
}

/** What DuckDB refuses in a CSV file, as one of ours; undefined for anything else. */
export function csvError({ name, quote: mark }: CsvSpec, file: string, cause: unknown): SlipwayError | undefined {
  const message = cause instanceof Error ? cause.message : "";
  if (/state machine reached an invalid state/.test(message))
    return unreadable(
      name,
      file,
      "ends some of its lines in \\r\\n and others in \\n",
      "Write it again with one of them; inside quotes both may stand.",
      cause,
    );
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  if (line === undefined) return undefined;
  const [, expected, found] = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message) ?? [];
  if (expected !== undefined)
    return unreadable(
      name,
      file,
      `has ${found} cells in line ${line}, and ${expected} in others`,
      "Correct that line.",
      cause,
    );
  if (/unterminated quote/i.test(message))
    return unreadable(
      name,
      file,
      `has a ${mark} in line ${line} that does not end`,
      "Correct that line, or cut the file where it was cut short.",
      cause,
    );
  if (/not utf-8|unicode/i.test(message))
    return unreadable(name, file, `is not UTF-8 in line ${line}`, "Convert it to UTF-8.", cause);
  return unreadable(
    name,
    file,
    `cannot be split into cells in line ${line}`,
    "Check delimiter and quote in the definition, or correct that line.",
    cause,
  );
}
