// The JavaScript reader of an expression: compiles a tree once into a function of one row. This file is the meaning of every
// operator; the SQL readers must agree with it on every value, and a property test holds them to it.
// int64 and timestamp are bigint here, as in tables; whole-number results outside 64 bits are null.

import {
  civilDate,
  type DataType,
  type DecimalType,
  decimalNumber,
  fitsDecimal,
  fitsInt64,
  isDecimal,
  kindOf,
  type StructValue,
  type Value,
} from "../core/core.ts";
import type { ExpressionNode, LeafNode, Operator } from "./node.ts";
import { readPattern } from "./pattern.ts";

/** Reads a leaf's value from a row. */
export type LeafReader<Row> = (leaf: LeafNode) => (row: Row) => Value;

/** Compiles an expression into a function of one row. `leaf` says, once per leaf, how to read it. */
export function rowFunction<Row>(node: ExpressionNode, leaf: LeafReader<Row>): (row: Row) => Value {
  if (node.kind === "literal") {
    const { value } = node;
    return () => value;
  }
  if (node.kind !== "call") return leaf(node);
  const args = node.args.map((arg) => rowFunction(arg, leaf));
  const [first = () => null, second = () => null, third = () => null] = args;
  switch (node.operator) {
    case "and":
      return (row) => threeValued(first(row), () => second(row), false);
    case "or":
      return (row) => threeValued(first(row), () => second(row), true);
    case "isNull":
      return (row) => first(row) === null;
    case "coalesce":
      return (row) => first(row) ?? second(row);
    case "when":
      return (row) => (first(row) === true ? second(row) : third(row));
    case "matches": {
      const pattern = new RegExp(readPattern(String(literalsOf(node.args)[0])).javascript, "u");
      return (row) => {
        const value = first(row);
        return value === null ? null : pattern.test(String(value));
      };
    }
    case "isOneOf": {
      const known = literalsOf(node.args);
      if (!known.some((literal) => typeof literal === "object")) {
        const set = new Set(known);
        return (row) => {
          const value = first(row);
          return value === null ? null : set.has(value);
        };
      }
      return (row) => {
        const value = first(row);
        return value === null ? null : known.some((literal) => compareValues(literal as Known, value) === 0);
      };
    }
    default: {
      const apply = strict(
        node.operator,
        node.type,
        node.args.map((arg) => arg.type),
      );
      return (row) => {
        const values = args.map((arg) => arg(row));
        return values.includes(null) ? null : apply(values as Known[]);
      };
    }
  }
}

/** The values of the literals among a call's arguments after the first. */
function literalsOf([, ...rest]: readonly ExpressionNode[]): readonly Value[] {
  return rest.flatMap((each) => (each.kind === "literal" ? [each.value] : []));
}

/** A value that is not null. */
type Known = Exclude<Value, null>;

function threeValued(left: Value, right: () => Value, decisive: boolean): Value {
  if (left === decisive) return decisive;
  const other = right();
  if (other === decisive) return decisive;
  return left === null || other === null ? null : !decisive;
}

/**
 * Orders two values of one type: NaN after every number, text by code points, false before true, bytes by bytes. Lists and structs go element
 * by element and then by length; inside them, null is after everything.
 */
export function compareValues(left: Known, right: Known): number {
  if (typeof left === "string" && typeof right === "string") return compareText(left, right);
  if (typeof left === "object" && typeof right === "object") return compareNested(left, right);
  if (typeof left === "number" || typeof right === "number") {
    const [a, b] = [Number(left), Number(right)];
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return a < b ? -1 : Number(a > b);
  }
  return left < right ? -1 : Number(left > right);
}

type Nested = Uint8Array | readonly Value[] | StructValue;

function compareNested(left: Nested, right: Nested): number {
  const items = (value: Nested): ArrayLike<Value> =>
    value instanceof Uint8Array || Array.isArray(value) ? value : Object.values(value);
  const [a, b] = [items(left), items(right)];
  for (let index = 0; index < a.length && index < b.length; index += 1) {
    const [x = null, y = null] = [a[index], b[index]];
    const order = x === null || y === null ? Number(x === null) - Number(y === null) : compareValues(x, y);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareText(left: string, right: string): number {
  const [a, b] = [[...left], [...right]];
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const step = (a[index]?.codePointAt(0) ?? 0) - (b[index]?.codePointAt(0) ?? 0);
    if (step !== 0) return step;
  }
  return a.length - b.length;
}

const whole = (value: bigint): Value => (fitsInt64(value) ? value : null);
const big = (value: Known | undefined): bigint => BigInt(value as bigint | number);
/** The instants that every engine can hold: DuckDB's TIMESTAMP is the narrowest. */
const instant = (value: bigint): Value =>
  value >= -9_223_372_022_400_000_000n && value <= 9_223_372_036_854_775_806n ? value : null;
const num = (value: Known | undefined): number => Number(value);
const text = (value: Known | undefined): string => String(value);
const units = (value: bigint, type: DecimalType): Value => (fitsDecimal(value, type) ? value : null);

type Apply = (args: readonly Known[]) => Value;

function strict(operator: Operator, type: DataType, argTypes: readonly DataType[]): Apply {
  const isWhole = type === "int64";
  const [self = type] = argTypes;
  if (isDecimal(self)) return onDecimal(operator, type, self, argTypes);
  switch (operator) {
    case "add":
      return isWhole ? ([a, b]) => whole(big(a) + big(b)) : ([a, b]) => num(a) + num(b);
    case "subtract":
      return isWhole ? ([a, b]) => whole(big(a) - big(b)) : ([a, b]) => num(a) - num(b);
    case "multiply":
      return isWhole ? ([a, b]) => whole(big(a) * big(b)) : ([a, b]) => num(a) * num(b);
    case "divide":
      // The sign of a zero is not part of a value, so that what is divided by it must not tell.
      return ([a, b]) => num(a) / (num(b) + 0);
    case "remainder":
      return ([a, b]) => (big(b) === 0n ? null : big(a) % big(b));
    case "negate":
      return isWhole ? ([a]) => whole(-big(a)) : ([a]) => -num(a);
    case "abs":
      return isWhole ? ([a]) => whole(big(a) < 0n ? -big(a) : big(a)) : ([a]) => Math.abs(num(a));
    case "floor":
      return ([a]) => Math.floor(num(a));
    case "toFloat64":
      return ([a]) => num(a);
    case "toInt64":
      return ([a]) => (typeof a === "number" ? truncated(a) : big(a));
    case "isNaN":
      return ([a]) => Number.isNaN(a);
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return comparison(operator, argTypes);
    case "not":
      return ([a]) => a === false;
    case "concat":
      return ([a, b]) => text(a) + text(b);
    case "length":
      return kindOf(self) === "string"
        ? ([a]) => BigInt([...text(a)].length)
        : ([a]) => BigInt((a as Uint8Array | readonly Value[]).length);
    case "startsWith":
      return ([a, b]) => text(a).startsWith(text(b));
    case "endsWith":
      return ([a, b]) => text(a).endsWith(text(b));
    case "contains":
      return ([a, b]) => text(a).includes(text(b));
    case "substring":
      return ([a, start, count]) => [...text(a)].slice(num(start), num(start) + num(count)).join("");
    case "shift":
      return ([a, by]) => instant(big(a) + big(by));
    case "unitsSince":
      return ([a, b, unit]) => whole(floorDivide(big(a) - big(b), big(unit)));
    case "year":
    case "month":
    case "dayOfMonth":
      return ([a]) => BigInt(civilDate(Number(dayOf(a)))[operator]);
    case "dayOfWeek":
      return ([a]) => floorModulo(dayOf(a) + 3n, 7n) + 1n;
    case "hourOfDay":
      return ([a]) => floorModulo(floorDivide(big(a), 3_600_000_000n), 24n);
    case "minuteOfHour":
      return ([a]) => floorModulo(floorDivide(big(a), 60_000_000n), 60n);
    case "daysSince":
      return ([a, b]) => big(a) - big(b);
    case "at":
      return ([a, place]) => (a as readonly Value[]).at(num(place)) ?? null;
    case "field":
      return ([a, name]) => (a as StructValue)[text(name)] ?? null;
    case "units":
    case "and":
    case "or":
    case "isNull":
    case "coalesce":
    case "when":
    case "matches":
    case "isOneOf":
      throw new TypeError(`${operator} is compiled elsewhere.`);
    default:
      return operator satisfies never;
  }
}

/** What works on decimals: sums within one scale, the sign, comparison across scales, and the ways out. */
function onDecimal(operator: Operator, type: DataType, self: DecimalType, argTypes: readonly DataType[]): Apply {
  const result = type as DecimalType;
  switch (operator) {
    case "add":
      return ([a, b]) => units(big(a) + big(b), result);
    case "subtract":
      return ([a, b]) => units(big(a) - big(b), result);
    case "negate":
      return ([a]) => -big(a);
    case "abs":
      return ([a]) => (big(a) < 0n ? -big(a) : big(a));
    case "toFloat64":
      return ([a]) => decimalNumber(big(a), self.scale);
    case "toInt64":
      return ([a]) => big(a) / 10n ** BigInt(self.scale);
    case "units":
      return ([a]) => big(a);
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge": {
      const verdict = verdicts[operator];
      const [left, right] = argTypes.map((each) => 10n ** BigInt(MOST_SCALE - (each as DecimalType).scale));
      return ([a, b]) => verdict(compareValues(big(a) * (left ?? 1n), big(b) * (right ?? 1n)));
    }
    default:
      throw new TypeError(`${operator} does not work on decimals.`);
  }
}

const MOST_SCALE = 18;

type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

const verdicts: Readonly<Record<Comparison, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
};

function comparison(operator: Comparison, argTypes: readonly DataType[]): Apply {
  const verdict = verdicts[operator];
  // A whole number meets a float as a float, as SQL does; two whole numbers of different width meet as int64.
  if (argTypes.includes("int64") && argTypes.includes("int32"))
    return ([a, b]) => verdict(compareValues(big(a), big(b)));
  return ([a, b]) => verdict(compareValues(a as Known, b as Known));
}

const DAY = 86_400_000_000n;

/** The day of a date, which is a number, or of an instant. */
function dayOf(value: Known | undefined): bigint {
  return typeof value === "number" ? BigInt(value) : floorDivide(big(value), DAY);
}

function floorDivide(value: bigint, by: bigint): bigint {
  return (value - floorModulo(value, by)) / by;
}

function floorModulo(value: bigint, by: bigint): bigint {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
}

function truncated(value: number): Value {
  return Number.isFinite(value) ? whole(BigInt(Math.trunc(value))) : null;
}
