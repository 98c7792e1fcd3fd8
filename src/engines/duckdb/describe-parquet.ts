// What is in Parquet files before anything is declared about them: each column's name and type, and whether it holds nulls.

import { DuckDBInstance } from "@duckdb/node-api";
import type { DataType } from "../../core/core.ts";
import { dataTypeOf } from "./result-types.ts";

/** A column as its file has it. */
export interface FoundColumn {
  readonly name: string;
  /** Undefined for a type that tables do not hold. */
  readonly type: DataType | undefined;
  /** The type in DuckDB's words. */
  readonly found: string;
  readonly hasNulls: boolean;
}

/** Types that are read as a wider one. */
const widened: Readonly<Record<string, DataType>> = {
  TINYINT: "int32",
  SMALLINT: "int32",
  UTINYINT: "int32",
  USMALLINT: "int32",
  UINTEGER: "int64",
  TIMESTAMP_S: "timestamp",
  TIMESTAMP_MS: "timestamp",
  "TIMESTAMP WITH TIME ZONE": "timestamp",
};

/** The columns of a Parquet file or glob; undefined when there is none, or it cannot be read. Nothing but the files' ends is read. */
export async function describeParquet(path: string): Promise<readonly FoundColumn[] | undefined> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  const file = `'${path.replaceAll("'", "''")}'`;
  try {
    const described = await connection.run(`SELECT * FROM read_parquet(${file}) LIMIT 0`);
    const nulls = await connection.runAndReadAll(
      `SELECT path_in_schema, coalesce(max(CASE WHEN stats_null_count IS NULL THEN 1 ELSE stats_null_count END), 0)::BIGINT FROM parquet_metadata(${file}) GROUP BY 1`,
    );
    const withNulls = new Set(nulls.getRows().flatMap(([name, count]) => (count === 0n ? [] : [String(name)])));
    return described.columnNames().map((name, index) => {
      const found = described.columnType(index);
      const text = String(found);
      return { name, type: widened[text] ?? dataTypeOf(found), found: text, hasNulls: withNulls.has(name) };
    });
  } catch {
    return undefined;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
