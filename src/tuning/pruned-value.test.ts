import { expect, test } from "vitest";
import { prunedValue } from "./pruned-value.ts";
import type { Trial } from "./trial.ts";

function trial(id: number, state: Trial["state"], value: number, losses: readonly number[]): Trial {
  const steps = losses.map((_, index) => index + 1);
  const bests = losses.map((_, index) => Math.min(...losses.slice(0, index + 1)));
  return { id, state, value, violation: 0, point: new Float64Array(1), curve: { steps, values: losses, bests } };
}

// Values are of another measure than what is reported, and in another order at the end than on the way.
const complete = [
  trial(0, "complete", -0.7, [5, 4, 3]),
  trial(1, "complete", -0.9, [6, 5, 1]),
  trial(2, "complete", -0.5, [9, 8, 7]),
];

test("a pruned trial comes to the value of its rank where it was stopped", () => {
  const at = (loss: number): number | undefined => prunedValue(trial(3, "pruned", Number.NaN, [10, loss]), complete);
  expect([3, 4.5, 6, 9].map(at)).toEqual([-0.9, -0.7, -0.5, -0.5]);
});

test("nothing is said where no complete trial reported that far, or the trial itself none", () => {
  expect(prunedValue(trial(3, "pruned", 1, [1, 1, 1, 1]), complete)).toBeUndefined();
  expect(prunedValue(trial(3, "pruned", 1, []), complete)).toBeUndefined();
  expect(prunedValue(trial(3, "pruned", 1, [1]), [trial(0, "failed", Number.NaN, [1, 2])])).toBeUndefined();
});
