// The files behind a source's path, and their state: what a fingerprint is made of, and what makes a check worth doing again.

import { stat } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";

/** One file as it is now. */
export interface SourceFile {
  readonly file: string;
  readonly size: bigint;
  /** When it was changed, in nanoseconds. */
  readonly changed: bigint;
}

/** A text literal. */
export const quote = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** The files that a path or glob names, in order of their names. */
export async function sourceFiles(connection: DuckDBConnection, path: string): Promise<readonly SourceFile[]> {
  const listed = await connection.runAndReadAll(`SELECT file FROM glob(${quote(path)}) ORDER BY file`);
  const files = listed.getRowObjects().map((row) => String(row["file"]));
  return Promise.all(
    files.map(async (file) => {
      const { size, mtimeNs } = await stat(file, { bigint: true });
      return { file, size, changed: mtimeNs };
    }),
  );
}

/** A text that changes when one of the files does, or when there are others. */
export function fingerprintOf(files: readonly SourceFile[]): string {
  return files.map(({ file, size, changed }) => `${file} ${size} ${changed}`).join("\n");
}
