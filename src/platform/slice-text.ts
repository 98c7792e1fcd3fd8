// Slices as a person types them: `distance > 1500`, `carrier = "UA" and origin = JFK`, or a name alone for one slice per value.

import { didYouMean, isNumeric, parseInstant, SlipwayError } from "../core/core.ts";
import {
  type Expression,
  type ExpressionNode,
  expressionOf,
  type ModelSpec,
  type SliceSpec,
  sliceOf,
} from "../define/define.ts";

const COMPARISON = /^\s*([A-Za-z_][\w.]*)\s*(<=|>=|!=|=|<|>)\s*(?:"([^"]*)"|'([^']*)'|(\S.*?))\s*$/;
const NAME = /^\s*([A-Za-z_][\w.]*)\s*$/;
const OPERATORS = { "=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge" } as const;

/** The slice that a text means. Throws USAGE, naming what it does not know. */
export function sliceFrom(model: ModelSpec, text: string): SliceSpec {
  const name = NAME.exec(text)?.[1];
  if (name !== undefined) return sliceOf(model.name, name, columnOf(model, name), model);
  const [first, ...others] = text.split(/\s+and\s+/i).map((part) => comparisonOf(model, part, text));
  const joined = others.reduce((all, next) => all?.and(next), first);
  if (joined === undefined) throw usage(text);
  return sliceOf(model.name, text.trim(), joined.node, model);
}

/** A column of the rows or a feature among the inputs, by name. Throws USAGE with the nearest name. */
export function columnOf(model: ModelSpec, name: string): ExpressionNode {
  const column = model.rows.columns.find((each) => each.name === name);
  if (column) return { kind: "column", source: model.rows.name, name, type: column.type };
  const feature = model.inputs.find((each) => each.from === "feature" && each.name === name);
  if (feature?.from === "feature") return { kind: "feature", view: feature.view, name, type: feature.type };
  const known = [...model.rows.columns, ...model.inputs.filter(({ from }) => from === "feature")].map(
    (each) => each.name,
  );
  throw new SlipwayError(
    "USAGE",
    `"${name}" is neither a column of "${model.rows.name}" nor a feature of model "${model.name}".${didYouMean(name, known)}`,
  );
}

function comparisonOf(model: ModelSpec, part: string, whole: string): Expression<"bool"> {
  const [, name, operator, double, single, bare] = COMPARISON.exec(part) ?? [];
  if (name === undefined || operator === undefined) throw usage(whole);
  const node = columnOf(model, name);
  const text = double ?? single ?? bare ?? "";
  const method = OPERATORS[operator as keyof typeof OPERATORS];
  return expressionOf(node)[method](typedValue(node, text) as never);
}

function typedValue({ type }: ExpressionNode, text: string): unknown {
  if (type === "bool") {
    if (text === "true" || text === "false") return text === "true";
    throw usage(text);
  }
  if (type === "timestamp") return parseInstant(text);
  if (!isNumeric(type)) return text;
  const number = Number(text);
  if (text.trim() === "" || Number.isNaN(number)) throw new SlipwayError("USAGE", `"${text}" is not a number.`);
  return number;
}

function usage(text: string): SlipwayError {
  return new SlipwayError(
    "USAGE",
    `The slice "${text}" cannot be read. Write a column's name for a slice per value, or comparisons joined by "and": distance > 1500 and carrier = "UA".`,
  );
}
