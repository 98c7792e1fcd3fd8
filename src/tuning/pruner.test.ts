import { describe, expect, test } from "vitest";
import { createOptimiser } from "./optimiser.ts";
import type { PrunerOptions } from "./pruner.ts";
import { float, space } from "./space.ts";

/** How many steps each trial ran: trial i reports curve(i, step) and stops when told to. */
function lengths(
  pruner: Partial<PrunerOptions>,
  count: number,
  curve: (trial: number, step: number) => number,
  direction: "minimize" | "maximize" = "minimize",
): readonly number[] {
  const study = createOptimiser({ space: space({ x: float(0, 1) }), sampler: "random", pruner, direction });
  return Array.from({ length: count }, (_, index) => {
    const { id } = study.ask();
    for (let step = 1; step <= 27; step += 1)
      if (study.report(id, step, curve(index, step))) {
        study.tell(id, { state: "pruned" });
        return step;
      }
    study.tell(id, { value: curve(index, 27) });
    return 27;
  });
}

const worsening = (trial: number): number => trial;
const improving = (trial: number): number => -trial;

describe("a pruner", () => {
  test("of no kind stops nothing", () => {
    expect(new Set(lengths({ kind: "none" }, 20, worsening))).toEqual(new Set([27]));
  });

  test.each(["auto", "asha", "hyperband", "median"] as const)(
    "%s lets the better go on, in both directions",
    (kind) => {
      expect(new Set(lengths({ kind }, 20, improving))).toEqual(new Set([27]));
      expect(lengths({ kind }, 20, improving, "maximize")).toEqual(lengths({ kind }, 20, worsening));
    },
  );

  test("asha stops what is not among the best quarter at its rungs: 1, 4 and 16", () => {
    const ran = lengths({ kind: "asha" }, 20, worsening);
    expect(ran[0]).toBe(27);
    expect(ran.slice(8).every((steps) => steps === 1)).toBe(true);
    const late = lengths({ kind: "asha" }, 12, (trial, step) => (step < 4 ? -trial : trial));
    expect(new Set(late)).toEqual(new Set([27, 4]));
  });

  test("median waits for five trials, and for minSteps", () => {
    const ran = lengths({ kind: "median", minSteps: 3 }, 12, worsening);
    expect(ran.slice(0, 5)).toEqual([27, 27, 27, 27, 27]);
    expect(ran.slice(5)).toEqual(new Array(7).fill(3));
  });

  test("hyperband gives some trials a longer start", () => {
    expect(new Set(lengths({ kind: "hyperband" }, 60, worsening)).size).toBeGreaterThanOrEqual(3);
  });

  test("patience stops a curve that stays where it is", () => {
    expect(lengths({ kind: "patience" }, 1, (_, step) => -Math.min(step, 5))).toEqual([12]);
    expect(lengths({ kind: "patience" }, 1, (_, step) => -step)).toEqual([27]);
  });

  test("wants steps that rise and values that are finite", () => {
    const study = createOptimiser({ space: space({ x: float(0, 1) }) });
    const { id } = study.ask();
    study.report(id, 4, 1);
    expect(() => study.report(id, 4, 1)).toThrow(/already reported step 4/);
    expect(() => study.report(id, 5, Number.NaN)).toThrow(/finite/);
    expect(() => study.report(9, 1, 1)).toThrow(/no trial 9/);
  });
});
