// How a feature comes out of a source's rows, as plain data: what the words of aggregate.ts build and `features` gives its meaning.

import type { DataType, Duration } from "../core/core.ts";
import type { Metadata } from "./metadata.ts";
import type { ExpressionNode } from "./node.ts";

/** How a window is summed up; src/define/aggregate.ts says what each means. */
export type AggregateOperator =
  | "count"
  | "sum"
  | "mean"
  | "share"
  | "min"
  | "max"
  | "variance"
  | "stddev"
  | "rate"
  | "timeSinceLast"
  | "first"
  | "last"
  | "lastK"
  | "topK"
  | "countDistinct"
  | "approxCountDistinct"
  | "quantile";

/** An aggregate over the events in [tail, t). */
export interface WindowRule {
  readonly kind: "window";
  readonly aggregate: AggregateOperator;
  /** Absent: every event is looked at. */
  readonly value?: ExpressionNode;
  /** Absent: no event is left out. Otherwise only those where it is true are there. */
  readonly where?: ExpressionNode;
  readonly window: Duration;
  /** What `rate` and `timeSinceLast` count in. */
  readonly unit?: Duration;
  /** Which quantile, 0 to 1. */
  readonly rank?: number;
  /** How many values `lastK` and `topK` give at most. */
  readonly size?: number;
}

/** How one feature comes out of a source's rows. */
export type FeatureRule =
  /** The value of an expression on the newest row as of the time asked. */
  | { readonly kind: "latest"; readonly value: ExpressionNode }
  /** Whole units since the newest row's event. */
  | { readonly kind: "age"; readonly unit: Duration }
  | WindowRule;

/** A feature as a view declares it. */
export interface FeatureDefinition<T extends DataType = DataType> extends Metadata {
  readonly type: T;
  readonly rule: FeatureRule;
}

/** The expressions that a rule reads. */
export function expressionsOf(rule: FeatureRule): readonly ExpressionNode[] {
  if (rule.kind === "age") return [];
  const { value } = rule;
  const where = rule.kind === "window" ? rule.where : undefined;
  return [value, where].filter((node) => node !== undefined);
}
