// Counts categories value by value, some columns at a time; what has more values than can be held against each other is told by its nulls.

import type { CategorySketch } from "./column-sketch.ts";
import { MOST_VALUES, type RowSource, type SourceColumn, streamValues, type WindowCut } from "./row-source.ts";
import type { UncountedSketch } from "./table-sketch.ts";

/** What is known of a column: as a whole, and by window where there are windows. */
export interface CategoryCountsRead {
  readonly whole: CategorySketch | UncountedSketch;
  readonly windows: readonly (CategorySketch | UncountedSketch)[];
}

// Columns of one statement are grouped side by side, and each group-by has memory of its own.
const AT_ONCE = 8;

/** Counts the values of columns; one with too many has rows and nulls alone. */
export async function readCategories(
  source: RowSource,
  columns: readonly SourceColumn[],
  rows: number,
  cut?: WindowCut,
): Promise<readonly CategoryCountsRead[]> {
  const read: CategoryCountsRead[] = [];
  for (let start = 0; start < columns.length; start += AT_ONCE) {
    const some = columns.slice(start, start + AT_ONCE);
    const holders = some.map(() => holder(cut?.count ?? 1));
    for await (const { column, window, value, count } of streamValues(source, some, cut))
      holders[column]!.add(window, value, count);
    for (const [place, held] of holders.entries())
      read.push(held.isFull() ? await uncounted(source, some[place]!, rows, cut) : held.finish(cut !== undefined));
  }
  return read;
}

// At most so many values that the reference lacks are kept by name: those with so small a part of the rows.
const LEAST_PART = 1e-5;
const LEAST_ROWS = 3;

/** Counts a column of however many values among those of a reference; rare others are told by their number. */
export async function readAmong(
  source: RowSource,
  column: SourceColumn,
  known: ReadonlyMap<string, number>,
  rows: number,
): Promise<CategorySketch> {
  const counts = new Map<string, number>();
  let [missing, others, single] = [0, 0, 0];
  for await (const { value, count } of streamValues(source, [column], undefined, Number.POSITIVE_INFINITY)) {
    if (value === undefined) missing += count;
    else if (known.has(value) || count >= Math.max(LEAST_ROWS, LEAST_PART * rows)) counts.set(value, count);
    else {
      others += count;
      if (count === 1) single += 1;
    }
  }
  return { rows, missing, counts, beyond: { rows: others, single } };
}

interface Tally {
  rows: number;
  missing: number;
  readonly counts: Map<string, number>;
}

function holder(windowCount: number) {
  const tally = (): Tally => ({ rows: 0, missing: 0, counts: new Map() });
  const whole = tally();
  const windows = Array.from({ length: windowCount }, tally);
  let groups = 0;
  const into = (to: Tally, value: string | undefined, count: number): void => {
    to.rows += count;
    if (value === undefined) to.missing += count;
    else to.counts.set(value, (to.counts.get(value) ?? 0) + count);
  };
  return {
    add(window: number, value: string | undefined, count: number): void {
      groups += 1;
      into(whole, value, count);
      const own = windows[window];
      if (own) into(own, value, count);
    },
    isFull: () => groups > MOST_VALUES + 1,
    finish: (isCut: boolean): CategoryCountsRead => ({ whole, windows: isCut ? windows : [] }),
  };
}

async function uncounted(
  { engine, relation }: RowSource,
  { name }: SourceColumn,
  rows: number,
  cut?: WindowCut,
): Promise<CategoryCountsRead> {
  const window = cut === undefined ? "0" : `coalesce(${cut.index}, -1)::INTEGER`;
  const sql = `SELECT ${window} AS w, count(*)::DOUBLE AS n, (count(*) - count(${engine.dialect.identifier(name)}))::DOUBLE AS nulls FROM ${relation} GROUP BY 1`;
  const windows = Array.from(
    { length: cut?.count ?? 1 },
    (): UncountedSketch => ({ rows: 0, missing: 0, counts: undefined }),
  );
  let missing = 0;
  for await (const table of engine.stream(sql))
    for (let row = 0; row < table.rowCount; row += 1) {
      const [at, n, nulls] = table.columns.map(({ values }) => Number(values[row])) as [number, number, number];
      missing += nulls;
      if (at >= 0 && at < windows.length) windows[at] = { rows: n, missing: nulls, counts: undefined };
    }
  return { whole: { rows, missing, counts: undefined }, windows: cut === undefined ? [] : windows };
}
