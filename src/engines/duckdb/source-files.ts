// The files behind a source's path, and their state: what a fingerprint is made of, and what makes a check worth doing again.

import { stat } from "node:fs/promises";
import { sep } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { quote } from "./sql-text.ts";

/** One file as it is now. */
export interface SourceFile {
  readonly file: string;
  readonly size: bigint;
  /** When it was changed, in nanoseconds. */
  readonly changed: bigint;
}

/** The files that a path or glob names, in order of their names. */
export async function sourceFiles(connection: DuckDBConnection, path: string): Promise<readonly SourceFile[]> {
  const listed = await connection.runAndReadAll(`SELECT file FROM glob(${quote(path)}) ORDER BY file`);
  const files = listed.getRowObjects().map((row) => String(row["file"]));
  return Promise.all(files.map(fileState));
}

/** The state of one file. */
export async function fileState(file: string): Promise<SourceFile> {
  const { size, mtimeNs } = await stat(file, { bigint: true });
  return { file, size, changed: mtimeNs };
}

/** A text that changes when one of the files does, or when there are others. */
export function fingerprintOf(files: readonly SourceFile[]): string {
  return files.map(({ file, size, changed }) => `${file} ${size} ${changed}`).join("\n");
}

const NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__";

/** The columns that a file's folders hold (`day=2024-01-01/part.parquet`), as text; null for Hive's word for it. */
export function partitionsOf(file: string): ReadonlyMap<string, string | null> {
  const folders = file.split(sep).slice(0, -1);
  return new Map(
    folders.flatMap((folder) => {
      const at = folder.indexOf("=");
      if (at < 1) return [];
      const value = folder.slice(at + 1);
      return [[folder.slice(0, at), value === NULL_PARTITION ? null : decoded(value)] as const];
    }),
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
