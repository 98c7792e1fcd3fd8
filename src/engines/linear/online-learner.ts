// Learning one row at a time. Every coordinate, an input or the intercept, has a rate of its own that falls with the squares of the gradients it has seen:
// what is rare goes on learning when what is frequent has settled. A row is answered before it is learnt from, so that what was answered says how
// good the model would have been had it gone live with its first row.
//
// FTRL-Proximal is Algorithm 1 of McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013. AdaGrad is the diagonal form of Duchi, Hazan and
// Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", JMLR 12 (2011), without a projection.

import type { LinearModel } from "./artifact.ts";

/** How an online learner's weights follow the gradients. */
export type OnlineRule =
  | {
      readonly algorithm: "ftrl";
      /** α: the rate of a coordinate is α / (β + √Σ g²). */
      readonly rate: number;
      readonly beta: number;
      /** Penalties on weights; the intercept has none. */
      readonly l1: number;
      readonly l2: number;
    }
  | {
      readonly algorithm: "adagrad";
      /** The rate of a coordinate is rate / √(Σ g² + 1e-8). */
      readonly rate: number;
    };

/** What a learner has learnt, of shape (columns + 1), the intercept last. */
export interface OnlineState {
  /** FTRL's z, or AdaGrad's weights. */
  readonly sums: Float64Array;
  /** Σ g² of each coordinate. */
  readonly squares: Float64Array;
}

/** A learner that rows are given to in their order. */
export interface OnlineLearner {
  /** The score of a row, link(Σ weight × value), in float64; a missing value (NaN) adds nothing. */
  answer(cells: Float32Array, start: number): number;
  /** Learns from the row answered last: `error` is the slope of its loss by the sum, times what the row weighs. */
  learn(cells: Float32Array, start: number, error: number): void;
  /** The weights as they are now, of shape (columns + 1), the intercept last. */
  weights(): Float64Array;
  readonly state: OnlineState;
}

const EPSILON = 1e-8;

/** A learner of `columns` inputs, from the beginning or from a state, which it changes in place. */
export function onlineLearner(
  rule: OnlineRule,
  link: LinearModel["link"],
  columns: number,
  state: OnlineState = { sums: new Float64Array(columns + 1), squares: new Float64Array(columns + 1) },
): OnlineLearner {
  const { sums, squares } = state;
  const weightOf = (place: number): number => {
    const sum = sums[place] ?? 0;
    if (rule.algorithm === "adagrad") return sum;
    const { rate, beta } = rule;
    const [l1, l2] = place === columns ? [0, 0] : [rule.l1, rule.l2];
    if (Math.abs(sum) <= l1) return 0;
    return -(sum - Math.sign(sum) * l1) / ((beta + Math.sqrt(squares[place] ?? 0)) / rate + l2);
  };
  // What the answer was computed with, which the paper's update takes too.
  const used = new Float64Array(columns + 1);
  const step = (place: number, gradient: number): void => {
    const before = squares[place] ?? 0;
    const after = before + gradient * gradient;
    squares[place] = after;
    if (rule.algorithm === "adagrad")
      sums[place] = (sums[place] ?? 0) - (rule.rate / Math.sqrt(after + EPSILON)) * gradient;
    else {
      const sigma = (Math.sqrt(after) - Math.sqrt(before)) / rule.rate;
      sums[place] = (sums[place] ?? 0) + gradient - sigma * (used[place] ?? 0);
    }
  };
  return {
    state,
    answer: (cells, start) => {
      let sum = weightOf(columns);
      used[columns] = sum;
      for (let column = 0; column < columns; column += 1) {
        const value = cells[start + column] ?? 0;
        if (value === 0 || Number.isNaN(value)) continue;
        const weight = weightOf(column);
        used[column] = weight;
        sum += weight * value;
      }
      return link === "logistic" ? 1 / (1 + Math.exp(-sum)) : sum;
    },
    learn: (cells, start, error) => {
      for (let column = 0; column < columns; column += 1) {
        const value = cells[start + column] ?? 0;
        if (value !== 0 && !Number.isNaN(value)) step(column, error * value);
      }
      step(columns, error);
    },
    weights: () => Float64Array.from({ length: columns + 1 }, (_, place) => weightOf(place)),
  };
}
