// How a model is judged beyond one figure: parts of its rows, and what mistakes cost. No part of the model's meaning: another slice
// makes no version another one.

import { kindOf, SlipwayError, typeText } from "../core/core.ts";
import { type Expression, isExpression } from "./expression.ts";
import { type ExpressionNode, type LeafNode, leavesOf } from "./node.ts";

/** A part of the rows by a condition, or one part per value of an expression that is no condition. */
export interface SliceSpec {
  readonly name: string;
  readonly value: ExpressionNode;
}

/** What one mistake costs, in any unit that both share. */
export interface CostSpec {
  readonly falsePositive: number;
  readonly falseNegative: number;
}

/** What slices may read: columns of the rows source, and features among the model's inputs. */
export interface SliceScope {
  readonly rows: { readonly name: string; readonly columns: readonly { readonly name: string }[] };
  readonly inputs: readonly { readonly from: string; readonly name: string; readonly view?: string | undefined }[];
}

/** The specs of slices. Throws DEFINITION_INVALID for what is not known of every row that is judged. */
export function slicesOf(
  model: string,
  slices: Readonly<Record<string, Expression>>,
  scope: SliceScope,
): readonly SliceSpec[] {
  return Object.entries(slices).map(([name, value]) => {
    if (!isExpression(value))
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `model "${model}", slice "${name}" is no expression; write one over its rows, such as ${scope.rows.name}.column.gt(3).`,
      );
    return sliceOf(model, name, value.node, scope);
  });
}

/** One slice, checked. Throws DEFINITION_INVALID. */
export function sliceOf(model: string, name: string, value: ExpressionNode, scope: SliceScope): SliceSpec {
  const fail = (problem: string): never => {
    throw new SlipwayError("DEFINITION_INVALID", `model "${model}", slice "${name}" ${problem}`);
  };
  if (name === "") fail("has no name.");
  const kind = kindOf(value.type);
  if (kind === "list" || kind === "struct" || kind === "bytes")
    fail(`is ${typeText(value.type)}; compare it or take a value out of it.`);
  const leaves = leavesOf(value);
  if (leaves.length === 0) fail("reads nothing of a row.");
  const stranger = leaves.find((leaf) => !isKnown(leaf, scope));
  if (stranger)
    fail(
      `reads ${stranger.kind === "column" ? `"${stranger.source}.${stranger.name}"` : stranger.kind === "feature" ? `"${stranger.view}.${stranger.name}"` : `"${stranger.name}"`}, which is neither a column of the rows "${scope.rows.name}" nor a feature among the inputs.`,
    );
  return { name, value };
}

/** The spec of a cost. Throws DEFINITION_INVALID unless both are finite, none is negative and one is above 0. */
export function costOf(model: string, { falsePositive, falseNegative }: CostSpec): CostSpec {
  for (const [name, value] of Object.entries({ falsePositive, falseNegative }))
    if (!(Number.isFinite(value) && value >= 0))
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `model "${model}", cost: ${name} is ${value}; give a number that is not negative.`,
      );
  if (falsePositive + falseNegative === 0)
    throw new SlipwayError("DEFINITION_INVALID", `model "${model}", cost: one of the two must be above 0.`);
  return { falsePositive, falseNegative };
}

function isKnown(leaf: LeafNode, { rows, inputs }: SliceScope): boolean {
  if (leaf.kind === "feature")
    return inputs.some(({ from, name, view }) => from === "feature" && name === leaf.name && view === leaf.view);
  if (leaf.kind === "column" && leaf.source !== rows.name) return false;
  return rows.columns.some(({ name }) => name === leaf.name);
}
