// Rows to be counted: a table expression with what its columns hold, read column by column or value by value.

import type { Column, Table } from "../../core/core.ts";
import type { OfflineEngine } from "../../ports/ports.ts";
import type { ColumnKind } from "./column-sketch.ts";

/** A column of rows to be counted. */
export interface SourceColumn {
  readonly name: string;
  /** Undefined for values that are not judged. */
  readonly kind: ColumnKind | undefined;
}

/** Rows to be counted. */
export interface RowSource {
  readonly engine: OfflineEngine;
  /** A table expression. */
  readonly relation: string;
  readonly columns: readonly SourceColumn[];
}

/** Cuts rows into windows by time: `index` is SQL of a whole number from 0, null or negative for rows of none. */
export interface WindowCut {
  readonly index: string;
  readonly count: number;
}

/** How many rows there are. */
export async function countRows({ engine, relation }: RowSource): Promise<number> {
  for await (const table of engine.stream(`SELECT count(*)::DOUBLE AS n FROM ${relation}`))
    return Number(table.columns[0]?.values[0] ?? 0);
  return 0;
}

/** Streams columns as float64 in the rows' order; the last column is the window of each row, where there are windows. */
export async function* streamNumbers(
  { engine, relation }: RowSource,
  columns: readonly SourceColumn[],
  cut?: WindowCut,
): AsyncIterable<{
  readonly rowCount: number;
  readonly columns: readonly Column<"float64">[];
  readonly windows?: Int32Array;
}> {
  const { dialect } = engine;
  const values = columns.map(({ name, kind }, place) => {
    const column = dialect.identifier(name);
    return `${kind === "moment" ? `epoch_us(${column})` : column}::DOUBLE AS ${dialect.identifier(String(place))}`;
  });
  if (cut) values.push(`coalesce(${cut.index}, -1)::INTEGER AS w`);
  for await (const table of engine.stream(`SELECT ${values.join(", ")} FROM ${relation}`))
    yield {
      rowCount: table.rowCount,
      columns: table.columns.slice(0, columns.length) as readonly Column<"float64">[],
      ...(cut ? { windows: table.columns[columns.length]!.values as Int32Array } : {}),
    };
}

/** A value of a column with its rows, by window. */
export interface CountedValue {
  readonly column: number;
  readonly window: number;
  /** Undefined for null. */
  readonly value: string | undefined;
  readonly count: number;
}

/** At most so many values of a column and its windows are counted. */
export const MOST_VALUES = 200_000;

/** Streams each column's values with their counts, in no order; a column of more than `most` ends early, one above. */
export async function* streamValues(
  { engine, relation }: RowSource,
  columns: readonly SourceColumn[],
  cut?: WindowCut,
  most = MOST_VALUES,
): AsyncIterable<CountedValue> {
  const window = cut === undefined ? "0" : `coalesce(${cut.index}, -1)::INTEGER`;
  const parts = columns.map(
    ({ name }, place) =>
      `(SELECT ${place}::INTEGER AS c, ${window} AS w, ${engine.dialect.identifier(name)}::VARCHAR AS v, count(*)::DOUBLE AS n FROM ${relation} GROUP BY ALL${most === Number.POSITIVE_INFINITY ? "" : ` LIMIT ${most + 2}`})`,
  );
  for await (const table of engine.stream(parts.join(" UNION ALL "))) yield* countedValues(table);
}

function* countedValues({ rowCount, columns }: Table): Iterable<CountedValue> {
  const [column, window, value, count] = columns as unknown as [
    Column<"int32">,
    Column<"int32">,
    Column<"string">,
    Column<"float64">,
  ];
  for (let row = 0; row < rowCount; row += 1) {
    const isNull = value.validity !== undefined && ((value.validity[row >> 3] ?? 0) & (1 << (row & 7))) === 0;
    yield {
      column: column.values[row]!,
      window: window.values[row]!,
      value: isNull ? undefined : value.values[row]!,
      count: count.values[row]!,
    };
  }
}
