// What a version's inputs go through, in words and figures.

import { CROSSED, type FittedStep, type VersionInput } from "../core/core.ts";
import type { Line } from "./output.ts";
import { visible } from "./visible.ts";
import { figure } from "./words.ts";

const MOST_SHOWN = 4;

/** A table of the inputs that are prepared; nothing where none is. */
export function preparedLines(inputs: readonly VersionInput[]): readonly Line[] {
  const rows = inputs.flatMap((input) =>
    input.kind === "prepared"
      ? [
          [
            visible(input.name),
            visible(input.of.map(({ name }) => name).join(" × ")),
            input.steps.map(stepText).join(", then ") || "as a category",
            input.columns.length,
          ],
        ]
      : [],
  );
  return rows.length === 0 ? [] : ["", { columns: ["input", "made from", "steps", "columns"], rows }];
}

/** A fitted step in words: `standardize (mean 3.2, deviation 0.71)`. */
function stepText(step: FittedStep): string {
  switch (step.step) {
    case "impute":
      return `impute (${typeof step.value === "string" ? visible(JSON.stringify(step.value)) : figure(step.value)})`;
    case "scale":
      return `${step.by} (less ${figure(step.center)}, through ${figure(step.scale)}${step.clip ? ", from 0 to 1" : ""})`;
    case "bucketize":
      return `bucketize (${some(step.edges.map(figure), "edges")})`;
    case "oneHot":
      return `oneHot (${some(step.categories.map(named), "categories")}${step.missing ? ", missing" : ""}${step.others ? ", others" : ""}${step.unseen ? "; others refused" : ""})`;
    case "targetEncode":
      return `targetEncode (${step.categories.length} categories, others ${step.others.map(figure).join(" ")}${step.unseen ? "; others refused" : ""})`;
    case "ngramHash":
      return `ngramHash (${step.n} characters, ${step.buckets} buckets)`;
    case "hash":
      return `hash (${step.buckets} buckets)`;
    case "dateParts":
      return `dateParts (${step.parts.join(", ")})`;
    default:
      return step.step;
  }
}

const named = (category: string): string => visible(category.replaceAll(CROSSED, "×"));

function some(values: readonly string[], what: string): string {
  if (values.length <= MOST_SHOWN) return values.join(", ") || `no ${what}`;
  return `${values.slice(0, MOST_SHOWN).join(", ")} … ${values.length} ${what}`;
}
