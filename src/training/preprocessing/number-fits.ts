// What steps for numbers learn from the training rows. Means and variances are taken in one pass and keep nothing; what needs quantiles keeps eight bytes a row
// and column, and what needs the most frequent value one entry for each different value.

import type { FittedStep, Signal } from "../../core/core.ts";
import { compareValues, type StepSpec } from "../../define/define.ts";
import { quantilesOf } from "./order-statistics.ts";
import { type Fail, numbersOf, type StepFit, type StepOf, textsOf } from "./step-fit.ts";

/** The fit of a step that scales, imputes or makes buckets; undefined for other steps. */
export function numberFit(step: StepSpec, fail: Fail): StepFit | undefined {
  switch (step.step) {
    case "standardize":
      return standardizing(fail);
    case "minMaxScale":
      return minMaxScaling(step, fail);
    case "robustScale":
      return robustScaling(fail);
    case "bucketize":
      return "quantiles" in step ? quantileBuckets(step.quantiles, fail) : undefined;
    case "impute":
      return "by" in step ? imputing(step.by, fail) : undefined;
    default:
      return undefined;
  }
}

/** Visits the values that are not missing; an infinite one is refused. */
function eachNumber(signal: Signal, fail: Fail, visit: (value: number) => void): void {
  const values = numbersOf(signal);
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    if (!Number.isFinite(value)) fail(`is ${value} in a training row; make it null, or bring it into range`);
    visit(value);
  }
}

/** What is divided by less than this may be infinite. */
const SMALLEST_NORMAL = 2 ** -1022;

const NO_VALUE = "is missing in every training row; leave it out, or look at where it comes from";

/** Mean and sum of squared differences in one pass (B. P. Welford, Technometrics 4(3), 1962). */
export function runningMoments(): {
  add(value: number): void;
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
} {
  let [count, mean, squares] = [0, 0, 0];
  return {
    add(value) {
      count += 1;
      const difference = value - mean;
      mean += difference / count;
      squares += difference * (value - mean);
    },
    get count() {
      return count;
    },
    get mean() {
      return mean;
    },
    get squares() {
      return squares;
    },
  };
}

function standardizing(fail: Fail): StepFit {
  const moments = runningMoments();
  return {
    add: (signal) => eachNumber(signal, fail, moments.add),
    finish() {
      const { count, mean, squares } = moments;
      if (count === 0) fail(NO_VALUE);
      const scale = Math.sqrt(squares / count);
      return { step: scaling("standardize", mean, scale, mean, fail) };
    },
  };
}

function minMaxScaling({ clip }: StepOf<"minMaxScale">, fail: Fail): StepFit {
  let [least, greatest] = [Infinity, -Infinity];
  return {
    add: (signal) =>
      eachNumber(signal, fail, (value) => {
        if (value < least) least = value;
        if (value > greatest) greatest = value;
      }),
    finish() {
      if (least > greatest) fail(NO_VALUE);
      const step = scaling("minMaxScale", least, greatest - least, least, fail);
      return { step: clip ? { ...step, clip } : step };
    },
  };
}

type Five = readonly [number, number, number, number, number];

function robustScaling(fail: Fail): StepFit {
  const kept = keptNumbers(fail);
  return {
    add: kept.add,
    finish() {
      const [least, low, median, high, greatest] = quantilesOf(kept.values(), [0, 0.25, 0.5, 0.75, 1]) as Five;
      if (high === low && least !== greatest)
        fail(
          `has ${median} in more than half of the training rows, so that its quartiles are one; scale it with standardize()`,
        );
      return { step: scaling("robustScale", median, high - low, median, fail) };
    },
  };
}

function scaling(
  by: "standardize" | "minMaxScale" | "robustScale",
  center: number,
  scale: number,
  value: number,
  fail: Fail,
) {
  if (scale < SMALLEST_NORMAL) fail(`is ${value} in every training row, which tells nothing apart; leave it out`);
  if (!Number.isFinite(scale) || !Number.isFinite(center))
    fail("spreads beyond what a float64 can hold; bring it into range");
  return { step: "scale", by, center, scale } as const satisfies FittedStep;
}

function quantileBuckets(quantiles: number, fail: Fail): StepFit {
  const kept = keptNumbers(fail);
  return {
    add: kept.add,
    finish() {
      const shares = Array.from({ length: quantiles + 1 }, (_, place) => place / quantiles);
      const all = quantilesOf(kept.values(), shares);
      const distinct = all.filter((edge, place) => place === 0 || edge > (all[place - 1] ?? 0));
      if (distinct.length < 2) fail(`is ${distinct[0]} in every training row, which makes one bucket; leave it out`);
      return { step: { step: "bucketize", edges: distinct.slice(1, -1) } };
    },
  };
}

function imputing(by: StepOf<"impute"> extends { readonly by: infer B } ? B : string, fail: Fail): StepFit {
  if (by === "mostFrequent") return mostFrequent(fail);
  if (by === "median") {
    const kept = keptNumbers(fail);
    return {
      add: kept.add,
      finish: () => ({ step: { step: "impute", value: quantilesOf(kept.values(), [0.5])[0] ?? Number.NaN } }),
    };
  }
  const moments = runningMoments();
  return {
    add: (signal) => eachNumber(signal, fail, moments.add),
    finish() {
      if (moments.count === 0) fail(NO_VALUE);
      return { step: { step: "impute", value: moments.mean } };
    },
  };
}

function mostFrequent(fail: Fail): StepFit {
  const counts = new Map<number | string, number>();
  const count = (value: number | string): void => void counts.set(value, (counts.get(value) ?? 0) + 1);
  return {
    add(signal) {
      if (signal.kind === "text") for (const value of textsOf(signal)) value !== null && count(value);
      else eachNumber(signal, fail, count);
    },
    finish() {
      let found: readonly [number | string, number] | undefined;
      for (const entry of counts)
        if (!found || entry[1] > found[1] || (entry[1] === found[1] && compareValues(entry[0], found[0]) < 0))
          found = entry;
      return { step: { step: "impute", value: found?.[0] ?? fail(NO_VALUE) } };
    },
  };
}

/** All values, for what needs quantiles of them. */
function keptNumbers(fail: Fail): { readonly add: StepFit["add"]; readonly values: () => Float64Array } {
  let values = new Float64Array(1024);
  let length = 0;
  return {
    add: (signal) =>
      eachNumber(signal, fail, (value) => {
        if (length === values.length) {
          const larger = new Float64Array(length * 2);
          larger.set(values);
          values = larger;
        }
        values[length] = value;
        length += 1;
      }),
    values() {
      if (length === 0) fail(NO_VALUE);
      return values.subarray(0, length);
    },
  };
}
