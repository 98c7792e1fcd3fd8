// What a training row carries besides its inputs and its label: its weight, the group it is ranked in, the end of its label's interval, what its
// split goes by. Each is an
// expression over the model's rows or over the label's source, and a column of the training set under a name that no input can have.

import { type DataType, isCategory, isDecimal, isNumeric, SlipwayError, typeText } from "../core/core.ts";
import { sourceOfLeaf } from "./column.ts";
import type { Expression } from "./expression.ts";
import { type ExpressionNode, leavesOf } from "./node.ts";
import type { SourceSpec } from "./source.ts";

/** What a row may carry. */
export type RowRole = "weight" | "group" | "upperBound" | "splitBy";

/** One such value as plain data: which of the two sources it is computed from, and how. */
export interface RowColumnSpec {
  readonly from: "rows" | "label";
  readonly value: ExpressionNode;
}

/** The names of such columns in a training set. */
export const rowColumnNames: Readonly<Record<RowRole, string>> = {
  weight: "label_weight",
  group: "label_group",
  upperBound: "label_upper_bound",
  splitBy: "split_by",
};

/** Whether a trainer is given the column: what a split goes by is nothing to learn from. */
export const isTrained = (role: RowRole): boolean => role !== "splitBy";

const isNumber = (type: DataType): boolean => isNumeric(type) || isDecimal(type);

/** The spec of one such value; DEFINITION_INVALID. */
export function rowColumn(
  what: string,
  role: RowRole,
  expression: Expression,
  rows: SourceSpec,
  label: SourceSpec,
): RowColumnSpec {
  const fail = (problem: string): never => {
    throw new SlipwayError("DEFINITION_INVALID", `${what}: ${role} ${problem}`);
  };
  const { type, node } = expression;
  const tellsApart = role === "group" || role === "splitBy";
  const isBesideNumbers = isCategory(type) || type === "timestamp" || (role === "splitBy" && type === "bool");
  if (!isNumber(type) && !(tellsApart && isBesideNumbers))
    fail(`is ${typeText(type)}; it must be ${tellsApart ? "text, a number or a time" : "a number"}.`);
  const leaves = leavesOf(node);
  const [first] = leaves;
  if (first === undefined || leaves.some((leaf) => leaf.kind !== "column"))
    return fail("must be computed from columns of the rows or of the label's source.");
  const names = new Set(leaves.map((leaf) => (leaf.kind === "column" ? sourceOfLeaf(leaf).name : "")));
  const [name] = names;
  if (names.size === 1 && name === label.name) return { from: "label", value: node };
  if (names.size === 1 && name === rows.name) return { from: "rows", value: node };
  return fail(
    `must be computed from columns of "${rows.name}" or of "${label.name}" alone, not of ${[...names].join(" and ")}.`,
  );
}
