// On-demand feature views that are plain expressions of their inputs' columns: `df["a"] = inputs["x"] / inputs["y"]`. The function's body is
// read, not run; anything that is not arithmetic, a comparison or a logical operator of columns and numbers is told and left out.

import type { DataType } from "../core/core.ts";
import type { PythonFunction } from "./feast-repo.ts";
import type { PythonStatement, PythonValue } from "./python-values.ts";
import { feastType } from "./types.ts";

/** A column that a function's input offers: the words for it, and its type. */
export interface InputColumn {
  readonly words: string;
  readonly type: DataType;
}

/** An expression in Slipway's words. */
interface Written {
  readonly words: string;
  readonly type: DataType;
  /** A plain number, which has no methods. */
  readonly isNumber?: boolean;
}

/** One output, or why there is none. */
export type OnDemandOutput = { readonly name: string } & ({ readonly words: string } | { readonly problem: string });

class NotPlain extends Error {}

/** The outputs of a function, by its declared schema. */
export function onDemandOutputs(
  { parameters, body }: PythonFunction,
  schema: readonly { readonly name: string; readonly type: string }[],
  inputs: ReadonlyMap<string, InputColumn>,
): readonly OnDemandOutput[] {
  const outputs = new Map<string, PythonValue>();
  const locals = new Map<string, PythonValue>();
  const problem = readBody(body, outputs, locals);
  const scope = { input: parameters[0] ?? "", inputs, outputs, locals };
  return schema.map(({ name, type }): OnDemandOutput => {
    const value = outputs.get(name);
    if (problem !== undefined) return { name, problem };
    if (!value) return { name, problem: "the function does not set it." };
    try {
      return { name, words: fitted(written(value, scope, 0), type) };
    } catch (thrown) {
      if (thrown instanceof NotPlain) return { name, problem: thrown.message };
      throw thrown;
    }
  });
}

function readBody(
  body: readonly PythonStatement[],
  outputs: Map<string, PythonValue>,
  locals: Map<string, PythonValue>,
): string | undefined {
  let frame: string | undefined;
  let isReturned = false;
  for (const statement of body) {
    const at = `line ${statement.line}`;
    if (isReturned) return `${at} comes after the return.`;
    if (statement.kind === "expression" && statement.value.kind === "string") continue;
    if (statement.kind === "return") {
      if (frame === undefined || statement.value.kind !== "name" || statement.value.name !== frame)
        return `it returns ${statement.value.text}, not the data frame that it filled.`;
      isReturned = true;
      continue;
    }
    if (statement.kind !== "assign") return `${at} is more than an assignment.`;
    const { target, value } = statement;
    if (target.kind === "name") {
      if (isNewFrame(value)) frame = target.name;
      else if (locals.has(target.name)) return `"${target.name}" is assigned twice (${at}).`;
      else locals.set(target.name, value);
    } else if (
      target.kind === "item" &&
      target.of.kind === "name" &&
      target.of.name === frame &&
      target.index.kind === "string"
    ) {
      if (outputs.has(target.index.value)) return `"${target.index.value}" is assigned twice (${at}).`;
      outputs.set(target.index.value, value);
    } else return `${at} assigns to ${target.text}.`;
  }
  return isReturned ? undefined : "it returns nothing.";
}

function isNewFrame(value: PythonValue): boolean {
  return (
    value.kind === "call" &&
    value.callee.kind === "member" &&
    value.callee.name === "DataFrame" &&
    value.positional.length === 0 &&
    value.named.size === 0
  );
}

interface Scope {
  readonly input: string;
  readonly inputs: ReadonlyMap<string, InputColumn>;
  readonly outputs: ReadonlyMap<string, PythonValue>;
  readonly locals: ReadonlyMap<string, PythonValue>;
}

function fail(value: PythonValue, why = "is not a plain expression of columns"): never {
  const text = value.text.replace(/\s+/g, " ");
  throw new NotPlain(`${text.length > 80 ? `${text.slice(0, 80)}…` : text} (line ${value.line}) ${why}.`);
}

const arithmetic: Readonly<Record<string, string>> = { "+": "plus", "-": "minus", "*": "times", "/": "dividedBy" };
const comparisons: Readonly<Record<string, string>> = {
  "==": "eq",
  "!=": "ne",
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
};
const logic: Readonly<Record<string, string>> = { "&": "and", "|": "or" };

const isFloat = (type: DataType): boolean => type === "float32" || type === "float64";
const isNumber = (type: DataType): boolean => isFloat(type) || type === "int32" || type === "int64";

function written(value: PythonValue, scope: Scope, depth: number): Written {
  if (depth > 50) return fail(value, "is nested too deeply");
  const inner = (part: PythonValue): Written => written(part, scope, depth + 1);
  switch (value.kind) {
    case "number":
      return { words: String(value.value), type: value.isWhole ? "int64" : "float64", isNumber: true };
    case "name": {
      const local = scope.locals.get(value.name);
      return local ? inner(local) : fail(value, "is not set in the function");
    }
    case "item": {
      const { of, index } = value;
      if (of.kind !== "name" || index.kind !== "string") return fail(value);
      if (of.name !== scope.input) {
        const output = scope.outputs.get(index.value);
        return output ? inner(output) : fail(value, "is not set");
      }
      const column = scope.inputs.get(index.value);
      return column ?? fail(value, "is no column of its sources that was carried over");
    }
    case "unary": {
      const operand = inner(value.operand);
      if (operand.isNumber) return fail(value);
      if (value.operator === "-" && isNumber(operand.type))
        return { words: `${operand.words}.negated()`, type: isFloat(operand.type) ? "float64" : "int64" };
      if (value.operator === "~" && operand.type === "bool") return { words: `${operand.words}.not()`, type: "bool" };
      return fail(value);
    }
    case "binary":
      return binary(value, inner(value.left), inner(value.right));
    case "call":
      return method(value, inner);
    default:
      return fail(value);
  }
}

function binary(value: Extract<PythonValue, { readonly kind: "binary" }>, left: Written, right: Written): Written {
  const { operator } = value;
  // A number has no methods: it becomes an expression.
  const start = left.isNumber ? `literal(${left.words}, "${left.type}")` : left.words;
  const method = arithmetic[operator] ?? comparisons[operator] ?? logic[operator];
  if (method === undefined || (left.isNumber && right.isNumber)) return fail(value);
  if (logic[operator] !== undefined) {
    if (left.type !== "bool" || right.type !== "bool") return fail(value);
    return { words: `${start}.${method}(${right.words})`, type: "bool" };
  }
  const areNumbers = isNumber(left.type) && isNumber(right.type);
  if (arithmetic[operator] !== undefined) {
    if (!areNumbers) return fail(value);
    const isFraction = operator === "/" || isFloat(left.type) || isFloat(right.type);
    // A fraction beside whole numbers has to be said: whole numbers stay whole.
    const widened =
      right.isNumber && isFloat(right.type) && !isFloat(left.type) && operator !== "/" ? `${start}.toFloat64()` : start;
    return { words: `${widened}.${method}(${right.words})`, type: isFraction ? "float64" : "int64" };
  }
  if (!areNumbers && left.type !== right.type) return fail(value);
  return { words: `${start}.${method}(${right.words})`, type: "bool" };
}

function method(
  value: Extract<PythonValue, { readonly kind: "call" }>,
  inner: (part: PythonValue) => Written,
): Written {
  const { callee, positional, named } = value;
  if (callee.kind !== "member" || named.size > 0) return fail(value);
  if (callee.of.kind === "name" && !["item", "binary"].includes(callee.of.kind)) {
    // `np.where(...)` and the like: a module's function.
    if (["np", "numpy", "pd", "pandas", "math"].includes(callee.of.name)) return fail(value);
  }
  const of = inner(callee.of);
  const [argument] = positional;
  if (of.isNumber) return fail(value);
  if (callee.name === "abs" && positional.length === 0 && isNumber(of.type))
    return { words: `${of.words}.abs()`, type: isFloat(of.type) ? "float64" : "int64" };
  if (["isna", "isnull"].includes(callee.name) && positional.length === 0)
    return { words: `${of.words}.isNull()`, type: "bool" };
  if (callee.name === "astype" && positional.length === 1 && isNumber(of.type)) {
    const wanted = argument?.kind === "string" ? argument.value : (argument?.text.replace(/^.*\./, "") ?? "");
    if (["float", "float64"].includes(wanted)) return { words: `${of.words}.toFloat64()`, type: "float64" };
  }
  return fail(value);
}

function fitted({ words, type, isNumber: isBare }: Written, declared: string): string {
  const start = isBare ? `literal(${words}, "${type}")` : words;
  const wanted = feastType(declared);
  if (wanted === undefined || wanted === type) return start;
  if (isFloat(wanted) && isNumber(type)) return type === "float64" ? start : `${start}.toFloat64()`;
  if (isNumber(wanted) && !isFloat(wanted) && (type === "int32" || type === "int64")) return start;
  throw new NotPlain(
    `it is declared as ${declared}, but its expression gives ${typeof type === "string" ? type : type.kind}.`,
  );
}
