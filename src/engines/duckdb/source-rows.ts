// What a source's rows must keep to besides their types: a column that is not optional holds no null, because features are planned on
// that, and an id names one row. Nulls are counted from the files' footers where those say; ids take one pass over one column.

import type { DuckDBConnection } from "@duckdb/node-api";
import { type DataType, isStruct, SlipwayError } from "../../core/core.ts";
import type { SourceSpec } from "../../define/define.ts";
import { identifier, quote } from "./sql-text.ts";

/** Rows that are looked at: the SQL that gives them, and where they are in words. */
export interface CheckedRows {
  readonly relation: string;
  readonly place: string;
  /** The argument of `parquet_metadata`, where the rows lie in Parquet files. */
  readonly footers?: string;
}

/** Throws SOURCE_SCHEMA_MISMATCH when a column declared without `.optional()` holds nulls. */
export async function checkNulls(
  connection: DuckDBConnection,
  source: SourceSpec,
  { relation, place, footers }: CheckedRows,
): Promise<void> {
  const required = source.columns.filter((column) => !column.optional && column.name !== source.id);
  const hasStructs = source.columns.some(({ type }) => isStruct(type));
  if (required.length === 0 && !hasStructs) return;
  const told = footers === undefined ? new Map<string, never>() : await nullsInFooters(connection, footers);
  const isEmpty = footers !== undefined && told.size === 0;
  const untold: string[] = [];
  for (const { name } of required) {
    const footer = told.get(name);
    if (footer && footer["untold"] === false) refuseNulls(source, place, name, footer["nulls"] as bigint);
    else if (!isEmpty) untold.push(name);
  }
  const all = [
    ...untold.map((name) => ({ name, count: `count(*) - count(${identifier(name)})` })),
    ...source.columns.flatMap(({ name, type }) => requiredFields(name, identifier(name), type)),
  ];
  if (all.length === 0) return;
  const counts = all.map(({ count }, index) => `${count} AS n${index}`).join(", ");
  const counted = await connection.runAndReadAll(`SELECT ${counts} FROM ${relation}`);
  const [row] = counted.getRows();
  all.forEach(({ name }, index) => {
    refuseNulls(source, place, name, row?.[index] as bigint);
  });
}

interface NullCount {
  readonly name: string;
  readonly count: string;
}

/** What counts the nulls of a struct's required fields; those of structs inside lists are not looked at. */
function requiredFields(name: string, sql: string, type: DataType): readonly NullCount[] {
  if (!isStruct(type)) return [];
  return type.fields.flatMap((field): readonly NullCount[] => {
    const own = { name: `${name}.${field.name}`, sql: `struct_extract(${sql}, ${quote(field.name)})` };
    const count = `count(*) FILTER (WHERE ${sql} IS NOT NULL AND ${own.sql} IS NULL)`;
    return [...(field.optional ? [] : [{ name: own.name, count }]), ...requiredFields(own.name, own.sql, field.type)];
  });
}

async function nullsInFooters(
  connection: DuckDBConnection,
  footers: string,
): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
  const read = await connection.runAndReadAll(
    `SELECT path_in_schema AS name, sum(stats_null_count)::BIGINT AS nulls, bool_or(stats_null_count IS NULL) AS untold FROM parquet_metadata(${footers}) GROUP BY path_in_schema`,
  );
  return new Map(read.getRowObjects().map((row) => [String(row["name"]), row]));
}

function refuseNulls(source: SourceSpec, place: string, column: string, nulls: bigint): void {
  if (nulls === 0n) return;
  throw new SlipwayError(
    "SOURCE_SCHEMA_MISMATCH",
    `Source "${source.name}": column "${column}" of ${place} is null in ${nulls} rows, but it is not declared optional. Add .optional() to it, or clean the data.`,
    { details: { source: source.name, path: place, column, nulls: Number(nulls) } },
  );
}

/** Throws SOURCE_KEY_INVALID when the id column holds a null, or one value twice. */
export async function checkIds(
  connection: DuckDBConnection,
  source: SourceSpec,
  { relation, place }: CheckedRows,
): Promise<void> {
  if (source.id === undefined) return;
  const id = identifier(source.id);
  const found = await connection.runAndReadAll(
    `SELECT ${id}::VARCHAR AS id, count(*) AS n FROM ${relation} GROUP BY ${id} HAVING count(*) > 1 OR ${id} IS NULL ORDER BY ${id} NULLS FIRST LIMIT 1`,
  );
  const [row] = found.getRowObjects();
  if (!row) return;
  const { n, id: value } = row;
  const problem = value === null ? `is null in ${n} rows` : `holds ${JSON.stringify(value)} in ${n} rows`;
  throw new SlipwayError(
    "SOURCE_KEY_INVALID",
    `Source "${source.name}": id column "${source.id}" of ${place} ${problem}. Each row needs an id of its own: remove the others, or choose another id.`,
    { details: { source: source.name, path: place, column: source.id, value: value ?? null, rows: Number(n) } },
  );
}
