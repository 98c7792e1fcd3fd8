// The Page-Hinkley test: how far the sum of the numbers' distances from their own mean has come from its least, or greatest, so far (Page 1954, "Continuous
// inspection schemes"; with fading sums as in Sebastião and Fernandes 2017).

import { SlipwayError } from "../../core/core.ts";
import type { Detector } from "./detector.ts";

/** How it looks. */
export interface PageHinkleyOptions {
  /** Numbers before the first look; default 30. */
  readonly minInstances?: number;
  /** A distance from the mean that is no change; default 0.005. */
  readonly delta?: number;
  /** How far the sum must come; default 50. */
  readonly threshold?: number;
  /** How much of the sum is left after each number; default 0.9999. */
  readonly alpha?: number;
  /** Which changes of the mean are looked for; default both. */
  readonly mode?: "up" | "down" | "both";
}

/** Starts the test. Throws INPUT_INVALID for options that are out of range. */
export function pageHinkley({
  minInstances = 30,
  delta = 0.005,
  threshold = 50,
  alpha = 1 - 0.0001,
  mode = "both",
}: PageHinkleyOptions = {}): Detector {
  if (!(threshold > 0) || !(delta >= 0) || !(alpha > 0 && alpha <= 1))
    throw new SlipwayError(
      "INPUT_INVALID",
      `Page-Hinkley's threshold is ${threshold}, delta ${delta} and alpha ${alpha}; give a threshold above 0, a delta from 0, and an alpha up to 1.`,
    );
  let [count, mean, rise, fall, least, greatest] = start();
  let hasChanged = false;
  return {
    update(value) {
      if (!Number.isFinite(value)) return false;
      if (hasChanged) [count, mean, rise, fall, least, greatest] = start();
      count += 1;
      mean += (value - mean) / count;
      rise = alpha * rise + (value - mean) - delta;
      fall = alpha * fall + (value - mean) + delta;
      least = Math.min(least, rise);
      greatest = Math.max(greatest, fall);
      const isUp = mode !== "down" && rise - least > threshold;
      const isDown = mode !== "up" && greatest - fall > threshold;
      hasChanged = count >= minInstances && (isUp || isDown);
      return hasChanged;
    },
  };
}

type State = [count: number, mean: number, rise: number, fall: number, least: number, greatest: number];

// river begins with a greatest sum of −1; a first fall is seen one number earlier or later by it, and its values are kept to.
const start = (): State => [0, 0, 0, 0, Number.POSITIVE_INFINITY, -1];
