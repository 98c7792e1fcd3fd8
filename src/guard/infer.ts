// Expectations out of figures. What is proposed is what held in the rows that were looked at, with room for what chance would still bring: no
// null in n rows means fewer than 3 in n at 95 % (the rule of three); a set is proposed only where no value is new or rare; a range leaves
// out what lies far outside rather than reaching for it, and says so.

import { type Duration, days, formatDuration, hours } from "../core/core.ts";
import { type ColumnFigures, FAR_SPREADS, MOST_VALUES, type RangeFigures, type TableFigures } from "./figures.ts";
import { patternOf } from "./shapes.ts";

/** One proposed expectation. */
export interface Proposal {
  /** The column or feature; null for one about all rows. */
  readonly column: string | null;
  /** As TypeScript, ready for `expect`. */
  readonly code: string;
  /** What it rests on. */
  readonly why: string;
  /** Rows looked at that fail it already. */
  readonly failing: number;
}

/** Fewer rows than this say too little. */
export const LEAST_ROWS = 100;

/** What a table's columns can be expected to be. */
export function columnProposals({ rows, columns }: TableFigures): readonly Proposal[] {
  if (rows < LEAST_ROWS) return [];
  return columns.flatMap((column) => [
    ...presence(column, rows),
    ...(column.range ? range(column, column.range) : []),
    ...text(column, rows),
  ]);
}

const number = (value: number): string => value.toLocaleString("en");
const quoted = (value: string): string => JSON.stringify(value);

function presence({ name, optional, nulls }: ColumnFigures, rows: number): readonly Proposal[] {
  if (!optional || nulls > 0) return [];
  const bound = percent(3 / rows);
  const why = `no null in ${number(rows)} rows: fewer than ${bound} at 95 % confidence`;
  return [{ column: name, code: `notNull(${quoted(name)})`, why, failing: 0 }];
}

function range({ name, type, distinct }: ColumnFigures, found: RangeFigures): readonly Proposal[] {
  const { values, q01, q99, least, greatest, outside, examples } = found;
  if (values < LEAST_ROWS || distinct < 3) return [];
  const spread = q99 - q01 || greatest - least;
  if (!(spread > 0)) return [];
  // Half as far again beyond the central 98 % as anything was seen, rounded outward.
  const step = 10 ** Math.floor(Math.log10(spread)) / 2;
  const whole = type === "int32" || type === "int64";
  const rounding = whole ? Math.max(1, step) : step;
  const low = Math.floor((least - (q01 - least) / 2) / rounding) * rounding;
  const high = Math.ceil((greatest + (greatest - q99) / 2) / rounding) * rounding;
  const from = least >= 0 ? Math.max(0, low) : low;
  // Parts of a whole stay parts.
  const to = type === "float64" && least >= 0 && greatest <= 1 ? Math.min(1, high) : high;
  const code = `between(${quoted(name)}, ${decimal(from)}, ${decimal(to)})`;
  const central = `1 % to 99 %: ${short(q01)} to ${short(q99)}, all: ${short(least)} to ${short(greatest)}`;
  const shown = `${examples.map(decimal).join(", ")}${outside > examples.length ? ", …" : ""}`;
  const why =
    outside === 0
      ? central
      : `fails for ${number(outside)} of ${number(values)} values, more than ${FAR_SPREADS} times the central 98 % from the median: ${shown}; ${central}, without them`;
  return [{ column: name, code, why, failing: outside }];
}

function text({ name, nulls, text: found }: ColumnFigures, rows: number): readonly Proposal[] {
  const values = rows - nulls;
  if (!found || values < LEAST_ROWS) return [];
  const seen = found.values;
  const isStable = seen.length > 0 && seen.every(({ count, first }) => count > 1 && first <= rows * LATEST_NEW);
  if (isStable && found.distinct <= MOST_VALUES) {
    const listed = seen.map(({ value }) => value).sort();
    const rarest = Math.min(...seen.map(({ count }) => count));
    const why = `${listed.length} values in ${number(values)} rows, the rarest ${number(rarest)} times, none new in the last ${percent(1 - LATEST_NEW)}`;
    return [{ column: name, code: `oneOf(${quoted(name)}, ${JSON.stringify(listed)})`, why, failing: 0 }];
  }
  const pattern = patternOf(found.shapes);
  if (pattern === undefined) return [];
  const why = `every one of ${number(values)} values, in ${found.shapes.length} shapes`;
  return [{ column: name, code: `matches(${quoted(name)}, /${pattern}/)`, why, failing: 0 }];
}

/** A value first seen after this part of the rows says that more are to come. */
const LATEST_NEW = 0.8;

/** How rows became known one after the other. */
export interface ArrivalFigures {
  readonly moments: number;
  /** The longest time in which nothing became known. */
  readonly longestGap: Duration;
}

/** How fresh a source can be expected to be. */
export function freshness({ moments, longestGap }: ArrivalFigures): readonly Proposal[] {
  if (moments < LEAST_ROWS || longestGap <= 0n) return [];
  const steps = [
    hours(1),
    hours(2),
    hours(3),
    hours(6),
    hours(12),
    days(1),
    days(2),
    days(3),
    days(7),
    days(14),
    days(30),
    days(90),
  ];
  const within = steps.find((step) => step >= longestGap + longestGap / 2n);
  if (within === undefined) return [];
  const isDays = within % days(1) === 0n;
  const code = `freshWithin(${isDays ? `days(${within / days(1)})` : `hours(${within / hours(1)})`})`;
  return [{ column: null, code, why: `rows became known at most ${roughly(longestGap)} apart`, failing: 0 }];
}

/** How many rows each whole day had, oldest first. */
export function dailyCounts(counts: readonly number[], of = 7): readonly Proposal[] {
  if (counts.length < 2 * of) return [];
  const away = counts.slice(of).map((count, index) => {
    const before = [...counts.slice(index, index + of)].sort((a, b) => a - b);
    const median = before[of >> 1] ?? 0;
    return median === 0 ? Number.POSITIVE_INFINITY : Math.abs(count - median) / median;
  });
  const worst = Math.max(...away);
  const within = Math.ceil((worst * 1.25 + 0.01) * 20) / 20;
  if (!(within <= 0.95)) return [];
  const why = `each of ${counts.length - of} days was at most ${percent(worst)} away from the median of the ${of} before`;
  return [{ column: null, code: `rowCount({ within: ${within}, of: ${of}, per: days(1) })`, why, failing: 0 }];
}

/** Columns whose values name a row together. */
export function uniqueness(columns: readonly string[], rows: number): Proposal {
  const why = `${number(rows)} rows, no two alike`;
  return { column: null, code: `unique(${JSON.stringify(columns)})`, why, failing: 0 };
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

/** A number with as many digits as it needs, and no more than twelve. */
function decimal(value: number): string {
  return String(Number(value.toPrecision(12)));
}

/** A number as people read it. */
function short(value: number): string {
  return String(Number(value.toPrecision(5)));
}

function roughly(duration: Duration): string {
  const unit = duration >= days(2) ? days(1) : duration >= hours(2) ? hours(1) : 60_000_000n;
  return formatDuration(((duration + unit - 1n) / unit) * unit);
}
