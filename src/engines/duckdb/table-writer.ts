// Batches of rows written to a Parquet file: appended to a table of DuckDB's own, which spills what does not fit in memory, and copied out.

import { randomUUID } from "node:crypto";
import { type DuckDBAppender, type DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import { type Column, type ColumnSchema, isValid, SlipwayError, type Table } from "../../core/core.ts";
import { identifier, quote } from "./sql-text.ts";
import { typeName } from "./values.ts";
import { duckdbType, valueWriter } from "./written-values.ts";

/** Rows in one of DuckDB's chunks. */
const CHUNK_ROWS = 2048;

/** Writes batches to a Parquet file until they end (true) or at least `mostRows` are written (false). Throws CANCELLED. */
export async function writeTables(
  connection: DuckDBConnection,
  columns: readonly ColumnSchema[],
  tables: AsyncIterator<Table>,
  file: string,
  mostRows: number,
  signal: AbortSignal,
): Promise<boolean> {
  const name = `staging ${randomUUID()}`;
  await connection.run(`CREATE TABLE ${identifier(name)} (${fieldsOf(columns)})`);
  try {
    const appender = await connection.createAppender(name);
    let isLast = false;
    for (let rows = 0; rows < mostRows; ) {
      if (signal.aborted) throw new SlipwayError("CANCELLED", "Reading was stopped.");
      const next = await tables.next();
      isLast = next.done === true;
      if (next.done) break;
      append(appender, columns, next.value);
      rows += next.value.rowCount;
    }
    appender.closeSync();
    await connection.run(`COPY (FROM ${identifier(name)}) TO ${quote(file)} (FORMAT parquet, COMPRESSION zstd)`);
    return isLast;
  } finally {
    await connection.run(`DROP TABLE ${identifier(name)}`);
  }
}

/** Makes a temporary table of batches, and tells its rows. */
export async function loadTables(
  connection: DuckDBConnection,
  name: string,
  columns: readonly ColumnSchema[],
  tables: AsyncIterable<Table> | Iterable<Table>,
): Promise<number> {
  await connection.run(`CREATE TEMP TABLE ${identifier(name)} (${fieldsOf(columns)})`);
  const appender = await connection.createAppender(name, "main", "temp");
  let rows = 0;
  try {
    for await (const table of tables) {
      append(appender, columns, table);
      rows += table.rowCount;
    }
  } finally {
    appender.closeSync();
  }
  return rows;
}

function fieldsOf(columns: readonly ColumnSchema[]): string {
  return columns.map(({ name, type }) => `${identifier(name)} ${typeName(type)}`).join(", ");
}

function append(appender: DuckDBAppender, schema: readonly ColumnSchema[], { rowCount, columns }: Table): void {
  const types = schema.map(({ type }) => duckdbType(type));
  for (let start = 0; start < rowCount; start += CHUNK_ROWS) {
    const size = Math.min(CHUNK_ROWS, rowCount - start);
    const chunk = DuckDBDataChunk.create(types, size);
    columns.forEach((column, index) => {
      fill(chunk, index, column, start, size);
    });
    appender.appendDataChunk(chunk);
  }
}

/** What the vectors of fixed width have in common; they are not exported as one interface. */
interface WritableVector {
  readonly items?: { set(from: ArrayLike<unknown>, at?: number): void };
  readonly validity: { setItemValid(index: number, valid: boolean): void };
  setItem(index: number, value: unknown): void;
  flush(): void;
}

function fill(chunk: DuckDBDataChunk, index: number, column: Column, start: number, size: number): void {
  const vector = chunk.getColumnVector(index) as unknown as WritableVector;
  const { values, type, validity } = column;
  const write = valueWriter(type);
  const isPlain = vector.items !== undefined && ArrayBuffer.isView(values) && type !== "bool";
  if (isPlain) vector.items?.set((values as Int32Array).subarray(start, start + size));
  for (let row = 0; row < size && !(isPlain && validity === undefined); row += 1) {
    const value = values[start + row];
    if (!isValid(column, start + row)) vector.setItem(row, null);
    else if (!isPlain) vector.setItem(row, write(value));
  }
  vector.flush();
}
