// What a view's aggregates need summed up, each thing once: several features over the same value share its count and sum. The same
// terms are what the offline SQL adds up, what the online store keeps per tile, and what both divide at the end.

import { canonicalJson, type Duration, isDecimal, isFloat } from "../core/core.ts";
import type { ExpressionNode, FeatureRule, FeatureSpec, FeatureViewSpec, WindowRule } from "../define/define.ts";

/**
 * One thing that is added up over events. `rows` counts events; the others look at one value's non-null cells. `moments` are how many there are
 * and what their variance comes from: offline the mean and the sum of squared distances from it, which merge in the order of events (Chan,
 * Golub & LeVeque 1979, "Updating formulae and a pairwise algorithm for computing sample variances"), online what exact-moments.ts says.
 */
export type CellTerm =
  | { readonly kind: "rows" }
  | { readonly kind: "count" | "true" | "wholeSum" | "min" | "max" | "moments"; readonly value: ExpressionNode }
  | FloatSumTerm;

/** A sum of float64. */
export interface FloatSumTerm {
  readonly kind: "floatSum";
  readonly value: ExpressionNode;
}

/**
 * One thing whose size grows with what it has seen: how often each item occurred (`distinct` and `tally`: the values; `registers` and
 * `buckets`: their codes in a sketch), or the rows that come first or last.
 */
export type GatheredTerm = ItemTerm | RowTerm;

/** Items and how often each occurred. */
export interface ItemTerm {
  readonly kind: "distinct" | "registers" | "buckets" | "tally";
  readonly value: ExpressionNode;
}

/** The value of the first or last rows where it is not null. */
export interface RowTerm {
  readonly kind: "first" | "last";
  readonly value: ExpressionNode;
  /** How many of the last rows; absent means one, and no list. */
  readonly size?: number;
}

/** A part of a window that merges. */
export type Term = CellTerm | GatheredTerm;

/** Whether a term fits in cells. */
export function isCellTerm(term: Term): term is CellTerm {
  return !isItemTerm(term) && !isRowTerm(term);
}

/** Whether a term is kept as items. */
export function isItemTerm(term: Term): term is ItemTerm {
  return term.kind === "distinct" || term.kind === "registers" || term.kind === "buckets" || term.kind === "tally";
}

/** Whether a term is kept as rows. */
export function isRowTerm(term: Term): term is RowTerm {
  return term.kind === "first" || term.kind === "last";
}

/** From this size on a float64 makes a variance NaN, so that no square on the way leaves float64. */
export const MOMENTS_LIMIT = 1e140;

/** A window feature with the terms (by place in the view's list) that its result is made of. */
export interface WindowFeature {
  readonly feature: FeatureSpec;
  readonly window: bigint;
  readonly result: WindowResult;
}

/** How a window's value comes out of its terms. */
export type WindowResult = CellResult | GatheredResult;

/** A value from the fixed cells of its terms. */
export type CellResult =
  | { readonly kind: "count"; readonly of: number }
  /** `scale`: `top` counts units of a decimal. */
  | { readonly kind: "ratio"; readonly top: number; readonly count: number; readonly scale?: number }
  | { readonly kind: "value"; readonly of: number; readonly count: number }
  /** Events per unit of [tail, t). */
  | { readonly kind: "rate"; readonly of: number; readonly unit: Duration }
  /** Whole units from the greatest instant to t. */
  | { readonly kind: "since"; readonly of: number; readonly count: number; readonly unit: Duration }
  /** From a number, a sum and a sum of squares, all exact. */
  | {
      readonly kind: "wholeVariance";
      readonly count: number;
      readonly of: number;
      readonly squares: number;
      readonly isRoot: boolean;
    }
  | { readonly kind: "variance"; readonly of: number; readonly isRoot: boolean };

/** A value from one term that is gathered. */
export type GatheredResult =
  /** How many items there are, or the estimate of it. */
  | { readonly kind: "distinct"; readonly of: number }
  | { readonly kind: "quantile"; readonly of: number; readonly rank: number; readonly isWhole: boolean }
  /** The most frequent items. */
  | { readonly kind: "top"; readonly of: number; readonly size: number }
  | { readonly kind: "row"; readonly of: number }
  | { readonly kind: "rows"; readonly of: number };

/** The terms that a result is made of. */
export function termsOf(result: WindowResult): readonly number[] {
  switch (result.kind) {
    case "count":
    case "rate":
    case "variance":
    case "distinct":
    case "quantile":
    case "top":
    case "row":
    case "rows":
      return [result.of];
    case "ratio":
      return [result.top, result.count];
    case "value":
    case "since":
      return [result.of, result.count];
    case "wholeVariance":
      return [result.of, result.count, result.squares];
    default:
      return result satisfies never;
  }
}

/** A view's window features over one shared list of terms. */
export interface WindowPlan {
  readonly terms: readonly Term[];
  readonly features: readonly WindowFeature[];
}

/** The window features among a view's features, with what they need summed up. */
export function windowPlan(view: FeatureViewSpec): WindowPlan {
  const terms: Term[] = [];
  const places = new Map<string, number>();
  const place = (term: Term): number => {
    const id = canonicalJson(term);
    const known = places.get(id) ?? terms.length;
    if (known === terms.length) terms.push(term);
    places.set(id, known);
    return known;
  };
  const features = view.features.flatMap((feature): readonly WindowFeature[] =>
    feature.rule.kind === "window"
      ? [{ feature, window: feature.rule.window, result: resultOf(feature.rule, view, place) }]
      : [],
  );
  return { terms, features };
}

function resultOf(rule: WindowRule, view: FeatureViewSpec, place: (term: Term) => number): WindowResult {
  const { aggregate, where, unit = 1n } = rule;
  const counted = (value: ExpressionNode): number =>
    place(canBeNull(value, view) ? { kind: "count", value } : { kind: "rows" });
  const events = (): number => place(where ? { kind: "true", value: where } : { kind: "rows" });
  if (aggregate === "rate") return { kind: "rate", of: events(), unit };
  if (aggregate === "timeSinceLast") {
    const value = filtered(eventTimeOf(view), where);
    return { kind: "since", of: place({ kind: "max", value }), count: counted(value), unit };
  }
  if (rule.value === undefined) return { kind: "count", of: events() };
  const value = filtered(rule.value, where);
  const count = (): number => counted(value);
  const sum = (): number => {
    const summed = summedValue(value);
    return place({ kind: summed.type === "float64" ? "floatSum" : "wholeSum", value: summed });
  };
  switch (aggregate) {
    case "count":
      return { kind: "count", of: count() };
    case "mean":
      return {
        kind: "ratio",
        top: sum(),
        count: count(),
        ...(isDecimal(value.type) ? { scale: value.type.scale } : {}),
      };
    case "share":
      return { kind: "ratio", top: place({ kind: "true", value }), count: count() };
    case "sum":
      return { kind: "value", of: sum(), count: count() };
    case "min":
    case "max":
      return { kind: "value", of: place({ kind: aggregate, value }), count: count() };
    case "variance":
    case "stddev": {
      const isRoot = aggregate === "stddev";
      if (value.type !== "int32")
        return { kind: "variance", of: place({ kind: "moments", value: asFloat(value) }), isRoot };
      const squares = place({ kind: "wholeSum", value: call("multiply", "int64", [value, value]) });
      return { kind: "wholeVariance", of: sum(), count: count(), squares, isRoot };
    }
    case "countDistinct":
      return { kind: "distinct", of: place({ kind: "distinct", value: wholeUnits(value) }) };
    case "approxCountDistinct":
      return { kind: "distinct", of: place({ kind: "registers", value: wholeUnits(value) }) };
    case "quantile": {
      const of = place({ kind: "buckets", value: asFloat(value) });
      return {
        kind: "quantile",
        of,
        rank: rule.rank ?? 0.5,
        isWhole: value.type === "int32" || value.type === "int64",
      };
    }
    case "topK":
      return { kind: "top", of: place({ kind: "tally", value }), size: rule.size ?? 1 };
    case "first":
    case "last":
      return { kind: "row", of: place({ kind: aggregate, value }) };
    case "lastK":
      return { kind: "rows", of: place({ kind: "last", value, size: rule.size ?? 1 }) };
    default:
      return aggregate satisfies never;
  }
}

const call = (
  operator: Extract<ExpressionNode, { readonly kind: "call" }>["operator"],
  type: ExpressionNode["type"],
  args: readonly ExpressionNode[],
): ExpressionNode => ({ kind: "call", operator, args, type });

const asFloat = (value: ExpressionNode): ExpressionNode =>
  value.type === "float64" ? value : call("toFloat64", "float64", [value]);

/** What is added up for a value: a float32 is widened first, and a decimal is its units. */
function summedValue(value: ExpressionNode): ExpressionNode {
  return value.type === "float32" ? asFloat(value) : wholeUnits(value);
}

const wholeUnits = (value: ExpressionNode): ExpressionNode =>
  isDecimal(value.type) ? call("units", "int64", [value]) : value;

/** A value that is null where a filter is not true: every aggregate of a value leaves nulls out. */
function filtered(value: ExpressionNode, where: ExpressionNode | undefined): ExpressionNode {
  if (where === undefined) return value;
  return call("when", value.type, [where, value, { kind: "literal", value: null, type: value.type }]);
}

function eventTimeOf({ source }: FeatureViewSpec): ExpressionNode {
  return { kind: "column", source: source.name, name: source.eventTime ?? "", type: "timestamp" };
}

/** Whether a value may be null: a column declared without nulls, or a comparison of such, never is. */
function canBeNull(value: ExpressionNode, view: FeatureViewSpec): boolean {
  if (value.kind === "literal") return value.value === null;
  if (value.kind !== "call") return view.source.columns.find(({ name }) => name === value.name)?.optional !== false;
  return !NEVER_NULL.has(value.operator) || value.args.some((arg) => canBeNull(arg, view));
}

const NEVER_NULL = new Set([
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "and",
  "or",
  "not",
  "toFloat64",
  "divide",
  "floor",
  "isNaN",
  "matches",
  "isOneOf",
  "units",
  "daysSince",
]);

/** Whether a term over a window is the difference of two running totals, exactly: true for counts and whole-number sums. */
export function isSubtractable(term: Term): term is CellTerm {
  return term.kind === "rows" || term.kind === "count" || term.kind === "true" || term.kind === "wholeSum";
}

/** Whether a rule adds up float64, whose last bits depend on the order of addition. */
export function dependsOnOrder(rule: FeatureRule): boolean {
  if (rule.kind !== "window") return false;
  const { aggregate, value } = rule;
  if (aggregate === "variance" || aggregate === "stddev") return value?.type !== "int32";
  return (aggregate === "sum" || aggregate === "mean") && value !== undefined && isFloat(value.type);
}
