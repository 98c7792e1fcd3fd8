// Expectations: what a source's rows, or a view's values, must keep to. One about a row is a condition, an expression like any other, so
// that SQL and JavaScript read it alike wherever rows come in; like a CHECK in SQL it fails only where it is false, and null passes (say
// notNull for that). One about the whole set (unique, fresh, counted, referring) is a query. Severity says what a failure does: `reject`
// sets the row aside, `warn` only tells, `stop` ends the run before anything is changed.

import {
  type DataType,
  type Duration,
  formatDuration,
  type NumericType,
  SlipwayError,
  sameType,
  typeText,
} from "../core/core.ts";
import { sourceOfLeaf } from "./column.ts";
import type { Expression } from "./expression.ts";
import { type ExpressionNode, type LeafNode, leavesOf } from "./node.ts";
import type { SourceSpec } from "./source.ts";

/** What a failed expectation does. */
export type Severity = "reject" | "warn" | "stop";

/** An expectation about each row. */
export interface RowExpectationSpec {
  readonly kind: "row";
  /** How it was written: names the expectation in messages, records and tables. */
  readonly text: string;
  /** A boolean; the row fails where it is false. */
  readonly condition: ExpressionNode;
  readonly severity: Severity;
}

/** What a set of rows is asked. */
export type SetRule =
  /** No two rows have the same values here; a null is no value. */
  | { readonly check: "unique"; readonly columns: readonly string[] }
  /** The newest row known is no older than this. */
  | { readonly check: "fresh"; readonly within: Duration }
  /** There are about as many rows as before: per period of event time, or for a static source, at the looks before. */
  | {
      readonly check: "rowCount";
      readonly atLeast?: number;
      /** The greatest deviation from the median before, as a part of it. */
      readonly within?: number;
      /** How many periods or looks make the median. */
      readonly of: number;
      readonly per?: Duration;
    }
  /** Every value that is not null is a value of another source's column. */
  | { readonly check: "references"; readonly column: string; readonly source: SourceSpec; readonly target: string };

/** An expectation about all rows together. */
export interface SetExpectationSpec {
  readonly kind: "set";
  readonly text: string;
  readonly rule: SetRule;
  readonly severity: Exclude<Severity, "reject">;
}

/** An expectation as plain data. */
export type ExpectationSpec = RowExpectationSpec | SetExpectationSpec;

type Faces = Readonly<Record<string, Expression>>;

/** Makes the plain data once the columns are known. */
const declared: unique symbol = Symbol.for("slipway.expectation") as never;

/** An expectation as users write it; `C` are the columns it needs, with the types it can be about. */
export interface Expectation<in C = never> {
  readonly [declared]: (columns: Faces, what: string) => ExpectationSpec;
  /** Only a type: nothing is stored here. */
  readonly needs?: (columns: C) => void;
  /** A failure is told and counted, and changes nothing else. */
  orWarn(): this;
  /** A failure ends the run before anything is changed. */
  orStop(): this;
}

/** An expectation about each row, or about a view's values. */
export interface RowExpectation<in C = never> extends Expectation<C> {
  readonly about: "row";
}

/** What may stand in `expect`: an expectation, or a function of the row's columns that gives one. */
export type Expected<C> = Expectation<C> | ((row: ExpressionsOf<C>) => Expectation<unknown>);

/** The same for a view's values. */
export type ExpectedValue<C> = RowExpectation<C> | ((values: ExpressionsOf<C>) => RowExpectation<unknown>);

type ExpressionsOf<C> = { readonly [K in keyof C]: Expression<C[K] & DataType> };

type Needs<N extends string, T extends DataType = DataType> = { readonly [K in N]: T };
type Ordered = NumericType | "timestamp" | "date";

function rowExpectation<C>(
  text: string,
  condition: (columns: Faces, what: string) => Expression,
  severity: Severity = "reject",
): RowExpectation<C> {
  return Object.freeze({
    about: "row",
    [declared]: (columns: Faces, what: string): ExpectationSpec => {
      const { node } = condition(columns, what);
      return { kind: "row", text, condition: node, severity };
    },
    orWarn: () => rowExpectation<C>(text, condition, "warn"),
    orStop: () => rowExpectation<C>(text, condition, "stop"),
  } as const) as RowExpectation<C>;
}

function setExpectation<C>(
  text: string,
  rule: SetRule,
  severity: SetExpectationSpec["severity"] = "stop",
): Expectation<C> {
  return Object.freeze({
    [declared]: (): ExpectationSpec => ({ kind: "set", text, rule, severity }),
    orWarn: () => setExpectation<C>(text, rule, "warn"),
    orStop: () => setExpectation<C>(text, rule, "stop"),
  }) as Expectation<C>;
}

function written(word: string, ...args: readonly unknown[]): string {
  const shown = args.map((arg) =>
    JSON.stringify(arg, (_, item: unknown) => (typeof item === "bigint" ? `${item}n` : item))?.replace(
      /"(-?\d+)n"/g,
      "$1n",
    ),
  );
  return `${word}(${shown.join(", ")})`;
}

function face(columns: Faces, what: string, column: string, text: string): Expression {
  const found = Object.hasOwn(columns, column) ? columns[column] : undefined;
  if (!found) refuse(what, text, `there is no "${column}"; there are ${Object.keys(columns).join(", ")}.`);
  return found;
}

function refuse(what: string, text: string, why: string): never {
  throw new SlipwayError("DEFINITION_INVALID", `${what} expects ${text}, but ${why}`);
}

/** The column holds no null. */
export function notNull<const N extends string>(column: N): RowExpectation<Needs<N>> {
  const text = written("notNull", column);
  return rowExpectation(text, (columns, what) =>
    (face(columns, what, column, text).isNull() as Expression<"bool">).not(),
  );
}

/** The value lies between two bounds, both inclusive; NaN is above every number. */
export function between<const N extends string>(
  column: N,
  low: number | bigint,
  high: number | bigint,
): RowExpectation<Needs<N, Ordered>> {
  const text = written("between", column, low, high);
  if (!(low <= high)) throw new SlipwayError("DEFINITION_INVALID", `${text} has its bounds the wrong way round.`);
  return rowExpectation(text, (columns, what) => {
    const value = face(columns, what, column, text);
    return value.ge(low as never).and(value.le(high as never));
  });
}

/** The value is this or more. */
export function atLeast<const N extends string>(column: N, low: number | bigint): RowExpectation<Needs<N, Ordered>> {
  const text = written("atLeast", column, low);
  return rowExpectation(text, (columns, what) => face(columns, what, column, text).ge(low as never));
}

/** The value is this or less; NaN is above every number. */
export function atMost<const N extends string>(column: N, high: number | bigint): RowExpectation<Needs<N, Ordered>> {
  const text = written("atMost", column, high);
  return rowExpectation(text, (columns, what) => face(columns, what, column, text).le(high as never));
}

/** The value is one of these. */
export function oneOf<const N extends string, V extends string | number | bigint>(
  column: N,
  values: readonly V[],
): RowExpectation<Needs<N, V extends string ? "string" : NumericType>> {
  const text = written("oneOf", column, values);
  return rowExpectation(text, (columns, what) => face(columns, what, column, text).isOneOf(values as never));
}

/** A part of the text matches; tie the pattern to the ends with `^` and `$`. */
export function matches<const N extends string>(column: N, pattern: RegExp): RowExpectation<Needs<N, "string">> {
  const text = `matches(${JSON.stringify(column)}, ${String(pattern)})`;
  return rowExpectation(text, (columns, what) =>
    (face(columns, what, column, text) as Expression<"string">).matches(pattern),
  );
}

/** Any other condition, under a name of your own: `(row) => holds("lands after it leaves", row.landed_at.gt(row.left_at))`. */
export function holds(name: string, condition: Expression<"bool">): RowExpectation<unknown> {
  return rowExpectation(written("holds", name), () => condition);
}

/** No two rows have the same values in these columns; rows with a null in one of them don't count. */
export function unique<const N extends string>(columns: readonly N[]): Expectation<Needs<N>> {
  const text = written("unique", columns);
  if (columns.length === 0) throw new SlipwayError("DEFINITION_INVALID", `${text} needs at least one column.`);
  return setExpectation(text, { check: "unique", columns });
}

/** The newest row became known no longer ago than this. */
export function freshWithin(within: Duration): Expectation<unknown> {
  const text = `freshWithin(${formatDuration(within)})`;
  if (within <= 0n) throw new SlipwayError("DEFINITION_INVALID", `${text} needs a length of time above zero.`);
  return setExpectation(text, { check: "fresh", within });
}

/** What {@link rowCount} compares. */
export interface RowCountOptions {
  /** At least so many rows, in the source or in the newest whole period. */
  readonly atLeast?: number;
  /** At most this part away from the median before: 0.3 is 30 %. */
  readonly within?: number;
  /** How many periods or looks before make the median; default 7. */
  readonly of?: number;
  /** Count the rows of each period of event time, such as days(1). Without it: all rows, against earlier looks. */
  readonly per?: Duration;
}

/** There are about as many rows as there were. */
export function rowCount(options: RowCountOptions): Expectation<unknown> {
  const { atLeast: least, within, of = 7, per } = options;
  const shown = [
    ...(least === undefined ? [] : [`atLeast: ${least}`]),
    ...(within === undefined ? [] : [`within: ${within}`, `of: ${of}`]),
    ...(per === undefined ? [] : [`per: ${formatDuration(per)}`]),
  ];
  const text = `rowCount({ ${shown.join(", ")} })`;
  const isWrong =
    (least === undefined && within === undefined) ||
    (within !== undefined && !(within > 0)) ||
    (least !== undefined && !(least >= 0)) ||
    !Number.isSafeInteger(of) ||
    of < 1 ||
    (per !== undefined && per <= 0n);
  if (isWrong)
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `${text} needs atLeast or within, above zero, over at least 1 period: rowCount({ within: 0.3, of: 7, per: days(1) }).`,
    );
  return setExpectation(text, {
    check: "rowCount",
    ...(least === undefined ? {} : { atLeast: least }),
    ...(within === undefined ? {} : { within }),
    of,
    ...(per === undefined ? {} : { per }),
  });
}

/** Every value is a value of another source's column: `references("origin", airports.faa)`. */
export function references<const N extends string, T extends DataType>(
  column: N,
  target: Expression<T>,
): Expectation<Needs<N, T>> {
  const { node } = target;
  if (node.kind !== "column")
    throw new SlipwayError("DEFINITION_INVALID", `references("${column}", ...) needs a column of a source.`);
  const source = sourceOfLeaf(node);
  const text = `references(${JSON.stringify(column)}, ${source.name}.${node.name})`;
  return setExpectation(text, { check: "references", column, source, target: node.name });
}

/** A list of expectations as plain data, checked against what there is. Throws DEFINITION_INVALID. */
export function expectationSpecs(
  what: string,
  expectations: readonly Expected<never>[],
  columns: Faces,
): readonly ExpectationSpec[] {
  const found = expectations.map((each) => {
    const expectation = typeof each === "function" ? each(columns as never) : each;
    return expectation[declared](columns as Faces, what);
  });
  const texts = new Set<string>();
  for (const { text, ...each } of found) {
    if (texts.has(text)) refuse(what, text, "twice; leave one out.");
    texts.add(text);
    if (each.kind === "set") checkRule(what, text, each.rule, columns);
    else checkCondition(what, text, each.condition, columns);
  }
  return found;
}

function checkCondition(what: string, text: string, condition: ExpressionNode, columns: Faces): void {
  const leaves = leavesOf(condition);
  if (condition.type !== "bool" || leaves.length === 0) refuse(what, text, "it is not a condition on a column.");
  const own = Object.values(columns)[0]?.node as LeafNode;
  const place = (leaf: LeafNode): string =>
    leaf.kind === "column" ? leaf.source : leaf.kind === "feature" ? leaf.view : "";
  for (const leaf of leaves)
    if (leaf.kind !== own.kind || place(leaf) !== place(own)) refuse(what, text, `"${leaf.name}" is not its own.`);
}

function checkRule(what: string, text: string, rule: SetRule, columns: Faces): void {
  if (rule.check === "unique") for (const column of rule.columns) face(columns, what, column, text);
  if (rule.check === "references") {
    const { type } = face(columns, what, rule.column, text);
    const target = rule.source.columns.find(({ name }) => name === rule.target);
    if (!sameType(target?.type, type))
      refuse(
        what,
        text,
        `"${rule.column}" is ${typeText(type)} and ${rule.source.name}.${rule.target} is ${target ? typeText(target.type) : "not there"}.`,
      );
  }
}

/** The expectations on rows among a source's or a view's. */
export function rowExpectations(expect: readonly ExpectationSpec[] | undefined): readonly RowExpectationSpec[] {
  return (expect ?? []).filter((each): each is RowExpectationSpec => each.kind === "row");
}

/** The condition that a row must not fail to be let in; undefined when every row is. */
export function letInCondition(expect: readonly ExpectationSpec[] | undefined): ExpressionNode | undefined {
  return rowExpectations(expect)
    .filter(({ severity }) => severity === "reject")
    .map(({ condition }) => condition)
    .reduce<ExpressionNode | undefined>(
      (all, each) => (all === undefined ? each : { kind: "call", operator: "and", args: [all, each], type: "bool" }),
      undefined,
    );
}
