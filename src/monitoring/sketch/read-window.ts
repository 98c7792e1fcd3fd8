// Counts a window in its reference's cells, in one pass over its numbers and one over its categories: no row is kept.

import type { ColumnKind } from "./column-sketch.ts";
import { type NumberCounter, numberCounter } from "./number-counter.ts";
import { type CodedColumn, pairsOf } from "./pair-codes.ts";
import { readAmong, readCategories } from "./read-categories.ts";
import { countRows, type RowSource, type SourceColumn, streamNumbers } from "./row-source.ts";
import type { ColumnReference, ColumnWindow, NumberReference, Reference, Window } from "./table-sketch.ts";

// A batch holds all columns that are read together.
const AT_ONCE = 24;

const isNumber = (kind: ColumnKind | undefined): kind is "number" | "moment" => kind === "number" || kind === "moment";

/** Counts a window. Columns that the reference lacks are named and not read; `phase` is its part of the week. */
export async function readWindow(source: RowSource, reference: Reference, phase?: number): Promise<Window> {
  const rows = await countRows(source);
  const known = new Map(reference.columns.map((column) => [column.name, column]));
  const alike = (column: SourceColumn): ColumnReference | undefined => {
    const own = known.get(column.name);
    return own && isNumber(own.kind) === isNumber(column.kind) && column.kind !== undefined ? own : undefined;
  };
  const columns = new Map<string, ColumnWindow>();
  for (const column of source.columns)
    if (known.has(column.name) && alike(column) === undefined)
      columns.set(column.name, await otherKind(source, column, known.get(column.name)!, rows));
  const numbers = source.columns.filter((column) => isNumber(column.kind) && alike(column));
  const coded = await readNumbers(source, numbers, reference, rows, columns);
  const categories = source.columns.filter((column) => !isNumber(column.kind) && alike(column));
  const read = await readCategories(source, categories, rows);
  for (const [place, column] of categories.entries()) {
    const { whole } = read[place]!;
    const among = known.get(column.name)!.whole.counts;
    const sketch =
      whole.counts === undefined && among instanceof Map ? await readAmong(source, column, among, rows) : whole;
    columns.set(column.name, { kind: column.kind as "boolean" | "category", sketch });
  }
  return {
    rows,
    columns,
    pairs: pairsOf(coded),
    ignored: source.columns.flatMap(({ name }) => (known.has(name) || reference.ignored.includes(name) ? [] : [name])),
    phase,
  };
}

async function readNumbers(
  source: RowSource,
  numbers: readonly SourceColumn[],
  reference: Reference,
  rows: number,
  into: Map<string, ColumnWindow>,
): Promise<readonly CodedColumn[]> {
  if (numbers.length === 0) return [];
  const known = new Map(reference.columns.map((column) => [column.name, column]));
  const paired = new Set(reference.pairs.flatMap(({ a, b }) => [a, b]));
  const coded: CodedColumn[] = [];
  const counters = numbers.map(({ name }): NumberCounter => {
    const { cells, whole } = known.get(name) as NumberReference;
    const codes = paired.has(name) ? new Uint16Array(rows) : undefined;
    if (codes) coded.push({ name, codes, counts: whole.counts });
    return numberCounter(cells, 1, codes);
  });
  for (let start = 0; start < numbers.length; start += AT_ONCE)
    for await (const batch of streamNumbers(source, numbers.slice(start, start + AT_ONCE)))
      for (const [place, column] of batch.columns.entries()) counters[start + place]!.add(column);
  for (const [place, { name, kind }] of numbers.entries())
    into.set(name, { kind: kind as "number" | "moment", sketch: counters[place]!.finish()[0]! });
  // In the reference's order, so that its pairs are found whichever way round the window has the columns.
  const order = new Map(reference.columns.map(({ name }, place) => [name, place]));
  return coded.sort((a, b) => order.get(a.name)! - order.get(b.name)!);
}

/** A column of another kind: where all of its values are missing, its type says nothing, and it is the nulls that are found. */
async function otherKind(
  { engine, relation }: RowSource,
  { name, kind }: SourceColumn,
  own: ColumnReference,
  rows: number,
): Promise<ColumnWindow> {
  const sql = `SELECT count(${engine.dialect.identifier(name)})::DOUBLE AS n FROM ${relation}`;
  let filled = 0;
  for await (const table of engine.stream(sql)) filled += Number(table.columns[0]?.values[0] ?? 0);
  if (filled > 0) return { kind: "other", found: kind, rows };
  if (isNumber(own.kind)) {
    const { counts } = (own as NumberReference).whole;
    return { kind: own.kind, sketch: { rows, missing: rows, counts: new Uint32Array(counts.length), mean: null } };
  }
  return { kind: own.kind, sketch: { rows, missing: rows, counts: new Map() } };
}
