// Where a change is: of the rows with one value of a categorical column, how far a drifted column has moved among them. These are examples,
// chosen after the fact among many, and prove nothing by themselves.

import type { ColumnVerdict } from "../monitoring/monitoring.ts";
import type { ComparedWindow } from "./drift-files.ts";

/** Rows of one value of another column, among which a column has moved. */
export interface DriftSegment {
  readonly column: string;
  readonly segment: string;
  readonly rows: number;
  /** The mean before and now: of the column's numbers, or of the share that its finding is about. */
  readonly from: number;
  readonly to: number;
  /** How far apart, in standard deviations of the segment's rows. */
  readonly effect: number;
}

const MOST_VALUES = 50;
const MOST_BY = 6;
const LEAST_ROWS = 20;
const SHOWN = 5;

/** The segments in which a drifted column has moved most surely, most first; none where there is no column to cut by. */
export async function driftSegments(compared: ComparedWindow, column: ColumnVerdict): Promise<readonly DriftSegment[]> {
  const { reference, referenceRows, windowRows, window } = compared;
  if (referenceRows === undefined) return [];
  const { dialect } = referenceRows.engine;
  const measure = measureOf(compared, column, dialect);
  if (measure === undefined) return [];
  const by = reference.columns.filter(
    ({ name, kind, whole }) =>
      name !== column.name &&
      (kind === "boolean" || kind === "category") &&
      whole.counts instanceof Map &&
      whole.counts.size > 1 &&
      whole.counts.size <= MOST_VALUES &&
      window.columns.has(name),
  );
  const segments: (DriftSegment & { readonly weight: number })[] = [];
  for (const { name } of by.slice(0, MOST_BY)) {
    const read = (rows: Rows) => readSegments(rows, dialect.identifier(name), measure);
    const [before, now] = [await read(referenceRows), await read(windowRows)];
    for (const [value, after] of now) {
      const then = before.get(value);
      if (then === undefined || then.rows < LEAST_ROWS || after.rows < LEAST_ROWS) continue;
      const spread = Math.sqrt((then.rows * then.variance + after.rows * after.variance) / (then.rows + after.rows));
      if (!(spread > 0)) continue;
      const effect = (after.mean - then.mean) / spread;
      const weight = Math.abs(effect) / Math.sqrt(1 / then.rows + 1 / after.rows);
      segments.push({
        column: name,
        segment: value,
        rows: after.rows,
        from: then.mean,
        to: after.mean,
        effect,
        weight,
      });
    }
  }
  const order = (a: DriftSegment, b: DriftSegment): number =>
    `${a.column} ${a.segment}` < `${b.column} ${b.segment}` ? -1 : 1;
  return segments
    .sort((a, b) => b.weight - a.weight || order(a, b))
    .slice(0, SHOWN)
    .map(({ weight: _, ...segment }) => segment);
}

type Rows = ComparedWindow["windowRows"];
type Dialect = Rows["engine"]["dialect"];

/** SQL of what has moved, as a number of each row. */
function measureOf(
  { reference }: ComparedWindow,
  { name, statistic, of }: ColumnVerdict,
  dialect: Dialect,
): string | undefined {
  const column = dialect.identifier(name);
  const isNumber = reference.columns.find((each) => each.name === name)?.kind === "number";
  if (statistic === "missingColumn" || statistic === "changedType" || statistic === "none") return undefined;
  if (statistic === "nulls")
    return `(${column} IS NULL OR ${isNumber ? `isnan(${column}::DOUBLE)` : "false"})::INTEGER::DOUBLE`;
  if (of !== undefined) return `(${column}::VARCHAR = ${dialect.text(of)})::INTEGER::DOUBLE`;
  return isNumber ? `CASE WHEN isfinite(${column}::DOUBLE) THEN ${column}::DOUBLE END` : undefined;
}

async function readSegments({ engine, relation }: Rows, by: string, measure: string) {
  const found = new Map<string, { readonly rows: number; readonly mean: number; readonly variance: number }>();
  const sql = `SELECT s, count(x)::DOUBLE, avg(x), var_pop(x) FROM (SELECT ${by}::VARCHAR AS s, ${measure} AS x FROM ${relation}) WHERE s IS NOT NULL AND x IS NOT NULL GROUP BY s LIMIT ${10 * MOST_VALUES}`;
  for await (const table of engine.stream(sql))
    for (let row = 0; row < table.rowCount; row += 1) {
      const [segment, rows, mean, variance] = table.columns.map(({ values }) => values[row]);
      found.set(String(segment), { rows: Number(rows), mean: Number(mean), variance: Number(variance) });
    }
  return found;
}
