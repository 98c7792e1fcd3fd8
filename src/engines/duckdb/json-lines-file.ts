// One file of JSON lines as rows of text cells. A cell is taken as the text it was written with, so that a whole number beyond 2^53 keeps
// every digit; which kinds of JSON value may stand for which type is said here.

import type { SlipwayError } from "../../core/core.ts";
import type { JsonLinesSpec } from "../../define/define.ts";
import { firstLine, unreadable } from "./source-error.ts";
import { identifier, quote } from "./sql-text.ts";
import { jsonFits, type TextRows } from "./text-cells.ts";

/** The cells of the columns of a JSON lines file. */
export function jsonRows({ timeFormat }: JsonLinesSpec, file: string, columns: readonly string[]): TextRows {
  const types = columns.map((name) => `${quote(name)}: 'JSON'`).join(", ");
  const named = columns.map((name, index) => `${identifier(name)} AS c${index}`).join(", ");
  const relation = `(SELECT ${named} FROM read_json(${quote(file)}, format = 'newline_delimited', records = true, hive_partitioning = false, maximum_object_size = 134217728, columns = {${types}}))`;
  return {
    relation: () => (columns.length === 0 ? undefined : relation),
    cell(name, type) {
      const json = `c${columns.indexOf(name)}`;
      return {
        text: `(CASE WHEN json_type(${json}) <> 'NULL' THEN ${json}->>'$' END)`,
        shown: `${json}::VARCHAR`,
        fits: jsonFits(type, json, timeFormat),
      };
    },
  };
}

/** What DuckDB refuses in a file of JSON lines, as one of ours; undefined for anything else. */
export function jsonError({ name }: JsonLinesSpec, file: string, cause: unknown): SlipwayError | undefined {
  const message = firstLine(cause);
  const [, malformed, end] = /Malformed JSON in file .*? in line (\d+): (.*?)\.?\s*$/.exec(message) ?? [];
  if (malformed !== undefined) {
    // DuckDB 1.5.6 names the line after the malformed one.
    const line = Number(malformed) - 1;
    const advice = /end of data/.test(end ?? "") ? "It seems cut short: write it again." : "Correct that line.";
    return unreadable(name, file, `is not JSON in line ${line} (${end})`, advice, cause);
  }
  const [, other, found] =
    /JSON transform error in file .*? in line (\d+): Expected OBJECT, but got (\w+)/.exec(message) ?? [];
  if (other !== undefined)
    return unreadable(
      name,
      file,
      `has ${found?.toLowerCase()} in line ${other}, where an object belongs`,
      "Write one object a line.",
      cause,
    );
  if (/maximum_object_size/.test(message))
    return unreadable(name, file, "has a line of more than 128 MiB", "Split it.", cause);
  return /\bJSON\b/.test(message)
    ? unreadable(name, file, `is not JSON lines (${message})`, "Write one object a line.", cause)
    : undefined;
}
