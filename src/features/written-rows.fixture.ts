// Test rows as SQL and as Parquet files, written by the engine under test's own writer.

import type { DataType, Value } from "../core/core.ts";
import { type SourceSpec, sourcePlace } from "../define/define.ts";
import type { OfflineEngine, SqlDialect } from "../ports/ports.ts";
import type { OracleRow } from "./oracle.fixture.ts";

interface Named {
  readonly name: string;
  readonly type: DataType;
}

/** A table expression over rows given as values in the schema's order; there may be none. */
export function valuesSql(dialect: SqlDialect, schema: readonly Named[], rows: readonly (readonly Value[])[]): string {
  const row = (values: readonly Value[]): string =>
    schema
      .map(({ type }, index) => dialect.expression({ kind: "literal", value: values[index] ?? null, type }, () => ""))
      .join(", ");
  const names = schema.map(({ name }) => dialect.identifier(name)).join(", ");
  // The first row only sets the types.
  const all = [schema.map(() => null), ...rows].map((values, index) => `(${index}, ${row(values)})`).join(", ");
  return `(SELECT ${names} FROM (VALUES ${all}) v("row number", ${names}) WHERE "row number" > 0 ORDER BY "row number")`;
}

/** Writes a source's rows to its file, whose path must be absolute or one that `root` resolves. */
export async function writeRows(
  engine: OfflineEngine,
  source: SourceSpec,
  rows: readonly OracleRow[],
  file: string = sourcePlace(source),
): Promise<void> {
  const cells = rows.map((row) => source.columns.map(({ name }) => row[name] ?? null));
  await engine.writeParquet(`SELECT * FROM ${valuesSql(engine.dialect, source.columns, cells)}`, file);
}
