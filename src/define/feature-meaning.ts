// What single features mean, and which of them a model reads. Definitions of now are held against definitions out of the records, which are JSON, so
// both are brought into one plain form first.

import { contentHash } from "../core/core.ts";
import { meaningOf } from "./definition.ts";
import type { ExpectationSpec } from "./expectation.ts";
import type { FeatureViewSpec } from "./feature-view.ts";
import type { InputSpec } from "./model.ts";
import { leavesOf } from "./node.ts";

/** A definition, with all that is said about it, in values that JSON has. */
export function plainForm<T>(value: T): T {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "bigint" || (typeof item === "number" && !Number.isFinite(item)) ? String(item) : item,
  );
  return JSON.parse(text) as T;
}

/** The hash of what one feature of a view means: it changes with the feature and with the view around it, not with other features. */
export function featureHash(view: FeatureViewSpec, feature: string): string | undefined {
  const own = view.features.find(({ name }) => name === feature);
  if (!own) return undefined;
  const { expect = [], ...rest } = view;
  const about = expect.filter((each) => mentions(each, feature));
  return contentHash(
    plainForm(meaningOf({ ...rest, ...(about.length === 0 ? {} : { expect: about }), features: [own] })),
  );
}

function mentions(expectation: ExpectationSpec, feature: string): boolean {
  return expectation.kind === "row" && leavesOf(expectation.condition).some(({ name }) => name === feature);
}

/** A feature that some inputs read, and by which of them. */
export interface FeatureRead {
  readonly view: string;
  readonly feature: string;
  readonly inputs: readonly string[];
}

/** Every feature that some inputs read, as inputs or inside derived values, each once. */
export function featuresRead(inputs: readonly InputSpec[]): readonly FeatureRead[] {
  const found = new Map<string, { view: string; feature: string; inputs: string[] }>();
  const add = (view: string, feature: string, input: string): void => {
    const id = `${view}.${feature}`;
    const entry = found.get(id) ?? { view, feature, inputs: [] };
    if (!entry.inputs.includes(input)) entry.inputs.push(input);
    found.set(id, entry);
  };
  for (const input of inputs) {
    if (input.from === "feature") add(input.view, input.name, input.name);
    if (input.from === "derived")
      for (const leaf of leavesOf(input.value)) if (leaf.kind === "feature") add(leaf.view, leaf.name, input.name);
  }
  return [...found.values()];
}
