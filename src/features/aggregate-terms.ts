// What a view's aggregates need summed up, each thing once: several features over the same value share its count and sum. The same
// terms are what the offline SQL adds up, what the online store keeps per tile, and what both divide at the end.

import { canonicalJson } from "../core/core.ts";
import type { ExpressionNode, FeatureSpec, FeatureViewSpec } from "../define/define.ts";

/** One thing that is added up over events. `rows` counts events; the others look at one value's non-null cells. */
export type Term =
  | { readonly kind: "rows" }
  | { readonly kind: "count" | "true" | "wholeSum" | "floatSum" | "min" | "max"; readonly value: ExpressionNode };

/** A window feature with the terms (by place in the view's list) that its result is made of. */
export interface WindowFeature {
  readonly feature: FeatureSpec;
  readonly window: bigint;
  readonly result:
    | { readonly kind: "count"; readonly of: number }
    | { readonly kind: "ratio"; readonly top: number; readonly count: number }
    | { readonly kind: "value"; readonly of: number; readonly count: number };
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
  const features = view.features.flatMap((feature): readonly WindowFeature[] => {
    const { rule } = feature;
    if (rule.kind !== "window") return [];
    const { aggregate, value, window } = rule;
    if (value === undefined) return [{ feature, window, result: { kind: "count", of: place({ kind: "rows" }) } }];
    const count = place(canBeNull(value, view) ? { kind: "count", value } : { kind: "rows" });
    const sum = (): number => place({ kind: value.type === "float64" ? "floatSum" : "wholeSum", value });
    switch (aggregate) {
      case "count":
        return [{ feature, window, result: { kind: "count", of: count } }];
      case "mean":
        return [{ feature, window, result: { kind: "ratio", top: sum(), count } }];
      case "share":
        return [{ feature, window, result: { kind: "ratio", top: place({ kind: "true", value }), count } }];
      case "sum":
        return [{ feature, window, result: { kind: "value", of: sum(), count } }];
      case "min":
      case "max":
        return [{ feature, window, result: { kind: "value", of: place({ kind: aggregate, value }), count } }];
      default:
        return aggregate satisfies never;
    }
  });
  return { terms, features };
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
]);

/** Whether a term over a window is the difference of two running totals, exactly: true for counts and whole-number sums. */
export function isSubtractable(term: Term): boolean {
  return term.kind === "rows" || term.kind === "count" || term.kind === "true" || term.kind === "wholeSum";
}
