// What a source's rows must keep to besides their types: a column that is not optional holds no null, because features are planned on
// that, and an id names one row. Nulls are counted from the files' footers where those say; ids take one pass over one column.

import type { DuckDBConnection } from "@duckdb/node-api";
import { SlipwayError } from "../../core/core.ts";
import type { SourceSpec } from "../../define/define.ts";
import { quote } from "./source-files.ts";

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Throws SOURCE_SCHEMA_MISMATCH when a column declared without `.optional()` holds nulls. */
export async function checkNulls(connection: DuckDBConnection, source: SourceSpec, path: string): Promise<void> {
  const required = source.columns.filter((column) => !column.optional && column.name !== source.id);
  if (required.length === 0) return;
  const fromFooters = await connection.runAndReadAll(
    `SELECT path_in_schema AS name, sum(stats_null_count)::BIGINT AS nulls, bool_or(stats_null_count IS NULL) AS untold FROM parquet_metadata(${quote(path)}) GROUP BY path_in_schema`,
  );
  const told = new Map(fromFooters.getRowObjects().map((row) => [String(row["name"]), row]));
  const hasRows = told.size > 0;
  const untold: string[] = [];
  for (const { name } of required) {
    const footer = told.get(name);
    if (footer && footer["untold"] === false) refuseNulls(source, path, name, footer["nulls"] as bigint);
    else if (hasRows) untold.push(name);
  }
  if (untold.length === 0) return;
  const counts = untold.map((name, index) => `count(*) - count(${identifier(name)}) AS n${index}`).join(", ");
  const counted = await connection.runAndReadAll(`SELECT ${counts} FROM read_parquet(${quote(path)})`);
  const [row] = counted.getRows();
  untold.forEach((name, index) => {
    refuseNulls(source, path, name, row?.[index] as bigint);
  });
}

function refuseNulls(source: SourceSpec, path: string, column: string, nulls: bigint): void {
  if (nulls === 0n) return;
  throw new SlipwayError(
    "SOURCE_SCHEMA_MISMATCH",
    `Source "${source.name}": column "${column}" of ${path} is null in ${nulls} rows, but it is not declared optional. Add .optional() to it, or clean the data.`,
    { details: { source: source.name, path, column, nulls: Number(nulls) } },
  );
}

/** Throws SOURCE_KEY_INVALID when the id column holds a null, or one value twice. */
export async function checkIds(connection: DuckDBConnection, source: SourceSpec, path: string): Promise<void> {
  if (source.id === undefined) return;
  const id = identifier(source.id);
  const found = await connection.runAndReadAll(
    `SELECT ${id}::VARCHAR AS id, count(*) AS n FROM read_parquet(${quote(path)}) GROUP BY ${id} HAVING count(*) > 1 OR ${id} IS NULL ORDER BY ${id} NULLS FIRST LIMIT 1`,
  );
  const [row] = found.getRowObjects();
  if (!row) return;
  const { n, id: value } = row;
  const problem = value === null ? `is null in ${n} rows` : `holds ${JSON.stringify(value)} in ${n} rows`;
  throw new SlipwayError(
    "SOURCE_KEY_INVALID",
    `Source "${source.name}": id column "${source.id}" of ${path} ${problem}. Each row needs an id of its own: remove the others, or choose another id.`,
    { details: { source: source.name, path, column: source.id, value: value ?? null, rows: Number(n) } },
  );
}
