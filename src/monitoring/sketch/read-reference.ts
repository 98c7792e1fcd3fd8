// Reads what windows are held against. Columns of numbers are read some at a time, since their cells are cut from all of their values: as
// many as keep within a budget of memory, whatever the number of columns.

import { isValid } from "../../core/core.ts";
import { cutCells } from "./number-cells.ts";
import { numberCounter } from "./number-counter.ts";
import { type CodedColumn, pairedColumns, pairsOf } from "./pair-codes.ts";
import { readCategories } from "./read-categories.ts";
import { countRows, type RowSource, type SourceColumn, streamNumbers, type WindowCut } from "./row-source.ts";
import type { ColumnReference, NumberReference, Reference } from "./table-sketch.ts";

const VALUES_AT_ONCE = 2e6;

/** A history: how it is cut, and which part of the week each window is. */
export interface HistoryCut extends WindowCut {
  readonly phases: readonly number[];
}

/** Counts a reference; with `history`, each of its windows as well, and then no pairs. */
export async function readReference(source: RowSource, history?: HistoryCut): Promise<Reference> {
  const rows = await countRows(source);
  const numbers = source.columns.filter(({ kind }) => kind === "number" || kind === "moment");
  const categories = source.columns.filter(({ kind }) => kind === "boolean" || kind === "category");
  const paired = history === undefined ? pairedColumns(numbers.length, rows) : 0;
  const read = new Map<string, ColumnReference>();
  const coded: CodedColumn[] = [];
  const atOnce = Math.max(1, Math.floor(VALUES_AT_ONCE / Math.max(1, rows)));
  for (let start = 0; start < numbers.length; start += atOnce) {
    const some = numbers.slice(start, start + atOnce);
    const { values, windows } = await readValues(source, some, rows, history);
    for (const [place, column] of some.entries()) {
      const codes = start + place < paired ? new Uint16Array(rows) : undefined;
      const reference = counted(column, values[place]!, windows, history?.count, codes);
      read.set(column.name, reference);
      if (codes) coded.push({ name: column.name, codes, counts: reference.whole.counts });
    }
  }
  const found = await readCategories(source, categories, rows, history);
  for (const [place, { name, kind }] of categories.entries()) {
    const { whole, windows } = found[place]!;
    read.set(name, { name, kind: kind as "boolean" | "category", whole, ...(history ? { past: windows } : {}) });
  }
  return {
    rows,
    columns: source.columns.flatMap(({ name }) => read.get(name) ?? []),
    pairs: pairsOf(coded),
    ignored: source.columns.flatMap(({ name, kind }) => (kind === undefined ? [name] : [])),
    phases: history?.phases,
  };
}

async function readValues(
  source: RowSource,
  columns: readonly SourceColumn[],
  rows: number,
  cut: WindowCut | undefined,
): Promise<{ values: readonly Float64Array[]; windows: Int32Array | undefined }> {
  const values = columns.map(() => new Float64Array(rows));
  const windows = cut === undefined ? undefined : new Int32Array(rows);
  let at = 0;
  for await (const batch of streamNumbers(source, columns, cut)) {
    for (const [place, column] of batch.columns.entries()) {
      const into = values[place]!;
      into.set(column.values, at);
      if (column.validity !== undefined)
        for (let row = 0; row < batch.rowCount; row += 1) if (!isValid(column, row)) into[at + row] = Number.NaN;
    }
    if (windows && batch.windows) windows.set(batch.windows, at);
    at += batch.rowCount;
  }
  return { values, windows };
}

function counted(
  { name, kind }: SourceColumn,
  values: Float64Array,
  windows: Int32Array | undefined,
  windowCount: number | undefined,
  codes: Uint16Array | undefined,
): NumberReference {
  const cells = cutCells(values);
  const column = { name, type: "float64", values } as const;
  const counter = numberCounter(cells, 1, codes);
  counter.add(column);
  const own = { name, kind: kind as "number" | "moment", cells, whole: counter.finish()[0]! };
  if (windowCount === undefined) return own;
  const byWindow = numberCounter(cells, windowCount);
  byWindow.add(column, windows);
  return { ...own, past: byWindow.finish() };
}
