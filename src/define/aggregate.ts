// What a feature view may compute from a source's rows: the newest row's values, its age, and aggregates over windows.

import { type DataType, type Duration, formatDuration, type NumericType, SlipwayError } from "../core/core.ts";
import type { Expression } from "./expression.ts";
import type { Metadata } from "./metadata.ts";
import type { ExpressionNode } from "./node.ts";

/** How a window is summed up. `share` is the part of non-null conditions that are true. */
export type AggregateOperator = "count" | "sum" | "mean" | "share" | "min" | "max";

/** How one feature comes out of a source's rows. */
export type FeatureRule =
  /** The value of an expression on the newest row as of the time asked. */
  | { readonly kind: "latest"; readonly value: ExpressionNode }
  /** Whole units since the newest row's event. */
  | { readonly kind: "age"; readonly unit: Duration }
  /** An aggregate over events in [tail, t). */
  | {
      readonly kind: "window";
      readonly aggregate: AggregateOperator;
      /** Absent: count every event. */
      readonly value?: ExpressionNode;
      readonly window: Duration;
    };

/** A feature as a view declares it. */
export interface FeatureDefinition<T extends DataType = DataType> extends Metadata {
  readonly type: T;
  readonly rule: FeatureRule;
}

/** An aggregate that still needs its window. */
export interface Aggregate<T extends DataType> {
  /** Over the events in [floor(t − window, hop), t): hop 5 min under 12 h, 1 h under 12 d, else 1 d. */
  over(window: Duration): FeatureDefinition<T>;
}

function aggregate<T extends DataType>(operator: AggregateOperator, type: T, value?: Expression): Aggregate<T> {
  return {
    over(window) {
      if (window <= 0n)
        throw new SlipwayError(
          "DEFINITION_INVALID",
          `${operator} over ${formatDuration(window)}: use a window above zero.`,
        );
      const of = value === undefined ? {} : { value: value.node };
      return { type, rule: { kind: "window", aggregate: operator, ...of, window } };
    },
  };
}

/** Events in the window, or with an expression those where it is not null; 0 when empty. */
export const count = (value?: Expression): Aggregate<"int64"> => aggregate("count", "int64", value);

/** The sum of non-null values; exact for whole numbers (null outside 64 bits), null when there are none. */
export const sum = <T extends NumericType>(
  value: Expression<T>,
): Aggregate<T extends "float64" ? "float64" : "int64"> =>
  aggregate("sum", (value.type === "float64" ? "float64" : "int64") as never, value);

/** The sum of non-null values over their number; null when there are none. */
export const mean = (value: Expression<NumericType>): Aggregate<"float64"> => aggregate("mean", "float64", value);

/** The part of non-null conditions that are true, 0 to 1; null when there are none. */
export const share = (condition: Expression<"bool">): Aggregate<"float64"> => aggregate("share", "float64", condition);

/** The least non-null value; NaN counts as greatest. */
export const min = <T extends NumericType | "timestamp">(value: Expression<T>): Aggregate<T> =>
  aggregate("min", value.type, value);

/** The greatest non-null value; NaN counts as greatest. */
export const max = <T extends NumericType | "timestamp">(value: Expression<T>): Aggregate<T> =>
  aggregate("max", value.type, value);

/** The newest row's value as of the time asked, also where that value is null. */
export function latest<T extends DataType>(value: Expression<T>): FeatureDefinition<T> {
  return { type: value.type, rule: { kind: "latest", value: value.node } };
}

/** Whole units between the newest row's event and the time asked, rounded down. */
export function age(unit: Duration): FeatureDefinition<"int64"> {
  if (unit <= 0n) throw new SlipwayError("DEFINITION_INVALID", "age() needs a unit above zero, such as minutes(1).");
  return { type: "int64", rule: { kind: "age", unit } };
}
