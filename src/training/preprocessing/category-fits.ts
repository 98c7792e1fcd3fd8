// What steps for categories learn from the training rows. They keep a few numbers for each category, however many rows there are.

import { type FittedOf, textsIn } from "../../core/core.ts";
import { compareValues, type StepSpec } from "../../define/define.ts";
import { foldOf } from "./folds.ts";
import type { Fail, LabelBatch, StepFit, StepOf } from "./step-fit.ts";

/** The fit of a step for categories; undefined for other steps. */
export function categoryFit(step: StepSpec, outputs: number, fail: Fail): StepFit | undefined {
  if (step.step === "oneHot") return oneHotFit(step, fail);
  return step.step === "targetEncode" ? targetFit(step, outputs, fail) : undefined;
}

/** Most different texts that are counted to tell frequent ones from rare ones. */
const MOST_COUNTED = 2 ** 20;

/** The different texts of the training rows, in the order of their code points. */
export function categoriesFit(most: number, fail: Fail): { add: StepFit["add"]; finish(): readonly string[] } {
  const found = new Set<string>();
  return {
    add(signal) {
      for (const text of textsIn(signal)) if (text !== null) found.add(text);
      if (found.size > most)
        fail(`has more than ${most} categories in the training rows: mostCategories in the trainer allows more`);
    },
    finish: () => [...found].sort(compareValues),
  };
}

function oneHotFit({ maxCategories, rare, missing, unseen }: StepOf<"oneHot">, fail: Fail): StepFit {
  const counts = new Map<string, number>();
  const most = rare === "together" ? MOST_COUNTED : maxCategories;
  return {
    add(signal) {
      for (const text of textsIn(signal)) if (text !== null) counts.set(text, (counts.get(text) ?? 0) + 1);
      if (counts.size > most)
        fail(
          rare === "together"
            ? `has more than ${most} categories in the training rows; put hash({ buckets: 1024 }) before oneHot`
            : `has more than ${most} categories in the training rows, such as ${[...counts.keys()]
                .slice(0, 2)
                .map((each) => JSON.stringify(each))
                .join(
                  " and ",
                )}: oneHot({ maxCategories }) allows more, rare: "together" gives all but the most frequent one column`,
        );
    },
    finish() {
      if (counts.size === 0 && missing === undefined)
        fail("is missing in every training row; leave it out, or look at where it comes from");
      const all = [...counts].sort(([a], [b]) => compareValues(a, b));
      const isCut = all.length > maxCategories;
      // Of equally frequent ones the last by name stay, as with scikit-learn's max_categories.
      const kept = isCut
        ? [...all]
            .sort(([, a], [, b]) => a - b)
            .slice(all.length - (maxCategories - 1))
            .map(([name]) => name)
            .sort(compareValues)
        : all.map(([name]) => name);
      return {
        step: {
          step: "oneHot",
          categories: kept,
          ...(missing === undefined ? {} : { missing: true }),
          ...(isCut ? { others: true } : {}),
          ...(unseen === undefined ? {} : { unseen }),
        },
      };
    },
  };
}

/** Labels of one category by fold and output: how many, their mean and the sum of squared differences from it. */
interface Tally {
  readonly counts: Float64Array;
  readonly means: Float64Array;
  readonly squares: Float64Array;
}

interface Moments {
  count: number;
  mean: number;
  squares: number;
}

function targetFit(step: StepOf<"targetEncode">, outputs: number, fail: Fail): StepFit {
  const { folds, maxCategories, seed } = step;
  const tallies = new Map<string, Tally>();
  const newTally = (): Tally => ({
    counts: new Float64Array(folds),
    means: new Float64Array(folds * outputs),
    squares: new Float64Array(folds * outputs),
  });
  const [missing, all] = [newTally(), newTally()];
  const tallyOf = (text: string | null): Tally => {
    if (text === null) return missing;
    const found = tallies.get(text) ?? newTally();
    tallies.set(text, found);
    return found;
  };
  return {
    add(signal, labels) {
      for (const [row, text] of textsIn(signal).entries()) {
        const fold = foldOf(labels.firstRow + row, seed, folds);
        for (const tally of [tallyOf(text), all]) tell(tally, fold, labels, row);
      }
      if (tallies.size > maxCategories)
        fail(
          `has more than ${maxCategories} categories in the training rows; put hash({ buckets: 1024 }) before targetEncode, or allow more: targetEncode({ maxCategories })`,
        );
    },
    finish() {
      const names = [...tallies.keys()].sort(compareValues);
      const groups = names.map((name) => tallies.get(name) ?? missing);
      const encoding = (leftOut: number): FittedOf<"targetEncode"> => {
        const moments = (tally: Tally, output: number): Moments => momentsOf(tally, output, outputs, leftOut);
        const whole = Array.from({ length: outputs }, (_, output) => moments(all, output));
        if (whole[0]?.count === 0) fail(`has too few training rows for ${folds} folds`);
        const encoded = (tally: Tally): readonly number[] =>
          whole.map((overall, output) => smoothed(moments(tally, output), overall, step.smooth));
        return {
          step: "targetEncode",
          categories: names,
          outputs,
          values: groups.flatMap(encoded),
          missing: encoded(missing),
          others: whole.map(({ mean }) => mean),
          ...(step.unseen === undefined ? {} : { unseen: step.unseen }),
        };
      };
      return { step: encoding(-1), perFold: Array.from({ length: folds }, (_, fold) => encoding(fold)) };
    },
  };
}

function tell({ counts, means, squares }: Tally, fold: number, { values, outputs }: LabelBatch, row: number): void {
  const count = (counts[fold] ?? 0) + 1;
  counts[fold] = count;
  for (let output = 0; output < outputs; output += 1) {
    const place = fold * outputs + output;
    const value = values[row * outputs + output] ?? 0;
    const difference = value - (means[place] ?? 0);
    means[place] = (means[place] ?? 0) + difference / count;
    squares[place] = (squares[place] ?? 0) + difference * (value - (means[place] ?? 0));
  }
}

/** The moments of all folds but one together (T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating formulae", 1979). */
function momentsOf({ counts, means, squares }: Tally, output: number, outputs: number, leftOut: number): Moments {
  const together: Moments = { count: 0, mean: 0, squares: 0 };
  for (let fold = 0; fold < counts.length; fold += 1) {
    const own = counts[fold] ?? 0;
    if (fold === leftOut || own === 0) continue;
    const count = together.count + own;
    const difference = (means[fold * outputs + output] ?? 0) - together.mean;
    together.squares +=
      (squares[fold * outputs + output] ?? 0) + (difference * difference * together.count * own) / count;
    together.mean += (difference * own) / count;
    together.count = count;
  }
  return together;
}

/** A category's mean, drawn to the mean of all; "auto" is the empirical Bayes estimate of Micci-Barreca's section 3, as scikit-learn's. */
function smoothed(own: Moments, all: Moments, smooth: "auto" | number): number {
  if (own.count === 0) return all.mean;
  if (smooth !== "auto") return (own.mean * own.count + smooth * all.mean) / (own.count + smooth);
  const spread = (all.squares / all.count) * own.count;
  const share = spread / (spread + own.squares / own.count);
  return Number.isNaN(share) ? all.mean : share * own.mean + (1 - share) * all.mean;
}
