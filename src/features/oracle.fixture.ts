// What a feature view means, as a linear scan: written from the words of the design ("Meaning that holds on every engine"), not from
// the SQL or the online state, which the property tests hold against it. Slow and plain on purpose; only tests use it.

import { type ColumnSchema, kindOf, type Value } from "../core/core.ts";
import {
  type FeatureRule,
  type FeatureViewSpec,
  rowFunction,
  type SourceSpec,
  type WindowRule,
} from "../define/define.ts";

/** A source row by column name; a column that is left out is null. */
export type OracleRow = Readonly<Record<string, Value>>;

/** What is asked: keys in the entity's order, the time, and up to when anything may have become known (absent or null: t). */
export interface Question {
  readonly keys: readonly Value[];
  readonly t: bigint | null;
  readonly cutoff?: bigint | null;
}

interface Timed {
  readonly row: OracleRow;
  readonly event: bigint;
  readonly created: bigint;
  readonly known: bigint;
}

/** A view's features for one question, in the view's order. */
export function oracle(view: FeatureViewSpec, rows: readonly OracleRow[], question: Question): readonly Value[] {
  const { keys, t, cutoff } = question;
  const asked = t !== null && !keys.includes(null);
  const own = rows.filter((row) => view.keys.every(({ name }, index) => row[name] === keys[index]));
  const known = asked ? knownRows(view.source, own, t, cutoff ?? t) : [];
  return view.features.map(({ rule }) => (asked ? answer(view, rule, known, t) : nothing(rule)));
}

function nothing(rule: FeatureRule): Value {
  if (rule.kind !== "window") return null;
  if (rule.aggregate === "rate") return 0;
  return ["count", "countDistinct", "approxCountDistinct"].includes(rule.aggregate) ? 0n : null;
}

/** The rows that were known at `t` and at `cutoff`. Those of a static source always are. */
function knownRows(source: SourceSpec, rows: readonly OracleRow[], t: bigint, cutoff: bigint): readonly Timed[] {
  const { eventTime, createdAt } = source;
  if (eventTime === undefined) return rows.map((row) => ({ row, event: t, created: t, known: t }));
  return rows.flatMap((row) => {
    const event = row[eventTime] as bigint | null;
    if (event === null) return [];
    const created = ((createdAt === undefined ? null : row[createdAt]) as bigint | null) ?? event;
    const known = event > created ? event : created;
    return known <= t && known <= cutoff ? [{ row, event, created, known }] : [];
  });
}

function answer(view: FeatureViewSpec, rule: FeatureRule, known: readonly Timed[], t: bigint): Value {
  if (rule.kind === "window") return aggregated(view.source.columns, rule, known, t);
  const { ttl, source } = view;
  const isStatic = source.eventTime === undefined;
  const qualifying = known.filter(({ event }) => isStatic || ttl === undefined || event >= t - ttl);
  const [first, ...others] = qualifying;
  if (!first) return null;
  const newest = others.reduce((best, each) => (beats(source.columns, each, best) ? each : best), first);
  return rule.kind === "age" ? (t - newest.event) / rule.unit : evaluated(rule.value, newest.row);
}

type Node = Parameters<typeof rowFunction>[0];

function evaluated(node: Node, row: OracleRow): Value {
  return rowFunction<OracleRow>(node, (leaf) => (one) => one[leaf.name] ?? null)(row);
}

function beats(columns: readonly ColumnSchema[], a: Timed, b: Timed): boolean {
  if (a.event !== b.event) return a.event > b.event;
  if (a.created !== b.created) return a.created > b.created;
  for (const { name } of columns) {
    const order = compare(a.row[name] ?? null, b.row[name] ?? null);
    if (order !== 0) return order > 0;
  }
  return false;
}

/** Null least, NaN greatest, text by code points (which is the order of its UTF-8 bytes). */
function compare(a: Value, b: Value): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array);
  if (typeof a === "object") return compareInside(Object.values(a), Object.values(b));
  if (typeof a === "string") return Buffer.compare(Buffer.from(a), Buffer.from(String(b)));
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Element by element, then by length; inside a list or struct, null is greatest. */
function compareInside(a: readonly Value[], b: readonly Value[]): number {
  for (const [index, left] of a.entries()) {
    if (index >= b.length) return 1;
    const right = b[index] ?? null;
    const order =
      left === null || right === null ? Number(left === null) - Number(right === null) : compare(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

const MINUTE = 60_000_000n;
const HOUR = 60n * MINUTE;
const DAY = 24n * HOUR;

/** The start of a window: t - window, rounded down to 5 minutes under 12 hours, to an hour under 12 days, to a day from there on. */
export function tailOf(t: bigint, window: bigint): bigint {
  const hop = window < 12n * HOUR ? 5n * MINUTE : window < 12n * DAY ? HOUR : DAY;
  let tail = ((t - window) / hop) * hop;
  while (tail > t - window) tail -= hop;
  return tail;
}

function aggregated(columns: readonly ColumnSchema[], rule: WindowRule, known: readonly Timed[], t: bigint): Value {
  const { value, aggregate, where, unit = 1n } = rule;
  const tail = tailOf(t, rule.window);
  const events = known.filter(
    ({ event, row }) => event >= tail && event < t && (where === undefined || evaluated(where, row) === true),
  );
  if (aggregate === "rate") return events.length / (Number(t - tail) / Number(unit));
  if (aggregate === "timeSinceLast")
    return events.length === 0
      ? null
      : (t - events.reduce((most, { event }) => (event > most ? event : most), tail)) / unit;
  if (value === undefined) return BigInt(events.length);
  if (aggregate === "first" || aggregate === "last" || aggregate === "lastK") {
    const sign = aggregate === "first" ? -1 : 1;
    const ordered = events
      .filter((each) => evaluated(value, each.row) !== null)
      .sort((a, b) => sign * (Number(beats(columns, b, a)) - Number(beats(columns, a, b))))
      .map(({ row }) => evaluated(value, row));
    if (ordered.length === 0) return null;
    return aggregate === "lastK" ? ordered.slice(0, rule.size) : (ordered[0] ?? null);
  }
  const values = events.map(({ row }) => evaluated(value, row)).filter((each) => each !== null);
  if (aggregate === "count") return BigInt(values.length);
  if (aggregate === "countDistinct" || aggregate === "approxCountDistinct")
    return BigInt(values.filter((each, at) => values.findIndex((one) => compare(one, each) === 0) === at).length);
  if (values.length === 0) return null;
  switch (aggregate) {
    case "share":
      return values.filter((each) => each === true).length / values.length;
    case "min":
      return values.reduce((best, each) => (compare(each, best) < 0 ? each : best));
    case "max":
      return values.reduce((best, each) => (compare(each, best) > 0 ? each : best));
    case "mean":
      return Number(total(value, values)) / (values.length * 10 ** scaleOf(value));
    case "sum": {
      const sum = total(value, values);
      if (kindOf(value.type) === "decimal") return String(sum).replace("-", "").length <= 18 ? sum : null;
      return typeof sum === "bigint" && BigInt.asIntN(64, sum) !== sum ? null : sum;
    }
    case "variance":
      return varianceOf(value, values);
    case "stddev": {
      const variance = varianceOf(value, values);
      return variance === null ? null : Math.sqrt(variance);
    }
    case "topK": {
      const counts: { readonly item: Value; count: number }[] = [];
      for (const each of values) {
        const entry = counts.find(({ item }) => compare(item, each) === 0);
        if (entry) entry.count += 1;
        else counts.push({ item: each, count: 1 });
      }
      const ordered = counts.sort((a, b) => b.count - a.count || compare(a.item, b.item));
      return ordered.slice(0, rule.size).map(({ item }) => item);
    }
    case "quantile":
      // The exact one; agrees() allows the sketch its error.
      return (
        Number(values.map(Number).sort(compare)[Math.floor((rule.rank ?? 0) * (values.length - 1))]) /
        10 ** scaleOf(value)
      );
    default:
      return aggregate satisfies never;
  }
}

/** The sample variance, worked out in whole numbers: exactly for whole numbers, else every float64 is a whole number of 2^-1074. */
function varianceOf(node: Node, values: readonly Value[]): number | null {
  const n = BigInt(values.length);
  if (n < 2n) return null;
  const top = (units: readonly bigint[]): bigint =>
    n * units.reduce((all, each) => all + each * each, 0n) - units.reduce((all, each) => all + each, 0n) ** 2n;
  const under = n * (n - 1n);
  if (node.type === "int32") return Number(top(values.map((each) => BigInt(each as number)))) / Number(under);
  const floats = values.map((each) => Number(each) / 10 ** scaleOf(node));
  if (floats.some((each) => !(Math.abs(each) < 1e140))) return Number.NaN;
  const squares = top(
    floats.map((each) => {
      let [whole, halvings] = [each, 0n];
      for (; !Number.isInteger(whole); halvings += 1n) whole *= 2;
      return BigInt(whole) << (1074n - halvings);
    }),
  );
  // 100 bits of the quotient, so that cutting the rest off is nothing beside rounding to a float64.
  const shift = 100 + under.toString(2).length - squares.toString(2).length;
  const quotient = shift > 0 ? (squares << BigInt(shift)) / under : squares / (under << BigInt(-shift));
  return Number(quotient) * 2 ** -(shift + 2148);
}

const scaleOf = ({ type }: Node): number => (typeof type === "object" && type.kind === "decimal" ? type.scale : 0);
const isFloat = ({ type }: Node): boolean => type === "float32" || type === "float64";

function total(node: Node, values: readonly Value[]): bigint | number {
  if (isFloat(node)) return values.reduce<number>((sum, each) => sum + Number(each), 0);
  return values.reduce<bigint>((sum, each) => sum + BigInt(each as bigint | number), 0n);
}

function isSame(a: Value | undefined, b: Value | undefined): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
    return Object.is(a, b) || (a === 0 && b === 0);
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return (
    left.length === right.length &&
    left.every(([name, value], at) => right[at]?.[0] === name && isSame(value, right[at]?.[1]))
  );
}

/**
 * Whether a value is the one expected: what is added up in float64 within 1e-12 of it, quantiles within their bucket, everything else exactly;
 * -0 is 0. Few values are never estimated wrong: counted by sketch, they are exact too.
 */
export function agrees({ rule }: { readonly rule: FeatureRule }, actual: Value | undefined, expected: Value): boolean {
  if (isSame(actual, expected)) return true;
  if (rule.kind === "window" && rule.aggregate === "quantile" && typeof actual === "number")
    return Math.abs(actual - Number(expected)) <= Math.abs(Number(expected)) / 128;
  if (!dependsOnOrder(rule) || typeof actual !== "number" || typeof expected !== "number") return false;
  return Math.abs(actual - expected) <= 1e-12 * Math.abs(expected);
}

/** Whether a rule's last bits depend on the order of addition. */
function dependsOnOrder(rule: FeatureRule): boolean {
  if (rule.kind !== "window" || rule.value === undefined) return false;
  const { aggregate, value } = rule;
  const isSpread = aggregate === "variance" || aggregate === "stddev";
  return isSpread ? value.type !== "int32" : (aggregate === "sum" || aggregate === "mean") && isFloat(value);
}
