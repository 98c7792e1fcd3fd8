// Parquet files are scanned where they are. Every part is looked at by itself first: are they there, can they be read, do they hold what
// was declared? A wider column than declared is refused; a narrower one that loses nothing is taken. DuckDB casts a later part's columns to
// the first one's types, even where that loses something, so parts may not differ in a way that does.

import type { DuckDBConnection } from "@duckdb/node-api";
import { type DataType, isDecimal, parseDecimal, SlipwayError, typeText } from "../../core/core.ts";
import type { ParquetSpec, SourceSpec } from "../../define/define.ts";
import { refuseStrays } from "./glob-strays.ts";
import { isInterrupt, missingColumn, nothingFound, notParquet, wrongType } from "./source-error.ts";
import { fingerprintOf, partitionsOf, sourceFiles } from "./source-files.ts";
import { checkIds, checkNulls } from "./source-rows.ts";
import { canHold, fitsDeclared } from "./source-types.ts";
import { quote } from "./sql-text.ts";
import { typeName } from "./values.ts";

/**
 * The table expression over a path. Values of folders stay text until the declared type says what they are: taken for numbers, `01` would be
 * 1 for good. They are cast after, and DuckDB leaves out whole files by them all the same.
 */
export function parquetRelation(path: string, fileColumn?: string): string {
  const filename = fileColumn === undefined ? "" : `, filename = ${quote(fileColumn)}`;
  return `read_parquet(${quote(path)}, hive_types_autocast = false${filename})`;
}

/** Checks a Parquet source whose path has been made absolute. */
export type ParquetCheck = (connection: DuckDBConnection, source: ParquetSpec, path: string) => Promise<void>;

/**
 * A check that remembers what it found good, so that asking again costs nothing while the files stay as they are. Throws SOURCE_NOT_FOUND,
 * SOURCE_UNREADABLE, SOURCE_SCHEMA_MISMATCH or SOURCE_KEY_INVALID; each names the source, the file and the next step.
 */
export function parquetCheck(): ParquetCheck {
  const good = new Map<string, string>();
  return async (connection, source, path) => {
    const files = await sourceFiles(connection, path);
    await refuseStrays(source, path);
    if (files.length === 0) throw nothingFound(source, path);
    const what = JSON.stringify([source.name, path, source.columns, source.id]);
    const state = fingerprintOf(files);
    if (good.get(what) === state) return;
    let first: Part | undefined;
    for (const { file } of files) {
      const part = { file, columns: await columnsOf(connection, source, file) };
      await checkPart(connection, source, part, first);
      first ??= part;
    }
    const rows = { relation: parquetRelation(path), place: path, footers: quote(path) };
    await readable(source, path, () => checkNulls(connection, source, rows));
    await readable(source, path, () => checkIds(connection, source, rows));
    good.set(what, state);
  };
}

interface Part {
  readonly file: string;
  readonly columns: ReadonlyMap<string, string>;
}

async function checkPart(
  connection: DuckDBConnection,
  source: SourceSpec,
  { file, columns }: Part,
  first: Part | undefined,
): Promise<void> {
  const folders = partitionsOf(file);
  for (const { name, type: declared } of source.columns) {
    if (folders.has(name)) {
      await checkFolder(connection, source, file, name, declared, folders.get(name) ?? null);
      continue;
    }
    const type = columns.get(name);
    if (type === undefined) throw missingColumn(source, file, name, declared, [...columns.keys()]);
    if (!fitsDeclared(declared, type)) throw wrongType(source, file, name, declared, type);
    const before = first?.columns.get(name);
    if (first === undefined || before === undefined || canHold(before, type)) continue;
    throw new SlipwayError(
      "SOURCE_SCHEMA_MISMATCH",
      `Source "${source.name}": ${file} has column "${name}" as ${type}, but ${first.file} has it as ${before}, which cannot hold it. Write both with one type.`,
      {
        details: {
          source: source.name,
          path: file,
          column: name,
          declared: typeText(declared),
          found: type,
          first: before,
        },
      },
    );
  }
}

/** A folder's value is text, and the scan casts it: what cannot be cast is refused here. */
async function checkFolder(
  connection: DuckDBConnection,
  source: SourceSpec,
  file: string,
  name: string,
  declared: DataType,
  value: string | null,
): Promise<void> {
  if (value === null || declared === "string") return;
  // DuckDB rounds "1.5" to a whole number, and "1.005" to a decimal.
  const isWhole = isDecimal(declared)
    ? parseDecimal(value, declared) !== undefined
    : (declared !== "int32" && declared !== "int64") || /^[+-]?\d+$/.test(value);
  const cast = await connection.runAndReadAll(`SELECT TRY_CAST(${quote(value)} AS ${typeName(declared)}) IS NOT NULL`);
  if (isWhole && cast.getRows()[0]?.[0] === true) return;
  throw new SlipwayError(
    "SOURCE_SCHEMA_MISMATCH",
    `Source "${source.name}": the folder ${name}=${value} above ${file} is no ${typeText(declared)}, as which column "${name}" is declared.`,
    { details: { source: source.name, path: file, column: name, declared: typeText(declared), value } },
  );
}

function columnsOf(
  connection: DuckDBConnection,
  source: SourceSpec,
  file: string,
): Promise<ReadonlyMap<string, string>> {
  return readable(source, file, async () => {
    const result = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${parquetRelation(file)}`);
    return new Map(result.getRowObjects().map((row) => [String(row["column_name"]), String(row["column_type"])]));
  });
}

async function readable<T>({ name }: SourceSpec, file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof SlipwayError || isInterrupt(cause)) throw cause;
    throw notParquet(name, file, cause);
  }
}
