// One file of JSON lines as rows of text cells. A cell is taken as the text it was written with, so that a whole number beyond 2^53 keeps
// every digit. Lines are split by the CSV reader, because the JSON reader (DuckDB 1.5.6, two threads) gives a last line that does not end
// in a newline before the others when these take long to convert, and the order of a file's rows is to be kept.

import type { DuckDBConnection } from "@duckdb/node-api";
import type { SlipwayError } from "../../core/core.ts";
import type { JsonLinesSpec } from "../../define/define.ts";
import { unreadable } from "./source-error.ts";
import { quote } from "./sql-text.ts";
import { jsonFits, type TextRows } from "./text-cells.ts";

/** What a conversion stops with at a line that is no object. */
const NO_OBJECT = "slipway cannot take a line";

const LONGEST_LINE = 16 * 1024 * 1024;

/**
 * Lines as a table expression. No text of JSON has the delimiter in it: it would have to be escaped. Not strict, because a file that was
 * put together from others may end some lines in "\r\n" and others in "\n".
 */
function linesSql(file: string, isParallel: boolean): string {
  return `read_csv(${quote(file)}, auto_detect = false, strict_mode = false, header = false, delim = '\x01', quote = '', escape = '', max_line_size = ${LONGEST_LINE}, hive_partitioning = false, parallel = ${isParallel}, columns = {'line': 'VARCHAR'})`;
}

/** The cells of the columns of a JSON lines file. Lines of nothing but space are passed over. */
export function jsonRows({ timeFormat }: JsonLinesSpec, file: string, columns: readonly string[]): TextRows {
  const members = quote(JSON.stringify(Object.fromEntries(columns.map((name) => [name, "JSON"]))));
  const stop = `error(${quote(NO_OBJECT)} || left(line, 0))`;
  const asObject = columns.length === 0 ? "'{}'::JSON" : `from_json(line, ${members})`;
  // Nested, because a condition joined by AND is looked at even where the other one is false.
  const object = `(CASE WHEN json_valid(line) THEN (CASE WHEN json_type(line) = 'OBJECT' THEN ${asObject} ELSE ${stop} END) ELSE ${stop} END)`;
  return {
    relation: (isNumbered) =>
      isNumbered
        ? `(SELECT row, ${object} AS o FROM (SELECT row_number() OVER () AS row, line FROM ${linesSql(file, false)}) WHERE trim(line) <> '')`
        : `(SELECT ${object} AS o FROM ${linesSql(file, true)} WHERE trim(line) <> '')`,
    cell(name, type) {
      const json = `struct_extract(o, ${quote(name)})`;
      return {
        text: `(CASE WHEN json_type(${json}) <> 'NULL' THEN ${json}->>'$' END)`,
        shown: `${json}::VARCHAR`,
        fits: jsonFits(type, json, timeFormat),
      };
    },
  };
}

/** What DuckDB refuses in a file of JSON lines, as one of ours; undefined for anything else. */
export async function jsonError(
  connection: DuckDBConnection,
  { name }: JsonLinesSpec,
  file: string,
  cause: unknown,
): Promise<SlipwayError | undefined> {
  const message = cause instanceof Error ? cause.message : "";
  if (message.includes(NO_OBJECT)) return wrongLine(connection, name, file, cause);
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  if (line === undefined) return undefined;
  if (/maximum line size/i.test(message))
    return unreadable(name, file, `has more than 16 MiB in line ${line}`, "Split what is in it.", cause);
  if (/not utf-8|unicode/i.test(message))
    return unreadable(name, file, `is not UTF-8 in line ${line}`, "Convert it to UTF-8.", cause);
  return unreadable(name, file, `cannot be split into lines at line ${line}`, "Write one object a line.", cause);
}

/** The first line that is no object, as a refusal. */
async function wrongLine(
  connection: DuckDBConnection,
  source: string,
  file: string,
  cause: unknown,
): Promise<SlipwayError> {
  const kind = "(CASE WHEN json_valid(line) THEN lower(json_type(line)) ELSE '' END)";
  const found = await connection.runAndReadAll(
    `SELECT row, kind, row = max(row) OVER () AS isLast FROM (SELECT row_number() OVER () AS row, line, ${kind} AS kind FROM ${linesSql(file, false)}) WHERE trim(line) <> '' QUALIFY kind <> 'object' ORDER BY row LIMIT 1`,
  );
  const [row = 0n, type = "", isLast = false] = found.getRows()[0] ?? [];
  if (type !== "")
    return unreadable(
      source,
      file,
      `has ${type} in line ${row}, where an object belongs`,
      "Write one object a line.",
      cause,
    );
  const advice = isLast ? "It may have been cut short: write it again." : "Correct that line.";
  return unreadable(source, file, `is not JSON in line ${row}`, advice, cause);
}
