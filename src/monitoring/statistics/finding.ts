import { normalBeyond, normalDistance } from "./tails.ts";

/** What a finding is about; the names are stable. */
export type Statistic =
  | "location"
  | "spread"
  | "shape"
  | "nulls"
  | "share"
  | "value"
  | "newValue"
  | "newValues"
  | "correlation";

/** One question asked of a column, and its answer. */
export interface Finding {
  readonly statistic: Statistic;
  /** The effect, in about standard deviations of the reference; Cohen's h or w for shares; the sign is the direction. */
  readonly value: number;
  /** The chance of so much or more when nothing (or no more than the floor) has changed. */
  readonly pValue: number;
  /** The effect that a p-value of so much would have needed at this window's own size. */
  readonly needed: (pValue: number) => number;
  /** Before and now, in the column's own unit or as shares; absent where one figure does not tell it. */
  readonly from?: number;
  readonly to?: number;
  /** The category that the finding is about. */
  readonly of?: string;
}

/**
 * The p-value of an effect known to so much error, when effects up to `floor` do not count (Hodges and Lehmann 1954, "Testing the
 * approximate validity of statistical hypotheses"): the chance at the floor's edge, which is the greatest inside it.
 */
export const beyondFloor = (effect: number, error: number, floor: number): number =>
  normalBeyond(Math.max(0, Math.abs(effect) - floor) / error);

/** The effect beyond the floor that so small a p-value needs. */
export const neededBeyond =
  (error: number, floor: number) =>
  (pValue: number): number =>
    floor + normalDistance(pValue) * error;
