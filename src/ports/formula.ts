// A runtime may say what it computes in plain numbers. Another engine can then write the same model in its own format, and be held to the same scores.

import type { AnswerLink } from "../core/core.ts";
import type { Runtime } from "./runtime.ts";

/** One decision tree, its nodes by number, 0 the root. A node without a left child (−1) is a leaf. */
export interface DecisionTree {
  /** Which of the model's outputs it adds to. */
  readonly output: number;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** The column that a node asks; of a leaf 0. */
  readonly columns: Int32Array;
  /** A row goes left where its float32 value is below this; of a leaf 0. */
  readonly thresholds: Float32Array;
  /** 1 where a row goes left if its value is missing. */
  readonly missingLeft: Uint8Array;
  /** What a leaf adds; of other nodes 0. */
  readonly leaves: Float32Array;
  /** By node, the codes with which a row goes right; for such a node there is no threshold. */
  readonly categories: ReadonlyMap<number, readonly number[]>;
}

/** How the answer comes from the sum. */
export type FormulaLink = AnswerLink;

/** A model in plain numbers. */
export type ModelFormula =
  /** link(intercept + Σ coefficient × value); a missing value is the column's mean. */
  | {
      readonly kind: "linear";
      readonly link: "identity" | "logistic";
      readonly intercept: number;
      readonly coefficients: readonly number[];
      readonly means: readonly number[];
    }
  /** link(base + Σ leaves), for each output. */
  | {
      readonly kind: "trees";
      readonly link: FormulaLink;
      readonly columns: number;
      /** Of shape (outputs). */
      readonly base: readonly number[];
      readonly trees: readonly DecisionTree[];
    };

/** A runtime that can say what its artifacts compute. */
export interface ExplicitRuntime extends Runtime {
  /** The formula of a model, of its first rounds only where these are given. Throws ARTIFACT_CORRUPT; INPUT_INVALID for a kind of model that has none. */
  formulaOf(artifact: Uint8Array, options?: { readonly rounds?: number }): ModelFormula;
}

/** Whether a runtime can say what its artifacts compute. */
export function isExplicitRuntime(runtime: Runtime): runtime is ExplicitRuntime {
  return "formulaOf" in runtime;
}
