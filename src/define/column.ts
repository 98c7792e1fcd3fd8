// A column of a source as the leaf of an expression. It leads back to its source, which is not part of the plain data: it is neither
// hashed nor stored.

import type { ColumnSchema } from "../core/core.ts";
import type { LeafNode } from "./node.ts";
import type { SourceSpec } from "./source.ts";

const sourceOf: unique symbol = Symbol.for("slipway.sourceOf") as never;

type ColumnLeaf = Extract<LeafNode, { readonly kind: "column" }>;

/** The leaf of one column of a source. */
export function columnLeaf(source: SourceSpec, column: ColumnSchema): ColumnLeaf {
  const leaf: ColumnLeaf = { kind: "column", source: source.name, name: column.name, type: column.type };
  return Object.defineProperty(leaf, sourceOf, { value: source });
}

/** The source a column's leaf was taken from. */
export function sourceOfLeaf(leaf: ColumnLeaf): SourceSpec {
  return (leaf as ColumnLeaf & { readonly [sourceOf]: SourceSpec })[sourceOf];
}
