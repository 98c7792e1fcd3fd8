// The typed, chainable face of the expression tree. A method only builds a node; nothing is computed here.
// An operand may be another expression or a plain value; types that cannot meet do not compile.

import {
  type DataType,
  type DecimalType,
  type Duration,
  isDecimal,
  isFloat,
  isList,
  isNumeric,
  isStruct,
  isWellFormed,
  kindOf,
  type ListType,
  type NumericType,
  parseDecimal,
  SlipwayError,
  type StructShape,
  type StructType,
  sameType,
  type TypeKind,
  typeText,
  type Value,
  type ValueOf,
  valueFrom,
} from "../core/core.ts";
import type { ExpressionNode, Operator } from "./node.ts";
import { readPattern } from "./pattern.ts";

type Comparable<T extends DataType> = T extends NumericType ? NumericType : T extends DecimalType ? DecimalType : T;
type Literal<T extends DataType> = T extends NumericType
  ? number | bigint
  : T extends DecimalType
    ? string | number
    : T extends "date"
      ? string | number
      : ValueOf<T>;

/** What may stand beside an expression of type `T`: an expression that compares with it, or a plain value. */
export type Operand<T extends DataType> = Expression<Comparable<T>> | Literal<T>;

type Sum<A extends DataType, B> = A extends "float32" | "float64"
  ? "float64"
  : B extends Expression<"float64"> | Expression<"float32">
    ? "float64"
    : "int64";
type NumericOperand = Expression<NumericType> | number | bigint;
type DecimalOperand = Expression<DecimalType> | string | number;

/**
 * A value computed from a row, described but not computed. Nulls spread through every operator except `isNull`, `orElse`, `when`,
 * and the three-valued `and` and `or`. NaN equals NaN and is greater than every number; -0 equals 0. Whole-number results outside 64
 * bits are null, and so are decimals of more than 18 digits. A float32 is widened, exactly, before anything is computed with it. Lists and
 * structs are not compared; take an element or a field.
 */
export interface Expression<T extends DataType = DataType> {
  readonly node: ExpressionNode;
  readonly type: T;
  eq(other: Operand<T>): Expression<"bool">;
  ne(other: Operand<T>): Expression<"bool">;
  lt(other: Operand<T>): Expression<"bool">;
  le(other: Operand<T>): Expression<"bool">;
  gt(other: Operand<T>): Expression<"bool">;
  ge(other: Operand<T>): Expression<"bool">;
  isNull(): Expression<"bool">;
  /** Whether this value is one of some plain values. */
  isOneOf<V extends DataType>(this: Expression<V>, values: readonly Literal<V>[]): Expression<"bool">;
  /** This value, or `other` where it is null. */
  orElse(other: Expression<T> | Literal<T>): Expression<T>;

  /**
   * Whole numbers give int64, anything else float64; the same for `minus` and `times`. Two decimals of one scale add up to a decimal, exactly;
   * whatever else a decimal is to be computed with needs `toFloat64()` first.
   */
  plus<O extends NumericOperand>(this: Expression<NumericType>, other: O): Expression<Sum<T, O>>;
  plus(this: Expression<DecimalType>, other: DecimalOperand): Expression<DecimalType>;
  minus<O extends NumericOperand>(this: Expression<NumericType>, other: O): Expression<Sum<T, O>>;
  minus(this: Expression<DecimalType>, other: DecimalOperand): Expression<DecimalType>;
  times<O extends NumericOperand>(this: Expression<NumericType>, other: O): Expression<Sum<T, O>>;
  /** IEEE 754 division, always float64: 1/0 is Infinity, 0/0 is NaN. */
  dividedBy(this: Expression<NumericType>, other: NumericOperand): Expression<"float64">;
  /** The remainder of whole numbers, with the sign of this value; null for a divisor of 0. */
  remainder(
    this: Expression<"int32" | "int64">,
    other: Expression<"int32" | "int64"> | number | bigint,
  ): Expression<"int64">;
  negated(this: Expression<NumericType>): Expression<Sum<T, never>>;
  negated(this: Expression<DecimalType>): Expression<DecimalType>;
  abs(this: Expression<NumericType>): Expression<Sum<T, never>>;
  abs(this: Expression<DecimalType>): Expression<DecimalType>;
  floor(this: Expression<"float32"> | Expression<"float64">): Expression<"float64">;
  isNaN(this: Expression<"float32"> | Expression<"float64">): Expression<"bool">;
  /** A decimal's units as the nearest float64, divided by its power of ten. */
  toFloat64(this: Expression<NumericType> | Expression<DecimalType>): Expression<"float64">;
  /** Cut towards zero; null for NaN and for what does not fit. */
  toInt64(this: Expression<NumericType> | Expression<DecimalType>): Expression<"int64">;

  and(this: Expression<"bool">, other: Expression<"bool"> | boolean): Expression<"bool">;
  or(this: Expression<"bool">, other: Expression<"bool"> | boolean): Expression<"bool">;
  not(this: Expression<"bool">): Expression<"bool">;

  concat(this: Expression<"string">, other: Expression<"string"> | string): Expression<"string">;
  /** Length of a text in Unicode code points, of bytes in bytes, of a list in elements, nulls among them. */
  length(this: Expression<"string"> | Expression<"bytes"> | Expression<ListType>): Expression<"int64">;
  startsWith(this: Expression<"string">, prefix: Expression<"string"> | string): Expression<"bool">;
  endsWith(this: Expression<"string">, suffix: Expression<"string"> | string): Expression<"bool">;
  contains(this: Expression<"string">, part: Expression<"string"> | string): Expression<"bool">;
  /** Whether a part of the text matches; `^` and `$` tie it to the ends. Patterns that SQL engines read otherwise are refused. */
  matches(this: Expression<"string">, pattern: RegExp): Expression<"bool">;
  /** Up to `count` code points from the `start`-th, counted from 0. */
  substring(this: Expression<"string">, start: number, count: number): Expression<"string">;

  /** This instant moved by a duration. */
  shift(this: Expression<"timestamp">, by: Duration): Expression<"timestamp">;
  /** Whole units from `earlier` to this instant, rounded down. */
  unitsSince(
    this: Expression<"timestamp">,
    earlier: Expression<"timestamp"> | bigint,
    unit: Duration,
  ): Expression<"int64">;
  /** Days from `earlier` to this day; negative when it is later. */
  daysSince(this: Expression<"date">, earlier: Expression<"date"> | string): Expression<"int64">;
  /** Calendar parts in UTC; `dayOfWeek` is 1 on Monday to 7 on Sunday. */
  year(this: Expression<"timestamp"> | Expression<"date">): Expression<"int64">;
  month(this: Expression<"timestamp"> | Expression<"date">): Expression<"int64">;
  dayOfMonth(this: Expression<"timestamp"> | Expression<"date">): Expression<"int64">;
  dayOfWeek(this: Expression<"timestamp"> | Expression<"date">): Expression<"int64">;
  hourOfDay(this: Expression<"timestamp">): Expression<"int64">;
  minuteOfHour(this: Expression<"timestamp">): Expression<"int64">;

  /** The element at `index`, counted from 0, or from the end when negative; null outside the list. */
  at<E extends DataType>(this: Expression<ListType<E>>, index: number): Expression<E>;
  /** The value of a struct's field. */
  field<S extends StructShape, N extends keyof S & string>(
    this: Expression<StructType<S>>,
    name: N,
  ): Expression<S[N]["type"]>;
}

/** Whether a value is an expression. */
export function isExpression(value: unknown): value is Expression {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === methods;
}

/** Wraps a node in the chainable face. */
export function expressionOf<T extends DataType>(node: ExpressionNode & { readonly type: T }): Expression<T> {
  const face = Object.create(methods) as { node: ExpressionNode; type: T };
  face.node = Object.freeze(node);
  face.type = node.type;
  return Object.freeze(face) as Expression<T>;
}

/** A plain value as an expression of the given type. Throws DEFINITION_INVALID when it has another type. */
export function literal<T extends DataType>(value: Literal<T>, type: T): Expression<T> {
  return expressionOf(literalNode(value, type) as ExpressionNode & { type: T });
}

function literalNode(value: unknown, type: DataType): ExpressionNode {
  const fitted = fittedLiteral(value, type);
  if (fitted === undefined)
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `${String(value)} cannot be used as a value of type ${typeText(type)}.`,
    );
  return Object.freeze({ kind: "literal", value: fitted, type });
}

function fittedLiteral(value: unknown, type: DataType): Value | undefined {
  const isNumber = typeof value === "number" || typeof value === "bigint";
  switch (type) {
    case "string":
      return typeof value === "string" && isWellFormed(value) ? value : undefined;
    case "int32":
      return Number.isInteger(Number(value)) && Math.abs(Number(value)) < 2 ** 31 ? Number(value) : undefined;
    case "int64":
    case "timestamp":
      return wholeNumber(value);
    case "float32":
      return isNumber ? Math.fround(Number(value)) : undefined;
    case "float64":
      return isNumber ? Number(value) : undefined;
    default:
      // A number is as good as its text for a decimal: 12.5 is "12.5".
      if (isDecimal(type)) return typeof value === "bigint" ? undefined : parseDecimal(String(value), type);
      return valueFrom(type, value, false, "", () => {
        throw new SlipwayError(
          "DEFINITION_INVALID",
          `${String(value)} cannot be used as a value of type ${typeText(type)}.`,
        );
      });
  }
}

function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return BigInt.asIntN(64, value) === value ? value : undefined;
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

/** The node of an operand beside a value of type `beside`: a fraction beside whole numbers is float64. */
function operandNode(operand: unknown, beside: DataType): ExpressionNode {
  if (isExpression(operand)) return operand.node;
  if (beside === "int32" || beside === "int64") {
    const whole = wholeNumber(operand);
    return whole === undefined ? literalNode(operand, "float64") : literalNode(whole, "int64");
  }
  return literalNode(operand, beside === "float32" ? "float64" : beside);
}

function call(operator: Operator, type: DataType, args: readonly ExpressionNode[]): Expression {
  return expressionOf(Object.freeze({ kind: "call", operator, args: Object.freeze(args), type }));
}

const isInteger = (type: DataType): boolean => type === "int32" || type === "int64";

function requireType(method: string, self: Expression, ok: boolean): void {
  if (!ok) refuse(method, self);
}

function refuse(method: string, self: Expression): never {
  throw new SlipwayError("DEFINITION_INVALID", `${method}() does not work on a ${typeText(self.type)} value.`);
}

function compare(operator: Operator) {
  return function (this: Expression, other: unknown): Expression {
    const right = operandNode(other, this.type);
    const isPair = (is: (type: DataType) => boolean): boolean => is(this.type) && is(right.type);
    const isFlat = !isList(this.type) && !isStruct(this.type);
    requireType(operator, this, isFlat && (sameType(right.type, this.type) || isPair(isNumeric) || isPair(isDecimal)));
    return call(operator, "bool", [this.node, right]);
  };
}

function arithmetic(operator: Operator) {
  return function (this: Expression, other: unknown): Expression {
    const right = operandNode(other, this.type);
    if (isDecimal(this.type) && isDecimal(right.type)) return decimalSum(operator, this.node, this.type, right);
    requireType(operator, this, isNumeric(this.type) && isNumeric(right.type));
    const type = isFloat(this.type) || isFloat(right.type) ? "float64" : "int64";
    if (type === "int64" && !isExpression(other) && wholeNumber(other) === undefined)
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `${String(other)} is a fraction: write .toFloat64() before ${operator}.`,
      );
    return call(operator, type, [this.node, right]);
  };
}

const MOST_DIGITS = 18;

function decimalSum(operator: Operator, left: ExpressionNode, type: DecimalType, right: ExpressionNode): Expression {
  const other = right.type as DecimalType;
  if (operator === "multiply" || other.scale !== type.scale)
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `${operator} of ${typeText(type)} and ${typeText(other)} is not exact: add and subtract decimals of one scale only, and write .toFloat64() before anything else.`,
    );
  const digits = Math.max(type.precision, other.precision) + 1;
  return call(operator, { kind: "decimal", precision: Math.min(digits, MOST_DIGITS), scale: type.scale }, [
    left,
    right,
  ]);
}

function unary(operator: Operator, accepts: readonly TypeKind[], type: (self: DataType) => DataType) {
  return function (this: Expression): Expression {
    requireType(operator, this, accepts.includes(kindOf(this.type)));
    return call(operator, type(this.type), [this.node]);
  };
}

function binary(operator: Operator, accepts: DataType, type: DataType) {
  return function (this: Expression, other: unknown): Expression {
    const right = operandNode(other, accepts);
    requireType(operator, this, this.type === accepts && right.type === accepts);
    return call(operator, type, [this.node, right]);
  };
}

const floats: readonly TypeKind[] = ["float32", "float64"];
const numbers: readonly TypeKind[] = ["int32", "int64", "decimal", ...floats];
const sameWidth = (self: DataType): DataType => (isDecimal(self) ? self : isFloat(self) ? "float64" : "int64");
const calendar = (operator: Operator) => unary(operator, ["timestamp", "date"], () => "int64");
const clock = (operator: Operator) => unary(operator, ["timestamp"], () => "int64");

const methods = Object.freeze({
  eq: compare("eq"),
  ne: compare("ne"),
  lt: compare("lt"),
  le: compare("le"),
  gt: compare("gt"),
  ge: compare("ge"),
  isNull(this: Expression): Expression {
    return call("isNull", "bool", [this.node]);
  },
  isOneOf(this: Expression, values: readonly unknown[]): Expression {
    if (values.length === 0) throw new SlipwayError("DEFINITION_INVALID", "isOneOf() needs at least one value.");
    requireType("isOneOf", this, !isList(this.type) && !isStruct(this.type));
    return call("isOneOf", "bool", [this.node, ...values.map((value) => literalNode(value, this.type))]);
  },
  orElse(this: Expression, other: unknown): Expression {
    const right = isExpression(other) ? other.node : literalNode(other, this.type);
    requireType("orElse", this, sameType(right.type, this.type));
    return call("coalesce", this.type, [this.node, right]);
  },
  plus: arithmetic("add"),
  minus: arithmetic("subtract"),
  times: arithmetic("multiply"),
  dividedBy(this: Expression, other: unknown): Expression {
    const right = operandNode(other, this.type);
    requireType("dividedBy", this, isNumeric(this.type) && isNumeric(right.type));
    return call("divide", "float64", [this.node, right]);
  },
  remainder(this: Expression, other: unknown): Expression {
    const right = operandNode(other, "int64");
    requireType("remainder", this, isInteger(this.type) && isInteger(right.type));
    return call("remainder", "int64", [this.node, right]);
  },
  negated: unary("negate", numbers, sameWidth),
  abs: unary("abs", numbers, sameWidth),
  floor: unary("floor", floats, () => "float64"),
  isNaN: unary("isNaN", floats, () => "bool"),
  toFloat64: unary("toFloat64", numbers, () => "float64"),
  toInt64: unary("toInt64", numbers, () => "int64"),
  and: binary("and", "bool", "bool"),
  or: binary("or", "bool", "bool"),
  not: unary("not", ["bool"], () => "bool"),
  concat: binary("concat", "string", "string"),
  length: unary("length", ["string", "bytes", "list"], () => "int64"),
  startsWith: binary("startsWith", "string", "bool"),
  endsWith: binary("endsWith", "string", "bool"),
  contains: binary("contains", "string", "bool"),
  matches(this: Expression, pattern: RegExp): Expression {
    requireType("matches", this, this.type === "string");
    const flags = pattern.flags.replace("u", "");
    if (flags !== "")
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `The pattern ${String(pattern)} has the flag "${flags}", which SQL engines read otherwise. Leave it out, and spell both cases as [Aa].`,
      );
    readPattern(pattern.source);
    return call("matches", "bool", [this.node, literalNode(pattern.source, "string")]);
  },
  substring(this: Expression, start: number, count: number): Expression {
    requireType("substring", this, this.type === "string" && start >= 0 && count >= 0);
    return call("substring", "string", [this.node, literalNode(start, "int64"), literalNode(count, "int64")]);
  },
  shift(this: Expression, by: Duration): Expression {
    requireType("shift", this, this.type === "timestamp");
    return call("shift", "timestamp", [this.node, literalNode(by, "int64")]);
  },
  unitsSince(this: Expression, earlier: unknown, unit: Duration): Expression {
    const start = operandNode(earlier, "timestamp");
    requireType("unitsSince", this, this.type === "timestamp" && start.type === "timestamp" && unit > 0n);
    return call("unitsSince", "int64", [this.node, start, literalNode(unit, "int64")]);
  },
  daysSince: binary("daysSince", "date", "int64"),
  year: calendar("year"),
  month: calendar("month"),
  dayOfMonth: calendar("dayOfMonth"),
  dayOfWeek: calendar("dayOfWeek"),
  hourOfDay: clock("hourOfDay"),
  minuteOfHour: clock("minuteOfHour"),
  at(this: Expression, index: number): Expression {
    if (!isList(this.type)) return refuse("at", this);
    return call("at", this.type.of, [this.node, literalNode(index, "int64")]);
  },
  field(this: Expression, name: string): Expression {
    if (!isStruct(this.type)) return refuse("field", this);
    const field = this.type.fields.find((candidate) => candidate.name === name);
    if (!field)
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `${typeText(this.type)} has no field "${name}". It has: ${this.type.fields.map((each) => each.name).join(", ")}.`,
      );
    return call("field", field.type, [this.node, literalNode(name, "string")]);
  },
});

/** `when(condition, value).otherwise(other)`: `value` where the condition is true, `other` where it is false or null. */
export function when<T extends DataType>(
  condition: Expression<"bool">,
  value: Expression<T>,
): { otherwise(other: Expression<T> | Literal<T>): Expression<T> } {
  return {
    otherwise(other) {
      const alternative = isExpression(other) ? other.node : literalNode(other, value.type);
      if (!sameType(alternative.type, value.type))
        throw new SlipwayError(
          "DEFINITION_INVALID",
          `when() gives ${typeText(value.type)} but otherwise() ${typeText(alternative.type)}.`,
        );
      return call("when", value.type, [condition.node, value.node, alternative]) as Expression<T>;
    },
  };
}
