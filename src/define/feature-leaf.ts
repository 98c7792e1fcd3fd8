// A feature of a view as the leaf of an expression. It leads back to its view, which is not part of the plain data: it is neither hashed nor stored.

import type { DataType } from "../core/core.ts";
import type { FeatureViewSpec } from "./feature-view.ts";
import type { LeafNode } from "./node.ts";

const ownerOf: unique symbol = Symbol.for("slipway.viewOfLeaf") as never;

type FeatureLeaf<T extends DataType = DataType> = Extract<LeafNode, { readonly kind: "feature" }> & {
  readonly type: T;
};

/** The leaf of one feature; `owner` gives the view once it is made. */
export function featureLeaf(
  view: string,
  feature: { readonly name: string; readonly type: DataType },
  owner: () => FeatureViewSpec,
): FeatureLeaf {
  const leaf: FeatureLeaf = { kind: "feature", view, name: feature.name, type: feature.type };
  return Object.defineProperty(leaf, ownerOf, { value: owner });
}

/** The view that a feature's leaf was taken from. */
export function viewOfLeaf(leaf: FeatureLeaf): FeatureViewSpec {
  return (leaf as FeatureLeaf & { readonly [ownerOf]: () => FeatureViewSpec })[ownerOf]();
}
