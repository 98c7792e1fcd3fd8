// What is suspicious in a training set, read off its columns' statistics. Each finding has a code that stays the same, so
// that people can search for it and rules can be written on it, and says what was seen and which bound it passed.
// The bounds are wide on purpose: delays and distances have long tails, and a finding on every data set is read by nobody.

import { type DataType, isCategory } from "../core/core.ts";

/** One column's statistics; a number is null where there is no value to compute it from, as in text columns. */
export interface ColumnStatistics {
  readonly name: string;
  readonly type: DataType;
  /** What the column is for; the label has rules of its own. */
  readonly role?: "input" | "label";
  readonly rowCount: number;
  readonly nulls: number;
  /** Rows that are NaN; they are not nulls. */
  readonly nans: number;
  /** Different non-null values, at least about. */
  readonly distinct: number;
  /** Of the values that are neither null nor NaN, as are the rest; a bool counts as 0 and 1. */
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Standard deviation. */
  readonly sd: number | null;
  /** Quantiles: 0.01, 0.5 and 0.99. */
  readonly q01: number | null;
  readonly q50: number | null;
  readonly q99: number | null;
}

/** What each code means and how grave it is: an error makes a training set useless, a warning wants a look. */
export const findingCodes = {
  /** The table has no rows. */
  TABLE_EMPTY: "error",
  /** Every label is the same or null, so there is nothing to learn. */
  LABEL_CONSTANT: "error",
  /** Some rows have no label. */
  LABEL_HAS_NULLS: "warning",
  /** The rarer class is below 1 % of the rows. */
  LABEL_IMBALANCE: "warning",
  /** A column has no value at all. */
  COLUMN_ALL_NULL: "warning",
  /** A column lacks a value in at least half of the rows. */
  COLUMN_MOSTLY_NULL: "info",
  /** A column has one value only. */
  COLUMN_CONSTANT: "warning",
  /** A text column has a different value in nearly every row, so it names rows rather than describing them. */
  CATEGORY_NEARLY_UNIQUE: "warning",
  /** Some values are NaN: usually a division by zero upstream. */
  HAS_NAN: "warning",
  /** Some values are infinite. */
  HAS_INFINITY: "warning",
  /** The least or greatest value is so far outside that it is likelier an error of a sensor or a unit than a rare value. */
  VALUE_FAR_OUTSIDE: "warning",
  /** An input that alone tells the label: it was made from it, or becomes known only with it. */
  FEATURE_TELLS_LABEL: "warning",
  /** Features of a source without a time: every row sees today's values. */
  FEATURE_WITHOUT_TIME: "info",
  /** Rows to validate or test on that have the inputs and label of a training row. */
  ROWS_ON_BOTH_SIDES: "warning",
  /** Rows of one entity to learn from and to judge by, of a split that does not go by time. */
  ENTITY_ON_BOTH_SIDES: "warning",
  /** A time that is later than the row it is given with. */
  FEATURE_FROM_LATER: "warning",
} as const satisfies Readonly<Record<string, "info" | "warning" | "error">>;

/** A stable name for one kind of finding. */
export type FindingCode = keyof typeof findingCodes;

/** One suspicious thing about a training set. */
export interface QualityFinding {
  readonly code: FindingCode;
  readonly severity: "info" | "warning" | "error";
  /** The column; null for the table as a whole. */
  readonly column: string | null;
  /** What was seen and the bound that it passed. */
  readonly message: string;
}

/**
 * What is suspicious in a table, from its columns' statistics: in the columns' order, and for one column in the codes' order.
 *
 * The checks are those that Deequ, TFDV and Great Expectations have in common, with bounds that need no history.
 */
export function qualityFindings(columns: readonly ColumnStatistics[]): readonly QualityFinding[] {
  if (columns.every((column) => column.rowCount === 0)) return [finding("TABLE_EMPTY", null, "there are no rows.")];
  return columns.flatMap((column) => (column.role === "label" ? labelFindings(column) : inputFindings(column)));
}

function finding(code: FindingCode, column: string | null, message: string): QualityFinding {
  return { code, severity: findingCodes[code], column, message: `${column ?? "The table"}: ${message}` };
}

const LEAST_CLASS = 0.01;

function labelFindings(column: ColumnStatistics): readonly QualityFinding[] {
  const { name, rowCount, nulls, distinct, mean } = column;
  if (distinct < 2)
    return [finding("LABEL_CONSTANT", name, `${distinct} different labels in ${rowCount} rows, and 2 are needed.`)];
  const findings: QualityFinding[] = [];
  if (nulls > 0) findings.push(finding("LABEL_HAS_NULLS", name, `${nulls} of ${rowCount} labels are null.`));
  const rarer = column.type === "bool" && mean !== null ? Math.min(mean, 1 - mean) : 1;
  if (rarer < LEAST_CLASS)
    findings.push(
      finding("LABEL_IMBALANCE", name, `the rarer class is ${percent(rarer)} of rows, below ${percent(LEAST_CLASS)}.`),
    );
  // A label of numbers with a tail that no model follows is most often an error of a sensor or a unit.
  return [...findings, ...rangeFindings(column)];
}

const MOSTLY = 0.5;
const NEARLY_UNIQUE = 0.9;
/** Fewest rows whose shares and quantiles say anything. */
const LEAST_ROWS = 100;

function inputFindings(column: ColumnStatistics): readonly QualityFinding[] {
  const { name, type, rowCount, nulls, nans, distinct } = column;
  if (nulls >= rowCount) return [finding("COLUMN_ALL_NULL", name, `all ${rowCount} values are null.`)];
  const values = rowCount - nulls;
  const findings: QualityFinding[] = [];
  if (nulls / rowCount >= MOSTLY)
    findings.push(
      finding(
        "COLUMN_MOSTLY_NULL",
        name,
        `${percent(nulls / rowCount)} of values are null, at or above ${percent(MOSTLY)}.`,
      ),
    );
  if (distinct === 1 && values > 1)
    findings.push(
      finding("COLUMN_CONSTANT", name, `all ${values} values are the same, and 2 are needed to tell rows apart.`),
    );
  if (isCategory(type) && values >= LEAST_ROWS && distinct / values > NEARLY_UNIQUE)
    findings.push(
      finding(
        "CATEGORY_NEARLY_UNIQUE",
        name,
        `${distinct} different values in ${values} rows, above ${percent(NEARLY_UNIQUE)}.`,
      ),
    );
  if (nans > 0) findings.push(finding("HAS_NAN", name, `${nans} of ${rowCount} values are NaN, above 0.`));
  return [...findings, ...rangeFindings(column)];
}

const FAR_SPREADS = 20;

/**
 * Findings on the least and greatest value.
 *
 * The spread is the distance between the 0.01 and 0.99 quantiles, which no 1 % of errors can stretch; a value is far outside
 * when it lies more than 20 spreads from the median. An exponential tail needs e⁹² rows for that, a log-normal one (σ = 1)
 * 10⁷, flight delays reach 6.4 and hourly rain 9.3 spreads; a typing error or a wrong unit passes it at once.
 */
function rangeFindings(column: ColumnStatistics): readonly QualityFinding[] {
  const { name, type, min, max, q01, q50, q99 } = column;
  if (min === null || max === null || type === "timestamp" || type === "bool") return [];
  if (!Number.isFinite(min) || !Number.isFinite(max))
    return [finding("HAS_INFINITY", name, `values reach from ${min} to ${max}, and every value should be finite.`)];
  if (q01 === null || q50 === null || q99 === null || column.rowCount - column.nulls < LEAST_ROWS) return [];
  const reach = FAR_SPREADS * (q99 - q01);
  // Where 98 % of values are one value there is no spread to measure by, and rare events must not be taken for errors.
  if (!(reach > 0)) return [];
  const findings: QualityFinding[] = [];
  const outside = (which: string, value: number, bound: number): QualityFinding =>
    finding(
      "VALUE_FAR_OUTSIDE",
      name,
      `the ${which} value ${value} is ${which === "least" ? "below" : "above"} ${rounded(bound)}, which is ${FAR_SPREADS} times the ` +
        `central 98 % (${rounded(q01)} to ${rounded(q99)}) from the median ${rounded(q50)}.`,
    );
  if (min < q50 - reach) findings.push(outside("least", min, q50 - reach));
  if (max > q50 + reach) findings.push(outside("greatest", max, q50 + reach));
  return findings;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
