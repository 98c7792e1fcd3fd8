// CUSUM: two sums of how far the numbers lie above and below what is expected, beyond an allowance, each at least 0 (Page 1954; the tabular form of
// Montgomery, "Introduction to Statistical Quality Control", section 9.1). It sees small lasting shifts of the mean soon. What is expected is given, or
// learnt from the first numbers.

import { SlipwayError } from "../../core/core.ts";
import type { Detector } from "./detector.ts";

/** How it looks. */
export interface CusumOptions {
  /** The mean and the standard deviation that are expected; learnt from the first `warmUp` numbers where they are left out. */
  readonly expected?: { readonly mean: number; readonly deviation: number };
  /** Default 100. */
  readonly warmUp?: number;
  /** Half of the shift that is to be seen, in standard deviations; default 0.5. */
  readonly allowance?: number;
  /** How high a sum may come, in standard deviations; default 5: with the default allowance one false alarm in about 465 numbers of a normal stream. */
  readonly threshold?: number;
}

/** CUSUM with its sums. */
export interface Cusum extends Detector {
  /** How far the numbers have come above what is expected, in standard deviations. */
  readonly above: number;
  readonly below: number;
}

/** Starts CUSUM. Throws INPUT_INVALID for options that are out of range. */
export function cusum({ expected, warmUp = 100, allowance = 0.5, threshold = 5 }: CusumOptions = {}): Cusum {
  const isRight = allowance >= 0 && threshold > 0 && (expected === undefined ? warmUp >= 2 : expected.deviation >= 0);
  if (!isRight)
    throw new SlipwayError(
      "INPUT_INVALID",
      `CUSUM's allowance is ${allowance}, threshold ${threshold}, warmUp ${warmUp} and deviation ${expected?.deviation ?? "learnt"}; give an allowance from 0, a threshold above 0, at least 2 numbers to learn from, and a deviation from 0.`,
    );
  let [count, mean, squares, above, below] = [0, 0, 0, 0, 0];
  let hasChanged = false;
  return {
    update(value) {
      if (!Number.isFinite(value)) return false;
      if (hasChanged) [count, mean, squares, above, below] = [0, 0, 0, 0, 0];
      hasChanged = false;
      if (expected === undefined && count < warmUp) {
        // Welford 1962.
        count += 1;
        const away = value - mean;
        mean += away / count;
        squares += away * (value - mean);
        return false;
      }
      const [center, deviation] = expected
        ? [expected.mean, expected.deviation]
        : [mean, Math.sqrt(squares / (count - 1))];
      // What never varied is one deviation away as soon as it does.
      const away = value === center ? 0 : (value - center) / (deviation || Math.abs(value - center));
      above = Math.max(0, above + away - allowance);
      below = Math.max(0, below - away - allowance);
      hasChanged = above > threshold || below > threshold;
      return hasChanged;
    },
    get above() {
      return above;
    },
    get below() {
      return below;
    },
  };
}
