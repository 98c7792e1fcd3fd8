// Looks at a source's files before anything is computed from them: are they there, can they be read, do they hold what was
// declared? A wider column than declared is refused; a narrower one that loses nothing is taken.

import type { DuckDBConnection } from "@duckdb/node-api";
import { type DataType, SlipwayError } from "../../core/core.ts";
import type { SourceSpec } from "../../define/define.ts";

/** The Parquet types, as DuckDB names them, that fit a declared type without loss. */
const accepted: Readonly<Record<DataType, readonly string[]>> = {
  bool: ["BOOLEAN"],
  int32: ["TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT"],
  int64: ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"],
  float64: ["FLOAT", "DOUBLE"],
  string: ["VARCHAR"],
  timestamp: ["TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE"],
};

const quote = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** Throws SOURCE_NOT_FOUND, SOURCE_UNREADABLE or SOURCE_SCHEMA_MISMATCH; each names the source, the file and the next step. */
export async function checkSource(connection: DuckDBConnection, source: SourceSpec, path: string): Promise<void> {
  const files = await connection.runAndReadAll(`SELECT file FROM glob(${quote(path)}) LIMIT 1`);
  if (files.currentRowCount === 0)
    throw new SlipwayError(
      "SOURCE_NOT_FOUND",
      `Source "${source.name}" finds no file at ${path}. Put the data there, or correct the path in its definition.`,
      { details: { source: source.name, path } },
    );
  const found = await describe(connection, source, path);
  for (const column of source.columns) {
    const type = found.get(column.name);
    if (type !== undefined && accepted[column.type].includes(type)) continue;
    const problem =
      type === undefined
        ? `has no column "${column.name}"; it has ${[...found.keys()].join(", ")}`
        : `has column "${column.name}" as ${type}, but it is declared ${column.type}${isTextTime(column.type, type) ? "; convert the text to timestamps when the file is written" : ""}`;
    throw new SlipwayError("SOURCE_SCHEMA_MISMATCH", `Source "${source.name}": ${path} ${problem}.`, {
      details: { source: source.name, path, column: column.name, declared: column.type, found: type ?? null },
    });
  }
}

function isTextTime(declared: DataType, found: string): boolean {
  return declared === "timestamp" && found === "VARCHAR";
}

async function describe(
  connection: DuckDBConnection,
  source: SourceSpec,
  path: string,
): Promise<ReadonlyMap<string, string>> {
  try {
    const result = await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${quote(path)})`);
    return new Map(result.getRowObjects().map((row) => [String(row["column_name"]), String(row["column_type"])]));
  } catch (cause) {
    throw unreadable(source.name, path, cause);
  }
}

/** A read failure as SOURCE_UNREADABLE. */
export function unreadable(name: string, path: string, cause: unknown): SlipwayError {
  const reason = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0];
  return new SlipwayError(
    "SOURCE_UNREADABLE",
    `Source "${name}" cannot be read: ${path} is not a whole Parquet file (${reason}). Write it again, or take it out of the path.`,
    { cause, details: { source: name, path } },
  );
}
