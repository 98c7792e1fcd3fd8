// Definitions of now are held against definitions out of the records, which are JSON: both are brought into one plain form first.

import { contentHash } from "../core/core.ts";
import { type FeatureViewSpec, meaningOf } from "../define/define.ts";

/** A definition's meaning in values that JSON has: the same for a definition and for what the records give back of it. */
export function plainMeaning<T>(value: T): T {
  return plainForm(meaningOf(value));
}

/** A definition, with all that is said about it, in values that JSON has. */
export function plainForm<T>(value: T): T {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "bigint" || (typeof item === "number" && !Number.isFinite(item)) ? String(item) : item,
  );
  return JSON.parse(text) as T;
}

/** The hash of what one feature of a view means: it changes with the feature and with the view around it, not with other features. */
export function featureMeaning(view: FeatureViewSpec, feature: string): string | undefined {
  const own = view.features.find(({ name }) => name === feature);
  return own && contentHash(plainMeaning({ ...view, features: [own] }));
}
