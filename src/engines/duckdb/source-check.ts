// Looks at a source's files before anything is computed from them: are they there, can they be read, do they hold what was
// declared? A wider column than declared is refused; a narrower one that loses nothing is taken. Every file of a glob is looked at by
// itself, because DuckDB casts a later file's columns to the first one's types, even where that loses something.

import type { DuckDBConnection } from "@duckdb/node-api";
import { type DataType, SlipwayError } from "../../core/core.ts";
import type { SourceSpec } from "../../define/define.ts";
import { fingerprintOf, quote, sourceFiles } from "./source-files.ts";
import { checkIds, checkNulls } from "./source-rows.ts";

/** The Parquet types, as DuckDB names them, that fit a declared type without loss. */
const accepted: Readonly<Record<DataType, readonly string[]>> = {
  bool: ["BOOLEAN"],
  int32: ["TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT"],
  int64: ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"],
  float64: ["FLOAT", "DOUBLE"],
  string: ["VARCHAR"],
  timestamp: ["TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP WITH TIME ZONE"],
};

/** Checks a source whose path has been made absolute. */
export type SourceCheck = (connection: DuckDBConnection, source: SourceSpec, path: string) => Promise<void>;

/**
 * A check that remembers what it found good, so that asking again costs nothing while the files stay as they are. Throws SOURCE_NOT_FOUND,
 * SOURCE_UNREADABLE, SOURCE_SCHEMA_MISMATCH or SOURCE_KEY_INVALID; each names the source, the file and the next step.
 */
export function sourceCheck(): SourceCheck {
  const good = new Map<string, string>();
  return async (connection, source, path) => {
    const files = await sourceFiles(connection, path);
    if (files.length === 0)
      throw new SlipwayError(
        "SOURCE_NOT_FOUND",
        `Source "${source.name}" finds no file at ${path}. Put the data there, or correct the path in its definition.`,
        { details: { source: source.name, path } },
      );
    const what = JSON.stringify([source.name, path, source.columns, source.id]);
    const state = fingerprintOf(files);
    if (good.get(what) === state) return;
    for (const { file } of files) checkColumns(source, file, await columnsOf(connection, source, file));
    await readable(source, path, () => checkNulls(connection, source, path));
    await readable(source, path, () => checkIds(connection, source, path));
    good.set(what, state);
  };
}

function checkColumns(source: SourceSpec, file: string, found: ReadonlyMap<string, string>): void {
  for (const { name, type: declared } of source.columns) {
    const type = found.get(name);
    if (type !== undefined && accepted[declared].includes(type)) continue;
    const problem =
      type === undefined
        ? `has no column "${name}"; it has ${[...found.keys()].join(", ")}`
        : `has column "${name}" as ${type}, but it is declared ${declared}${isTextTime(declared, type) ? "; convert the text to timestamps when the file is written" : ""}`;
    throw new SlipwayError("SOURCE_SCHEMA_MISMATCH", `Source "${source.name}": ${file} ${problem}.`, {
      details: { source: source.name, path: file, column: name, declared, found: type ?? null },
    });
  }
}

function isTextTime(declared: DataType, found: string): boolean {
  return declared === "timestamp" && found === "VARCHAR";
}

function columnsOf(
  connection: DuckDBConnection,
  source: SourceSpec,
  file: string,
): Promise<ReadonlyMap<string, string>> {
  return readable(source, file, async () => {
    const result = await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${quote(file)})`);
    return new Map(result.getRowObjects().map((row) => [String(row["column_name"]), String(row["column_type"])]));
  });
}

async function readable<T>({ name }: SourceSpec, file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof SlipwayError || isInterrupt(cause)) throw cause;
    throw unreadable(name, file, cause);
  }
}

/** Whether DuckDB failed because it was told to stop. */
export function isInterrupt(cause: unknown): boolean {
  return cause instanceof Error && /^INTERRUPT|interrupted/i.test(cause.message);
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
