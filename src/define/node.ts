// The expression tree as plain data: what a query planner, the SQL readers and the row function share.

import type { DataType, Value } from "../core/core.ts";

/** Where a leaf takes its value from. */
export type LeafNode =
  /** A column of a source's row. */
  | { readonly kind: "column"; readonly source: string; readonly name: string; readonly type: DataType }
  /** A key or request value of the row that is asked for. */
  | { readonly kind: "row"; readonly name: string; readonly type: DataType }
  /** A feature, read for the row that is asked for. */
  | { readonly kind: "feature"; readonly view: string; readonly name: string; readonly type: DataType };

/** What a call does; src/define/row-function.ts is the meaning of each. */
export type Operator =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "remainder"
  | "negate"
  | "abs"
  | "floor"
  | "toFloat64"
  | "toInt64"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "and"
  | "or"
  | "not"
  | "isNull"
  | "isNaN"
  | "coalesce"
  | "when"
  | "concat"
  | "length"
  | "startsWith"
  | "endsWith"
  | "contains"
  /** Text, and the source of a pattern as a literal; see pattern.ts. */
  | "matches"
  /** A value, then any number of literals of its type. */
  | "isOneOf"
  | "substring"
  | "shift"
  | "unitsSince"
  | "year"
  | "month"
  | "dayOfMonth"
  | "dayOfWeek"
  | "hourOfDay"
  | "minuteOfHour"
  | "daysSince"
  /** A list's element by its place from 0, or from the end when negative; the place is a literal. */
  | "at"
  /** A struct's field; its name is a literal. */
  | "field"
  /** A decimal's whole units, as int64: what sums are made of. */
  | "units";

/** An expression: a leaf, a literal, or an operator over expressions. Every node knows its type. */
export type ExpressionNode =
  | LeafNode
  | { readonly kind: "literal"; readonly value: Value; readonly type: DataType }
  | {
      readonly kind: "call";
      readonly operator: Operator;
      readonly args: readonly ExpressionNode[];
      readonly type: DataType;
    };

/** Every leaf under a node, in reading order, repeats included. */
export function leavesOf(node: ExpressionNode): readonly LeafNode[] {
  if (node.kind === "literal") return [];
  return node.kind === "call" ? node.args.flatMap(leavesOf) : [node];
}
