// How answers move when one input moves and the others stay: for single rows (individual conditional expectation, Goldstein et al. 2015) and on average
// (partial dependence, Friedman 2001, section 8.2). Where inputs go together it also asks of rows that there are not.

import { type AskedOutput, answersOf, type ExplainedModel } from "./model.ts";
import {
  type Cell,
  cellAt,
  type ExplainedColumn,
  type ExplainedRows,
  takeRows,
  withCells,
  withColumn,
} from "./rows.ts";

/** What answers do as one input goes through its values. */
export interface PartialDependence {
  readonly input: string;
  readonly isNumber: boolean;
  /** Ascending numbers, or categories, the most frequent first. */
  readonly values: readonly Cell[];
  /** The mean answer at each value. */
  readonly mean: readonly number[];
  /** The answers of some single rows at each value. */
  readonly curves: readonly (readonly number[])[];
}

/** The dependence on one column; undefined where it has fewer than two values. `points` is how many values of it are tried, `curves` how many rows are told. */
export async function partialDependence(
  model: ExplainedModel,
  rows: ExplainedRows,
  input: string,
  output: AskedOutput,
  { points, curves }: { readonly points: number; readonly curves: number },
): Promise<PartialDependence | undefined> {
  const place = rows.columns.findIndex(({ name }) => name === input);
  const column = rows.columns[place];
  if (column === undefined || column.kind === "other") return undefined;
  const values = typicalCells(column, points);
  if (values.length < 2) return undefined;
  const mean: number[] = [];
  const lines = Array.from({ length: Math.min(curves, rows.count) }, (): number[] => []);
  for (const value of values) {
    const moved = withColumn(rows, place, withCells(column, new Array<Cell>(rows.count).fill(value)));
    // What is computed from the input goes along with it.
    const asked = model.computed?.has(input) === true ? moved : (model.settled?.(moved) ?? moved);
    const answers = await answersOf(model, asked, output);
    mean.push(answers.reduce((sum, each) => sum + each, 0) / rows.count);
    for (const [row, line] of lines.entries()) line.push(answers[row] ?? Number.NaN);
  }
  return { input, isNumber: column.kind === "number", values, mean, curves: lines };
}

/** Values that stand for a column: quantiles of numbers, ascending, or the most frequent categories. Missing ones are left out. */
export function typicalCells(column: ExplainedColumn, most: number): readonly Cell[] {
  if (column.kind === "number") {
    const sorted = column.values.filter((value) => !Number.isNaN(value)).sort();
    const different = [...new Set(sorted)];
    if (different.length <= most) return different;
    const last = sorted.length - 1;
    return [...new Set(Array.from({ length: most }, (_, step) => sorted[Math.round((step / (most - 1)) * last)] ?? 0))];
  }
  return frequencies(column)
    .filter(([cell]) => cell !== null)
    .slice(0, most)
    .map(([cell]) => cell);
}

/** The different values of a column with how often each comes, the most frequent first. */
export function frequencies(column: ExplainedColumn): readonly (readonly [Cell, number])[] {
  const counts = new Map<Cell, number>();
  for (let row = 0; row < column.values.length; row += 1) {
    const cell = cellAt(column, row);
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  return [...counts].sort(([a, one], [b, other]) => other - one || (String(a) < String(b) ? -1 : 1));
}

/** The first rows. */
export function firstRows(rows: ExplainedRows, most: number): ExplainedRows {
  return rows.count <= most
    ? rows
    : takeRows(
        rows,
        Array.from({ length: most }, (_, row) => row),
      );
}
