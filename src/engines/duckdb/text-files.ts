// CSV and JSON lines become Parquet once, file by file, under the project's state: every later scan reads typed columns and their
// statistics. The conversion is one pass that stops at the first cell it cannot take; only then is the file read again in order, to say
// which row that was.

import type { DuckDBConnection } from "@duckdb/node-api";
import { type DataType, SlipwayError, typeText } from "../../core/core.ts";
import type { CsvSpec, JsonLinesSpec } from "../../define/define.ts";
import { csvError, csvRows } from "./csv-file.ts";
import { jsonError, jsonRows } from "./json-lines-file.ts";
import { isInterrupt } from "./source-error.ts";
import { partitionsOf } from "./source-files.ts";
import { identifier, quote } from "./sql-text.ts";
import { lacksZone, plainCell, type TextCell, typedCell } from "./text-cells.ts";
import { typeName } from "./values.ts";

/** A source of text files. */
export type TextFileSpec = CsvSpec | JsonLinesSpec;

/** What the conversion stops with. */
const REFUSED = "slipway cannot take a cell";

/** Writes a text file's rows as typed Parquet. Throws SOURCE_UNREADABLE or SOURCE_SCHEMA_MISMATCH, naming file, row, column and value. */
export async function convertTextFile(
  connection: DuckDBConnection,
  source: TextFileSpec,
  file: string,
  target: string,
): Promise<void> {
  const folders = partitionsOf(file);
  const inFile = source.columns.map(({ name }) => name).filter((name) => !folders.has(name));
  const refused = async (cause: unknown): Promise<unknown> => {
    if (isInterrupt(cause)) return cause;
    const known = source.format === "csv" ? csvError(source, file, cause) : jsonError(connection, source, file, cause);
    return (await known) ?? cause;
  };
  try {
    const rows =
      source.format === "csv" ? await csvRows(connection, source, file, inFile) : jsonRows(source, file, inFile);
    const cells = source.columns.map(({ name, type, optional }) => {
      const folder = folders.get(name);
      const cell = folders.has(name)
        ? plainCell(folder === null || folder === undefined ? "NULL::VARCHAR" : quote(folder))
        : rows.cell(name, type);
      const value = `(CASE WHEN ${cell.fits} THEN ${typedCell(type, cell.text, source)} END)`;
      return { name, type, cell, value, isRequired: !optional };
    });
    const relation = rows.relation(false);
    if (relation === undefined) {
      const none = cells.map(({ name, type }) => `NULL::${typeName(type)} AS ${identifier(name)}`);
      await connection.run(copySql(`SELECT ${none.join(", ")} WHERE false`, target));
      return;
    }
    const taken = cells.map(({ name, cell, value, isRequired }) => {
      // error() of a constant would be thrown when the query is planned.
      const stop = `error(${quote(REFUSED)} || coalesce(left(${cell.text}, 0), ''))`;
      const otherwise = isRequired ? stop : `(CASE WHEN ${cell.text} IS NOT NULL THEN ${stop} END)`;
      return `coalesce(${value}, ${otherwise}) AS ${identifier(name)}`;
    });
    try {
      await connection.run(copySql(`SELECT ${taken.join(", ")} FROM ${relation}`, target));
    } catch (cause) {
      if (!(cause instanceof Error && cause.message.includes(REFUSED))) throw cause;
      throw await refusedCell(connection, source, file, cells, rows.relation(true) ?? relation);
    }
  } catch (cause) {
    throw await refused(cause);
  }
}

function copySql(query: string, target: string): string {
  return `COPY (${query}) TO ${quote(target)} (FORMAT parquet, COMPRESSION zstd)`;
}

interface TypedCell {
  readonly name: string;
  readonly type: DataType;
  readonly cell: TextCell;
  readonly value: string;
  readonly isRequired: boolean;
}

/** The first cell that cannot be taken, as a refusal. */
async function refusedCell(
  connection: DuckDBConnection,
  source: TextFileSpec,
  file: string,
  cells: readonly TypedCell[],
  relation: string,
): Promise<SlipwayError> {
  const wrong = cells.map(
    ({ cell, value, isRequired }) => `((${value}) IS NULL AND ${isRequired ? "true" : `(${cell.text}) IS NOT NULL`})`,
  );
  const which = wrong.map((condition, index) => `WHEN ${condition} THEN ${index}`).join(" ");
  const shown = wrong.map((condition, index) => `WHEN ${condition} THEN ${cells[index]?.cell.shown}`).join(" ");
  const text = wrong.map((condition, index) => `WHEN ${condition} THEN ${cells[index]?.cell.text}`).join(" ");
  const found = await connection.runAndReadAll(
    `SELECT * FROM (SELECT row, CASE ${which} END AS which, left(CASE ${shown} END, 200) AS shown, (CASE ${text} END) IS NULL AS missing FROM ${relation}) WHERE which IS NOT NULL LIMIT 1`,
  );
  const [row = 0n, index = 0, value = null, isMissing = true] = found.getRows()[0] ?? [];
  const { name = "", type = "string" } = cells[Number(index)] ?? {};
  const at = `Source "${source.name}": row ${row} of ${file}`;
  const details = { source: source.name, path: file, row: Number(row), column: name, declared: typeText(type), value };
  const refuse = (problem: string): SlipwayError =>
    new SlipwayError("SOURCE_SCHEMA_MISMATCH", `${at} ${problem}`, { details });
  if (isMissing)
    return refuse(
      `has nothing in column "${name}", but it is not declared optional. Add .optional() to it, or clean the data.`,
    );
  const written = JSON.stringify(value);
  if (
    type === "timestamp" &&
    source.timeZone === undefined &&
    typeof value === "string" &&
    lacksZone(value.replace(/^"|"$/g, ""))
  )
    return refuse(
      `has ${written} in column "${name}", a time that says no zone. Say which one is meant in the definition: timeZone: "UTC", or another.`,
    );
  const how =
    type === "timestamp" && source.timeFormat !== undefined
      ? `no timestamp written as ${JSON.stringify(source.timeFormat)}`
      : `no ${typeText(type)}, as which it is declared`;
  return refuse(
    `has ${written} in column "${name}", which is ${how}. Correct the cell, or the column's type${source.format === "csv" ? "; for a word that means nothing, add it to nulls" : ""}.`,
  );
}
