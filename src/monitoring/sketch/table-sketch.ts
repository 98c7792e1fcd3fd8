// A reference, and a window counted in its cells: plain values, which is all that the tests of drift look at.

import type { PairCorrelation } from "../statistics/correlation.ts";
import type { CategorySketch, ColumnKind, NumberSketch } from "./column-sketch.ts";
import type { NumberCells } from "./number-cells.ts";

/** A reference column of numbers or moments. */
export interface NumberReference {
  readonly name: string;
  readonly kind: "number" | "moment";
  readonly cells: NumberCells;
  readonly whole: NumberSketch;
  /** By window of the reference's history; absent without one. */
  readonly past?: readonly NumberSketch[];
}

/** A reference column of categories or booleans. */
export interface CategoryReference {
  readonly name: string;
  readonly kind: "boolean" | "category";
  /** Undefined counts: more values than can be held against each other. */
  readonly whole: CategorySketch | UncountedSketch;
  readonly past?: readonly (CategorySketch | UncountedSketch)[];
}

/** A column of more different values than are counted. */
export interface UncountedSketch {
  readonly rows: number;
  readonly missing: number;
  readonly counts: undefined;
}

/** One column that windows are held against. */
export type ColumnReference = NumberReference | CategoryReference;

/** Whether a reference column is counted in cells. */
export const isNumbers = (column: ColumnReference): column is NumberReference =>
  column.kind === "number" || column.kind === "moment";

/** Two reference columns of numbers, and how they go together. */
export interface PairReference {
  readonly a: string;
  readonly b: string;
  readonly correlation: PairCorrelation;
}

/** What windows are held against. */
export interface Reference {
  readonly rows: number;
  readonly columns: readonly ColumnReference[];
  readonly pairs: readonly PairReference[];
  /** Columns of types that are not judged. */
  readonly ignored: readonly string[];
  /** The phase of the week of each window of the history; undefined without one. */
  readonly phases: readonly number[] | undefined;
}

/** One column of a window. */
export type ColumnWindow =
  | { readonly kind: "number" | "moment"; readonly sketch: NumberSketch }
  | { readonly kind: "boolean" | "category"; readonly sketch: CategorySketch | UncountedSketch }
  /** Values of another kind than the reference's. */
  | { readonly kind: "other"; readonly found: ColumnKind | undefined; readonly rows: number };

/** A window, counted in its reference's cells. */
export interface Window {
  readonly rows: number;
  /** By name; a column that is not there is missing. */
  readonly columns: ReadonlyMap<string, ColumnWindow>;
  readonly pairs: readonly PairReference[];
  /** Columns that the reference lacks. */
  readonly ignored: readonly string[];
  /** Its phase of the week; undefined without a history. */
  readonly phase: number | undefined;
}
