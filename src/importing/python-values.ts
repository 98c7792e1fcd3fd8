// Python read as data, never run: what a module assigns, calls and decorates, as plain values. Whatever is not a literal, a name, a call or a
// simple operator is kept as its text, so that it can be told what was not understood.

import type { SyntaxNode } from "@lezer/common";
import { parser } from "@lezer/python";

/** A Python expression as data. */
export type PythonValue = { readonly text: string; readonly line: number } & PythonForm;

/** What kinds of expressions there are. */
export type PythonForm =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly value: number; readonly isWhole: boolean }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "none" }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "list"; readonly items: readonly PythonValue[] }
  | { readonly kind: "dict"; readonly entries: readonly (readonly [key: PythonValue, value: PythonValue])[] }
  /** `of.name`. */
  | { readonly kind: "member"; readonly of: PythonValue; readonly name: string }
  /** `of[index]`. */
  | { readonly kind: "item"; readonly of: PythonValue; readonly index: PythonValue }
  | PythonCall
  | { readonly kind: "binary"; readonly operator: string; readonly left: PythonValue; readonly right: PythonValue }
  | { readonly kind: "unary"; readonly operator: string; readonly operand: PythonValue }
  | { readonly kind: "other" };

/** A call with its arguments. */
export interface PythonCall {
  readonly kind: "call";
  readonly callee: PythonValue;
  readonly positional: readonly PythonValue[];
  readonly named: ReadonlyMap<string, PythonValue>;
}

/** A statement that matters here. */
export type PythonStatement = { readonly line: number } & (
  | { readonly kind: "assign"; readonly target: PythonValue; readonly value: PythonValue }
  | {
      readonly kind: "function";
      readonly name: string;
      readonly parameters: readonly string[];
      readonly decorators: readonly PythonValue[];
      readonly body: readonly PythonStatement[];
    }
  | { readonly kind: "return"; readonly value: PythonValue }
  | { readonly kind: "expression"; readonly value: PythonValue }
  | { readonly kind: "other"; readonly text: string }
);

/** A module's statements, and the lines that are no Python. */
export interface PythonModule {
  readonly statements: readonly PythonStatement[];
  readonly brokenLines: readonly number[];
}

/** Reads a module. */
export function readPython(text: string): PythonModule {
  const tree = parser.parse(text);
  const lines = lineFinder(text);
  const broken = new Set<number>();
  tree.iterate({
    enter(node) {
      if (node.type.isError) broken.add(lines(node.from));
    },
  });
  return { statements: statementsOf(tree.topNode, text, lines), brokenLines: [...broken].sort((a, b) => a - b) };
}

type LineOf = (offset: number) => number;

function lineFinder(text: string): LineOf {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}

function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (child.name !== "Comment") children.push(child);
  return children;
}

function statementsOf(node: SyntaxNode, text: string, lineOf: LineOf): readonly PythonStatement[] {
  const textOf = (of: SyntaxNode): string => text.slice(of.from, of.to);
  const value = (of: SyntaxNode | undefined): PythonValue =>
    of ? pythonValue(of, text, lineOf) : { kind: "other", text: "", line: lineOf(node.from) };
  return childrenOf(node).flatMap((statement): readonly PythonStatement[] => {
    const line = lineOf(statement.from);
    const parts = childrenOf(statement);
    switch (statement.name) {
      case "AssignStatement": {
        const sign = parts.findIndex((part) => part.name === "AssignOp");
        const isPlain = sign > 0 && parts.filter((part) => part.name === "AssignOp").length === 1;
        const [target] = parts;
        const right = parts.slice(sign + 1);
        if (!isPlain || !target || right.length !== 1) return [{ kind: "other", text: textOf(statement), line }];
        return [{ kind: "assign", target: value(target), value: value(right[0]), line }];
      }
      case "DecoratedStatement": {
        const decorators = parts
          .filter((part) => part.name === "Decorator")
          .map((part) => decoratorOf(part, text, lineOf));
        const body = parts.find((part) => part.name === "FunctionDefinition");
        return body ? [functionOf(body, decorators, text, lineOf)] : [{ kind: "other", text: textOf(statement), line }];
      }
      case "FunctionDefinition":
        return [functionOf(statement, [], text, lineOf)];
      case "ReturnStatement":
        return [{ kind: "return", value: value(parts[1]), line }];
      case "ExpressionStatement":
        return [{ kind: "expression", value: value(parts[0]), line }];
      case "ImportStatement":
      case "PassStatement":
        return [];
      default:
        return [{ kind: "other", text: textOf(statement), line }];
    }
  });
}

function decoratorOf(node: SyntaxNode, text: string, lineOf: LineOf): PythonValue {
  const parts = childrenOf(node).filter(({ name }) => name !== "At");
  const list = parts.find(({ name }) => name === "ArgList");
  const names = parts.filter(({ name }) => name === "VariableName" || name === "PropertyName");
  const last = names.at(-1);
  const own = { text: text.slice(node.from, node.to), line: lineOf(node.from) };
  const callee: PythonValue = { kind: "name", name: last ? text.slice(last.from, last.to) : "", ...own };
  return list ? { kind: "call", callee, ...argumentsOf(list, text, lineOf), ...own } : callee;
}

function functionOf(
  node: SyntaxNode,
  decorators: readonly PythonValue[],
  text: string,
  lineOf: LineOf,
): PythonStatement {
  const parts = childrenOf(node);
  const name = parts.find((part) => part.name === "VariableName");
  const list = parts.find((part) => part.name === "ParamList");
  const body = parts.find((part) => part.name === "Body");
  const parameters = list ? childrenOf(list).filter((part) => part.name === "VariableName") : [];
  return {
    kind: "function",
    name: name ? text.slice(name.from, name.to) : "",
    parameters: parameters.map((part) => text.slice(part.from, part.to)),
    decorators,
    body: body ? statementsOf(body, text, lineOf).filter((each) => each.kind !== "other" || each.text !== ":") : [],
    line: lineOf(node.from),
  };
}

function argumentsOf(list: SyntaxNode, text: string, lineOf: LineOf): Pick<PythonCall, "positional" | "named"> {
  const positional: PythonValue[] = [];
  const named = new Map<string, PythonValue>();
  const parts = childrenOf(list).filter(({ name }) => !["(", ")", ","].includes(name));
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] as SyntaxNode;
    const given = parts[at + 2];
    if (parts[at + 1]?.name === "AssignOp" && given) {
      named.set(text.slice(part.from, part.to), pythonValue(given, text, lineOf));
      at += 2;
    } else positional.push(pythonValue(part, text, lineOf));
  }
  return { positional, named };
}

function pythonValue(node: SyntaxNode, text: string, lineOf: LineOf): PythonValue {
  return { ...formOf(node, text, lineOf), text: text.slice(node.from, node.to), line: lineOf(node.from) };
}

function formOf(node: SyntaxNode, text: string, lineOf: LineOf): PythonForm {
  const own = text.slice(node.from, node.to);
  const parts = childrenOf(node);
  const value = (of: SyntaxNode): PythonValue => pythonValue(of, text, lineOf);
  switch (node.name) {
    case "String":
      return stringForm(own);
    case "ContinuedString": {
      const texts = parts.map((part) => stringForm(text.slice(part.from, part.to)));
      return texts.every((each) => each.kind === "string")
        ? { kind: "string", value: texts.map((each) => each.value).join("") }
        : { kind: "other" };
    }
    case "Number": {
      const number = Number(own.replaceAll("_", ""));
      return Number.isFinite(number)
        ? { kind: "number", value: number, isWhole: /^[\d_]+$/.test(own) }
        : { kind: "other" };
    }
    case "Boolean":
      return { kind: "bool", value: own === "True" };
    case "None":
      return { kind: "none" };
    case "VariableName":
      return { kind: "name", name: own };
    case "ParenthesizedExpression":
      return parts[1] ? formOf(parts[1], text, lineOf) : { kind: "other" };
    case "ArrayExpression":
    case "TupleExpression":
      return { kind: "list", items: parts.filter(({ name }) => !["[", "]", "(", ")", ","].includes(name)).map(value) };
    case "DictionaryExpression":
      return dictForm(parts.filter(({ name }) => !["{", "}", ",", ":"].includes(name)).map(value), parts);
    case "MemberExpression": {
      const [of, sign, inner] = parts;
      if (!of || !sign || !inner) return { kind: "other" };
      if (sign.name === ".") return { kind: "member", of: value(of), name: text.slice(inner.from, inner.to) };
      return parts.length === 4 ? { kind: "item", of: value(of), index: value(inner) } : { kind: "other" };
    }
    case "CallExpression": {
      const [callee, list] = parts;
      return callee && list
        ? { kind: "call", callee: value(callee), ...argumentsOf(list, text, lineOf) }
        : { kind: "other" };
    }
    case "BinaryExpression": {
      const [left, sign, right] = parts;
      if (!left || !sign || !right || parts.length !== 3) return { kind: "other" };
      return { kind: "binary", operator: text.slice(sign.from, sign.to), left: value(left), right: value(right) };
    }
    case "UnaryExpression": {
      const [sign, operand] = parts;
      if (!sign || !operand) return { kind: "other" };
      const inner = value(operand);
      if (sign.name === "ArithOp" && text[sign.from] === "-" && inner.kind === "number")
        return { ...inner, value: -inner.value };
      return { kind: "unary", operator: text.slice(sign.from, sign.to), operand: inner };
    }
    default:
      return { kind: "other" };
  }
}

function dictForm(values: readonly PythonValue[], parts: readonly SyntaxNode[]): PythonForm {
  // `**other` has no colon.
  const colons = parts.filter(({ name }) => name === ":").length;
  if (values.length !== colons * 2) return { kind: "other" };
  const entries = Array.from({ length: colons }, (_, at) => [values[at * 2], values[at * 2 + 1]] as const);
  return { kind: "dict", entries: entries as readonly (readonly [PythonValue, PythonValue])[] };
}

const STRING = /^([a-zA-Z]*)("""|'''|"|')([\s\S]*)\2$/;
const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
  "0": "\0",
};

function stringForm(literal: string): PythonForm {
  const [, prefix = "", , inner] = STRING.exec(literal) ?? [];
  if (inner === undefined || /[fFbB]/.test(prefix)) return { kind: "other" };
  if (/[rR]/.test(prefix)) return { kind: "string", value: inner };
  const value = inner.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\s\S])/g, (whole, code: string) =>
    code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (escapes[code] ?? whole),
  );
  return { kind: "string", value };
}
