// What a feature view may compute from a source's rows: the newest row's values, its age, and aggregates over windows. An aggregate
// is a value without a window yet: `where` narrows it, `over` gives it one window or several.

import {
  type DataType,
  type DecimalType,
  type Duration,
  formatDuration,
  isDecimal,
  isFloat,
  isList,
  isNumeric,
  isStruct,
  type ListType,
  type NumericType,
  type ScalarType,
  SlipwayError,
  typeText,
} from "../core/core.ts";
import type { Expression } from "./expression.ts";
import type { AggregateOperator, FeatureDefinition, WindowRule } from "./feature-rule.ts";

/** Windows by the names of the features they make. */
export type Windows = Readonly<Record<string, Duration>>;

/** An aggregate that still needs its window. */
export interface Aggregate<T extends DataType> {
  /** Looks only at events for which `condition` is true; false and null are left out. Several narrow further. */
  where(condition: Expression<"bool">): Aggregate<T>;
  /** Over the events in [floor(t − window, hop), t): hop 5 min under 12 h, 1 h under 12 d, else 1 d. */
  over(window: Duration): FeatureDefinition<T>;
  /** Over several windows at once, to be spread among the features: `...count().over({ rides_1h: hours(1), rides_7d: days(7) })`. */
  over<const W extends Windows>(windows: W): { readonly [N in keyof W]: FeatureDefinition<T> };
}

/** The types whose values can be told apart and counted. */
type CountedType = ScalarType | DecimalType;

type Plan = Omit<WindowRule, "kind" | "window">;

function aggregate<T extends DataType>(type: T, plan: Plan): Aggregate<T> {
  const over = (window: Duration): FeatureDefinition<T> => {
    if (window <= 0n)
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `${plan.aggregate} over ${formatDuration(window)}: use a window above zero.`,
      );
    return { type, rule: { kind: "window", ...plan, window } };
  };
  return {
    where(condition) {
      if (condition.type !== "bool")
        throw new SlipwayError(
          "DEFINITION_INVALID",
          `${plan.aggregate}.where() needs a condition, not ${typeText(condition.type)}.`,
        );
      const { where } = plan;
      const both = where && ({ kind: "call", operator: "and", args: [where, condition.node], type: "bool" } as const);
      return aggregate(type, { ...plan, where: both ?? condition.node });
    },
    over: ((windows: Duration | Windows) =>
      typeof windows === "bigint"
        ? over(windows)
        : Object.fromEntries(
            Object.entries(windows).map(([name, window]) => [name, over(window)]),
          )) as Aggregate<T>["over"],
  };
}

const isAdded = (type: DataType): boolean => isNumeric(type) || isDecimal(type);
const isOrdered = (type: DataType): boolean => isAdded(type) || type === "timestamp" || type === "date";

/** The types that an aggregate has a meaning for; any type where it is left out. Definitions are also loaded without a compiler's check. */
const accepts: Partial<Readonly<Record<AggregateOperator, (type: DataType) => boolean>>> = {
  sum: isAdded,
  mean: isAdded,
  variance: isAdded,
  stddev: isAdded,
  quantile: isAdded,
  share: (type) => type === "bool",
  min: isOrdered,
  max: isOrdered,
};

function acceptable(operator: AggregateOperator, value: Expression): Expression {
  if (accepts[operator]?.(value.type) === false)
    throw new SlipwayError("DEFINITION_INVALID", `${operator}() does not work on a ${typeText(value.type)} value.`);
  return value;
}

const ofValue = <T extends DataType>(operator: AggregateOperator, type: T, value?: Expression): Aggregate<T> =>
  aggregate(type, { aggregate: operator, ...(value === undefined ? {} : { value: acceptable(operator, value).node }) });

function inUnits<T extends DataType>(operator: AggregateOperator, type: T, unit: Duration): Aggregate<T> {
  if (unit <= 0n)
    throw new SlipwayError("DEFINITION_INVALID", `${operator}() needs a unit above zero, such as minutes(1).`);
  return aggregate(type, { aggregate: operator, unit });
}

/** Events in the window, or with an expression those where it is not null; 0 when empty. */
export const count = (value?: Expression): Aggregate<"int64"> => ofValue("count", "int64", value);

/**
 * The sum of non-null values, null when there are none. Exact for whole numbers (null outside 64 bits) and for decimals (of the same scale and
 * 18 digits, null beyond); the float64 values of float32.
 */
export const sum = <T extends NumericType | DecimalType>(
  value: Expression<T>,
): Aggregate<T extends DecimalType ? DecimalType : T extends "float32" | "float64" ? "float64" : "int64"> =>
  ofValue("sum", sumType(value.type) as never, value);

function sumType(type: DataType): DataType {
  if (isDecimal(type)) return { kind: "decimal", precision: 18, scale: type.scale };
  return isFloat(type) ? "float64" : "int64";
}

/** The sum of non-null values over their number; null when there are none. */
export const mean = <T extends NumericType | DecimalType>(value: Expression<T>): Aggregate<"float64"> =>
  ofValue("mean", "float64", value);

/** The part of non-null conditions that are true, 0 to 1; null when there are none. */
export const share = (condition: Expression<"bool">): Aggregate<"float64"> => ofValue("share", "float64", condition);

/** The least non-null value; NaN counts as greatest. */
export const min = <T extends NumericType | DecimalType | "timestamp" | "date">(value: Expression<T>): Aggregate<T> =>
  ofValue("min", value.type, value);

/** The greatest non-null value; NaN counts as greatest. */
export const max = <T extends NumericType | DecimalType | "timestamp" | "date">(value: Expression<T>): Aggregate<T> =>
  ofValue("max", value.type, value);

/**
 * The sample variance (over n − 1) of non-null values; null when there are fewer than two. Exact sums for int32; int64 and decimals are
 * rounded to float64 first. A value that is NaN or 1e140 or more in size makes it NaN.
 */
export const variance = <T extends NumericType | DecimalType>(value: Expression<T>): Aggregate<"float64"> =>
  ofValue("variance", "float64", value);

/** The square root of {@link variance}. */
export const stddev = <T extends NumericType | DecimalType>(value: Expression<T>): Aggregate<"float64"> =>
  ofValue("stddev", "float64", value);

/** The value of the window's first event where it is not null: by event time, then created, then the least row, as `latest` orders them. */
export const first = <T extends DataType>(value: Expression<T>): Aggregate<T> => ofValue("first", value.type, value);

/** The value of the window's last event where it is not null: by event time, then created, then the greatest row. */
export const last = <T extends DataType>(value: Expression<T>): Aggregate<T> => ofValue("last", value.type, value);

/** The non-null values of the window's last `size` events, newest first, in the order of {@link last}; null when there are none. */
export const lastK = <T extends DataType>(value: Expression<T>, size: number): Aggregate<ListType<T>> =>
  listOf("lastK", value, size);

/**
 * The `size` most frequent non-null values, most frequent first, the lesser of two equally frequent ones first (NaN greatest, -0 is 0); null
 * when there are none. Exact: online it counts each value per tile.
 */
export const topK = <T extends CountedType>(value: Expression<T>, size: number): Aggregate<ListType<T>> =>
  listOf("topK", counted("topK", value), size);

/** The most values that a list of an aggregate may have. */
const LONGEST_LIST = 1000;

function listOf<T extends DataType>(
  operator: AggregateOperator,
  value: Expression<T>,
  size: number,
): Aggregate<ListType<T>> {
  if (!(Number.isInteger(size) && size >= 1 && size <= LONGEST_LIST))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `${operator}(…, ${size}): use a whole number of values from 1 to ${LONGEST_LIST}.`,
    );
  return aggregate({ kind: "list", of: value.type }, { aggregate: operator, value: value.node, size });
}

/** How many different non-null values there are, exactly: NaN is one, -0 is 0. Online it keeps each value; 0 when empty. */
export const countDistinct = <T extends CountedType>(value: Expression<T>): Aggregate<"int64"> =>
  ofValue("countDistinct", "int64", counted("countDistinct", value));

/** About how many different non-null values there are (HyperLogLog, standard error 1.6 %), in bounded space; 0 when empty. */
export const approxCountDistinct = <T extends CountedType>(value: Expression<T>): Aggregate<"int64"> =>
  ofValue("approxCountDistinct", "int64", counted("approxCountDistinct", value));

function counted<T extends DataType>(operator: AggregateOperator, value: Expression<T>): Expression<T> {
  if (isList(value.type) || isStruct(value.type))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `${operator} does not count a ${value.type.kind}; take an element or a field of it.`,
    );
  return value;
}

/**
 * About the value below which the part `rank` (0 to 1) of non-null values lies: within 0.78 % of the one at place floor(rank × (n − 1)) in
 * order, NaN greatest; what is nearer to 0 than 2.2e-308 counts as 0. Null when there are none.
 */
export function quantile<T extends NumericType | DecimalType>(
  value: Expression<T>,
  rank: number,
): Aggregate<"float64"> {
  if (!(rank >= 0 && rank <= 1))
    throw new SlipwayError("DEFINITION_INVALID", `quantile(${rank}): use a rank from 0 to 1, such as 0.95.`);
  return aggregate("float64", { aggregate: "quantile", value: acceptable("quantile", value).node, rank });
}

/** Several quantiles of one value by the names of their features: `...quantiles(calls.ms, { ms_p50: 0.5, ms_p95: 0.95 }).over(hours(1))`. */
export interface Quantiles<R extends Readonly<Record<string, number>>> {
  where(condition: Expression<"bool">): Quantiles<R>;
  over(window: Duration): { readonly [N in keyof R]: FeatureDefinition<"float64"> };
}

/** Several quantiles of one value, from one sketch; see {@link quantile}. */
export function quantiles<T extends NumericType | DecimalType, const R extends Readonly<Record<string, number>>>(
  value: Expression<T>,
  ranks: R,
): Quantiles<R> {
  const named = Object.entries(ranks).map(([name, rank]) => [name, quantile(value, rank)] as const);
  const of = (each: readonly (readonly [string, Aggregate<"float64">])[]): Quantiles<R> => ({
    where: (condition) => of(each.map(([name, one]) => [name, one.where(condition)])),
    over: (window) => Object.fromEntries(each.map(([name, one]) => [name, one.over(window)])) as never,
  });
  return of(named);
}

/** Events per `unit` of the time that the window covers, from its tail to t; 0 when empty. */
export const rate = (unit: Duration): Aggregate<"float64"> => inUnits("rate", "float64", unit);

/** Whole units between the window's newest event and the time asked, rounded down; null when there is none. */
export const timeSinceLast = (unit: Duration): Aggregate<"int64"> => inUnits("timeSinceLast", "int64", unit);

/** The newest row's value as of the time asked, also where that value is null. */
export function latest<T extends DataType>(value: Expression<T>): FeatureDefinition<T> {
  return { type: value.type, rule: { kind: "latest", value: value.node } };
}

/** Whole units between the newest row's event and the time asked, rounded down. */
export function age(unit: Duration): FeatureDefinition<"int64"> {
  if (unit <= 0n) throw new SlipwayError("DEFINITION_INVALID", "age() needs a unit above zero, such as minutes(1).");
  return { type: "int64", rule: { kind: "age", unit } };
}
