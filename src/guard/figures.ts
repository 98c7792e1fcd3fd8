// Figures of a table's columns, from which expectations are inferred: a table expression goes in, whatever it stands for (a source's rows or a
// view's values), with `#n`, the place of a row in the order in which rows became known.

import { type DataType, isNumeric, type Table, type Value, valueAt } from "../core/core.ts";
import type { OfflineEngine, SqlDialect } from "../ports/ports.ts";

/** A table to look at. */
export interface LookedAt {
  /** A table expression with the columns and `#n`. */
  readonly sql: string;
  readonly columns: readonly { readonly name: string; readonly type: DataType; readonly optional: boolean }[];
}

/** The place of a row, as a column of what is looked at. */
export const rowPlace = "#n";

/** Numbers of one column; null where there is no finite value. */
export interface RangeFigures {
  /** Not null and not NaN. */
  readonly values: number;
  readonly q01: number;
  readonly q50: number;
  readonly q99: number;
  /** The least and greatest value that is not far outside. */
  readonly least: number;
  readonly greatest: number;
  /** Values far outside: how many, and the first few by distance from the median. */
  readonly outside: number;
  readonly examples: readonly number[];
}

/** Texts of one column. */
export interface TextFigures {
  /** Different values, counted up to {@link MOST_VALUES} + 1. */
  readonly distinct: number;
  /** The values, most frequent first, where there are at most {@link MOST_VALUES}. */
  readonly values: readonly { readonly value: string; readonly count: number; readonly first: number }[];
  /** The values' shapes with capital letters as A, small ones as a and digits as 9, where there are at most {@link MOST_SHAPES}. */
  readonly shapes: readonly { readonly shape: string; readonly count: number }[];
}

/** One column in figures. */
export interface ColumnFigures {
  readonly name: string;
  readonly type: DataType;
  readonly optional: boolean;
  readonly nulls: number;
  /** About how many different values there are. */
  readonly distinct: number;
  readonly range?: RangeFigures;
  readonly text?: TextFigures;
}

/** A table in figures. */
export interface TableFigures {
  readonly rows: number;
  readonly columns: readonly ColumnFigures[];
}

/** So many values may a set have. */
export const MOST_VALUES = 50;
/** So many shapes are looked at. */
export const MOST_SHAPES = 500;

/** How many times the central 98 % a value may be from the median. */
export const FAR_SPREADS = 20;

const EXAMPLES = 3;

/** Looks at every column of a table. */
export async function tableFigures(offline: OfflineEngine, table: LookedAt): Promise<TableFigures> {
  const { dialect } = offline;
  const basics = table.columns.flatMap(({ name, type }) => {
    const column = dialect.identifier(name);
    const quantiles = isNumeric(type)
      ? `quantile_disc(${column}::DOUBLE, [0.01, 0.5, 0.99]) FILTER (WHERE isfinite(${column}::DOUBLE))`
      : "NULL::DOUBLE[]";
    return [`count(*) - count(${column})`, `approx_count_distinct(${column})`, quantiles];
  });
  const named = basics.map((sql, index) => `${sql} AS c${index}`).join(", ");
  const shown = basics.flatMap((_, index) =>
    index % 3 === 2 ? [1, 2, 3].map((place) => `c${index}[${place}]`) : [`c${index}::BIGINT`],
  );
  const [rows = 0n, ...cells] = await oneRow(
    offline.stream(`SELECT n, ${shown.join(", ")} FROM (SELECT count(*)::BIGINT AS n, ${named} FROM ${table.sql})`),
  );
  const columns: ColumnFigures[] = [];
  for (const [index, { name, type, optional }] of table.columns.entries()) {
    const [nulls, distinct, q01, q50, q99] = cells.slice(index * 5, index * 5 + 5);
    const quantiles = q01 === null || q01 === undefined ? undefined : ([q01, q50, q99] as [number, number, number]);
    const range = quantiles && (await rangeFigures(offline, table, name, quantiles));
    const text = type === "string" ? await textFigures(offline, table, name) : undefined;
    columns.push({
      name,
      type,
      optional,
      nulls: Number(nulls),
      distinct: Number(distinct),
      ...(range ? { range } : {}),
      ...(text ? { text } : {}),
    });
  }
  return { rows: Number(rows), columns };
}

async function rangeFigures(
  offline: OfflineEngine,
  { sql }: LookedAt,
  name: string,
  [q01, q50, q99]: readonly [number, number, number],
): Promise<RangeFigures | undefined> {
  const value = `${offline.dialect.identifier(name)}::DOUBLE`;
  const reach = FAR_SPREADS * (q99 - q01);
  // Where 98 % are one value there is no spread to measure by, and rare events must not be taken for errors.
  const inside = reach > 0 ? `v BETWEEN ${q50 - reach} AND ${q50 + reach}` : "true";
  const far = `(CASE WHEN NOT (${inside}) THEN v END)`;
  const examples = Array.from({ length: EXAMPLES }, (_, place) => `x[${place + 1}]`).join(", ");
  const [values, least, greatest, outside, ...found] = await oneRow(
    offline.stream(
      `SELECT n, a, b, o, ${examples} FROM (SELECT count(*)::BIGINT AS n, min(CASE WHEN ${inside} AND isfinite(v) THEN v END) AS a, max(CASE WHEN ${inside} AND isfinite(v) THEN v END) AS b, (count(*) FILTER (WHERE NOT (${inside})))::BIGINT AS o, list_sort(list(DISTINCT ${far}) FILTER (WHERE NOT (${inside})), 'DESC') AS x FROM (SELECT ${value} AS v FROM ${sql}) WHERE v IS NOT NULL AND NOT isnan(v))`,
    ),
  );
  if (least === null || least === undefined || greatest === null) return undefined;
  return {
    values: Number(values),
    q01,
    q50,
    q99,
    least: least as number,
    greatest: greatest as number,
    outside: Number(outside),
    examples: found.filter((each): each is number => typeof each === "number"),
  };
}

async function textFigures(offline: OfflineEngine, { sql }: LookedAt, name: string): Promise<TextFigures> {
  const column = offline.dialect.identifier(name);
  const place = offline.dialect.identifier(rowPlace);
  const values: { value: string; count: number; first: number }[] = [];
  for await (const table of offline.stream(
    `SELECT ${column} AS v, count(*)::BIGINT AS n, min(${place})::BIGINT AS f FROM ${sql} WHERE ${column} IS NOT NULL GROUP BY v ORDER BY n DESC, v LIMIT ${MOST_VALUES + 1}`,
  ))
    for (let row = 0; row < table.rowCount; row += 1) {
      const [value, count, first] = rowValues(table, row);
      values.push({ value: String(value), count: Number(count), first: Number(first) });
    }
  const shapes = values.length > MOST_VALUES ? await shapesOf(offline, sql, column) : [];
  return { distinct: values.length, values: values.length > MOST_VALUES ? [] : values, shapes };
}

async function shapesOf(offline: OfflineEngine, sql: string, column: string): Promise<TextFigures["shapes"]> {
  const shapes: { shape: string; count: number }[] = [];
  for await (const table of offline.stream(
    `SELECT ${shapeSql(offline.dialect, column)} AS v, count(*)::BIGINT AS n FROM ${sql} WHERE ${column} IS NOT NULL GROUP BY v ORDER BY n DESC, v LIMIT ${MOST_SHAPES + 1}`,
  ))
    for (let row = 0; row < table.rowCount; row += 1) {
      const [shape, count] = rowValues(table, row);
      shapes.push({ shape: String(shape), count: Number(count) });
    }
  return shapes.length > MOST_SHAPES ? [] : shapes;
}

function shapeSql(dialect: SqlDialect, column: string): string {
  const steps = [
    ["[a-z]", "a"],
    ["[A-Z]", "A"],
    ["[0-9]", "9"],
  ] as const;
  return steps.reduce(
    (value, [from, to]) => `regexp_replace(${value}, ${dialect.text(from)}, ${dialect.text(to)}, 'g')`,
    column,
  );
}

function rowValues(table: Table, row: number): readonly Value[] {
  return table.columns.map((column) => valueAt(column, row));
}

async function oneRow(tables: AsyncIterable<Table>): Promise<readonly Value[]> {
  for await (const table of tables) return rowValues(table, 0);
  return [];
}
