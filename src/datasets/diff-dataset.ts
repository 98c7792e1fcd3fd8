// What is different between two datasets of rows with a key: columns, rows by key, how far each column's values have moved, and what they
// were made from.

import { type ColumnSchema, canonicalJson, type DataType, type Value, valueAt } from "../core/core.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import { type DefinitionDiff, definitionDiffs, type SourceDiff, sourceDiffs } from "./diff-origins.ts";
import type { ReadableDataset } from "./readable-dataset.ts";

/** One column on one side. Figures of numbers are null for other types, and leave out NaN and infinities. */
export interface ColumnFigures {
  /** The share of rows without a value. */
  readonly nulls: number;
  readonly mean: number | null;
  readonly sd: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

/** One column that both sides have. */
export interface ColumnDiff {
  readonly name: string;
  /** Rows on both sides whose value is another one. */
  readonly changed: number;
  readonly from: ColumnFigures;
  readonly to: ColumnFigures;
  /** The mean's move in standard deviations of the first side; null where there is none. */
  readonly shift: number | null;
}

/** What is different between dataset `from` and dataset `to`. */
export interface DatasetDiff {
  readonly from: DatasetSide;
  readonly to: DatasetSide;
  /** The same columns, rows and values. */
  readonly isSame: boolean;
  readonly schema: {
    readonly added: readonly ColumnSchema[];
    readonly removed: readonly ColumnSchema[];
    readonly retyped: readonly { readonly name: string; readonly from: DataType; readonly to: DataType }[];
  };
  readonly rows: {
    readonly from: number;
    readonly to: number;
    readonly added: number;
    readonly removed: number;
    /** Rows on both sides of which at least one common column has another value. */
    readonly changed: number;
    readonly unchanged: number;
    /** Some of the keys of each. */
    readonly examples: Readonly<Record<"added" | "removed" | "changed", readonly Value[]>>;
  };
  readonly columns: readonly ColumnDiff[];
  /** Every source of either side. */
  readonly sources: readonly SourceDiff[];
  /** Definitions that differ. */
  readonly definitions: readonly DefinitionDiff[];
}

/** One of the two. */
export type DatasetSide = Pick<ReadableDataset, "id" | "model" | "kind" | "rows">;

const EXAMPLES = 5;
const NUMBERS: ReadonlySet<unknown> = new Set(["bool", "int32", "int64", "float32", "float64"]);
const isNumber = (type: DataType): boolean =>
  NUMBERS.has(type) || (typeof type === "object" && type.kind === "decimal");

/** Compares two datasets. Rows are matched by `key`; which part of a training a row is in is compared where both are of trainings. */
export async function diffDatasets(
  offline: OfflineEngine,
  from: ReadableDataset,
  to: ReadableDataset,
): Promise<DatasetDiff> {
  const [before, after] = from.kind === to.kind ? [from.schema, to.schema] : [withoutPart(from), withoutPart(to)];
  const there = new Map(after.map((column) => [column.name, column]));
  const here = new Map(before.map((column) => [column.name, column]));
  const typeOf = (type: DataType): string => canonicalJson(type);
  const both = before.filter(({ name, type }) => {
    const other = there.get(name);
    return other !== undefined && typeOf(other.type) === typeOf(type);
  });
  const schema = {
    added: after.filter(({ name }) => !here.has(name)),
    removed: before.filter(({ name }) => !there.has(name)),
    retyped: before.flatMap(({ name, type }) => {
      const other = there.get(name);
      return other === undefined || typeOf(other.type) === typeOf(type) ? [] : [{ name, from: type, to: other.type }];
    }),
  };
  const sides = { a: from.relation, b: to.relation };
  const compared = both.filter(({ name }) => name !== "key");
  const rows = await rowFigures(offline, sides, compared, !both.some(({ name }) => name === "key"));
  const figures = { a: await figuresOf(offline, sides.a, compared), b: await figuresOf(offline, sides.b, compared) };
  const columns = compared.map(({ name }, index): ColumnDiff => {
    const [a, b] = [figures.a[index] as ColumnFigures, figures.b[index] as ColumnFigures];
    const isMeasured = a.mean !== null && b.mean !== null && a.sd !== null && a.sd > 0;
    const shift = isMeasured ? ((b.mean as number) - (a.mean as number)) / (a.sd as number) : null;
    return { name, changed: rows.changedBy[index] ?? 0, from: a, to: b, shift };
  });
  const { changedBy, ...counted } = rows;
  const isSame =
    from.id === to.id ||
    (schema.added.length + schema.removed.length + schema.retyped.length === 0 &&
      counted.added + counted.removed + counted.changed === 0);
  const side = ({ id, model, kind, rows: count }: ReadableDataset): DatasetSide => ({ id, model, kind, rows: count });
  return {
    from: side(from),
    to: side(to),
    isSame,
    schema,
    rows: { from: from.rows, to: to.rows, ...counted },
    columns,
    sources: sourceDiffs(from, to),
    definitions: definitionDiffs(from, to),
  };
}

const withoutPart = ({ kind, schema }: ReadableDataset): readonly ColumnSchema[] =>
  kind === "training" ? schema.filter(({ name }) => name !== "part") : schema;

interface Sides {
  readonly a: string;
  readonly b: string;
}

/** `asText`: keys of two types are compared as text. */
async function rowFigures(offline: OfflineEngine, { a, b }: Sides, columns: readonly ColumnSchema[], asText: boolean) {
  const { identifier } = offline.dialect;
  const [here, there] = asText ? ["a.key::VARCHAR", "b.key::VARCHAR"] : ["a.key", "b.key"];
  const differs = columns.map(
    ({ name }, index) => `a.${identifier(name)} IS DISTINCT FROM b.${identifier(name)} AS d${index}`,
  );
  const any = columns.map((_, index) => `d${index}`).join(" OR ") || "false";
  const joined = `SELECT coalesce(${here}, ${there}) AS key, CASE WHEN a.key IS NULL THEN 'added' WHEN b.key IS NULL THEN 'removed' ELSE 'both' END AS side${differs.map((sql) => `, ${sql}`).join("")} FROM ${a} a FULL JOIN ${b} b ON ${here} = ${there}`;
  const kind = `CASE WHEN side <> 'both' THEN side WHEN ${any} THEN 'changed' ELSE 'unchanged' END`;
  const keys = `SELECT ${["key", "side", `${kind} AS kind`, ...columns.map((_, index) => `d${index}`)].join(", ")} FROM (${joined})`;
  return offline.session(async (session) => {
    await session.run(`CREATE TEMP TABLE compared AS ${keys}`);
    const count = (when: string): string => `(count(*) FILTER (WHERE ${when}))::BIGINT`;
    const kinds = ["added", "removed", "changed", "unchanged"].map((each) => count(`kind = '${each}'`));
    const byColumn = columns.map((_, index) => count(`side = 'both' AND d${index}`));
    const [totals = []] = await rowsOf(session.stream(`SELECT ${[...kinds, ...byColumn].join(", ")} FROM compared`));
    const [added = 0, removed = 0, changed = 0, unchanged = 0, ...changedBy] = totals.map(Number);
    const examples = { added: [] as Value[], removed: [] as Value[], changed: [] as Value[] };
    for (const each of ["added", "removed", "changed"] as const)
      for (const [key = null] of await rowsOf(
        session.stream(`SELECT key FROM compared WHERE kind = '${each}' ORDER BY key LIMIT ${EXAMPLES}`),
      ))
        examples[each].push(key);
    return { added, removed, changed, unchanged, changedBy, examples };
  });
}

async function figuresOf(
  offline: OfflineEngine,
  side: string,
  columns: readonly ColumnSchema[],
): Promise<readonly ColumnFigures[]> {
  const list = columns.flatMap(({ name, type }) => {
    const column = offline.dialect.identifier(name);
    const value = `(CASE WHEN isfinite(${column}::DOUBLE) THEN ${column}::DOUBLE END)`;
    const number = (sql: string): string => (isNumber(type) ? `${sql}(${value})::DOUBLE` : "NULL::DOUBLE");
    return [
      `(count(*) - count(${column}))::DOUBLE / greatest(count(*), 1)`,
      number("avg"),
      number("stddev_samp"),
      number("min"),
      number("max"),
    ];
  });
  if (list.length === 0) return [];
  const [cells = []] = await rowsOf(offline.stream(`SELECT ${list.join(", ")} FROM ${side}`));
  return columns.map((_, index): ColumnFigures => {
    const cell = (place: number): number | null => (cells[index * 5 + place] as number | null | undefined) ?? null;
    return { nulls: cell(0) ?? 0, mean: cell(1), sd: cell(2), min: cell(3), max: cell(4) };
  });
}

async function rowsOf(tables: AsyncIterable<Parameters<typeof cells>[0]>): Promise<Value[][]> {
  const rows: Value[][] = [];
  for await (const table of tables) rows.push(...cells(table));
  return rows;
}

function cells(table: { readonly rowCount: number; readonly columns: readonly Parameters<typeof valueAt>[0][] }) {
  return Array.from({ length: table.rowCount }, (_, row) => table.columns.map((column) => valueAt(column, row)));
}
