import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  bool,
  categorical,
  createOptimiser,
  float,
  importanceOf,
  int,
  type Params,
  type Space,
  space,
  when,
} from "./tuning.ts";

/** Evenly drawn trials of an objective. */
function tried(of: Space, count: number, value: (params: Params) => number) {
  const study = createOptimiser({ space: of, sampler: "random", seed: 5 });
  return Array.from({ length: count }, () => {
    const { params } = study.ask();
    return { params: params as Params, value: value(params as Params) };
  });
}
const shares = (list: ReturnType<typeof importanceOf>): Record<string, number> =>
  Object.fromEntries(list.map(({ name, share }) => [name, share]));

describe("the importance of parameters", () => {
  test("of a sum is the share of each one's variance", () => {
    const box = space({ a: float(0, 1), b: float(0, 1), c: float(0, 1), d: float(0, 1) });
    // Variances are as the squares of the factors: 16, 9, 1 and 0 of 26.
    const trials = tried(box, 600, (p) => 4 * (p["a"] as number) - 3 * (p["b"] as number) + (p["c"] as number));
    const found = shares(importanceOf(box, trials));
    expect(found["a"]).toBeCloseTo(16 / 26, 1);
    expect(found["b"]).toBeCloseTo(9 / 26, 1);
    expect(found["c"]).toBeCloseTo(1 / 26, 1);
    expect(found["d"]).toBeLessThan(0.01);
    expect(importanceOf(box, trials).map(({ name }) => name)).toEqual(["a", "b", "c", "d"]);
  });

  test("of a product is what each does alone, and no more", () => {
    const box = space({ a: float(-1, 1), b: float(-1, 1), c: float(-1, 1) });
    // Alone neither a nor b does anything; c is a thirteenth of a's and b's joint variance and a third of its own.
    const trials = tried(box, 800, (p) => 3 * (p["a"] as number) * (p["b"] as number) + (p["c"] as number));
    const found = shares(importanceOf(box, trials));
    // Var(3ab) = 9/9 = 1, Var(c) = 1/3.
    expect(found["c"]).toBeCloseTo(0.25, 1);
    expect(found["a"]! + found["b"]!).toBeLessThan(0.15);
  });

  test("of choices, switches and whole numbers over decades counts their own variance", () => {
    const box = space({ kind: categorical(["x", "y", "z"]), on: bool(), n: int(1, 1000, { log: true }) });
    const of: Record<string, number> = { x: 0, y: 3, z: 0 };
    // Variances: 2 for the choice, 1 for the switch, and for the logarithm 3²/12 = 0.75.
    const trials = tried(box, 800, (p) => of[p["kind"] as string]! + (p["on"] ? 2 : 0) + Math.log10(p["n"] as number));
    const found = shares(importanceOf(box, trials));
    expect(found["kind"]).toBeCloseTo(2 / 3.75, 1);
    expect(found["on"]).toBeCloseTo(1 / 3.75, 1);
    expect(found["n"]).toBeCloseTo(0.75 / 3.75, 1);
  });

  test("knows branches: what most trials do not have explains little of all", () => {
    const box = space({
      method: categorical(["a", "b", "c"]),
      width: when({ method: ["c"] }, float(0, 1)),
      rate: float(0, 1),
    });
    const trials = tried(
      box,
      400,
      (p) => (p["method"] === "a" ? 2 : 0) + ((p["width"] as number) ?? 0) + 0.1 * (p["rate"] as number),
    );
    const [first, ...rest] = importanceOf(box, trials);
    expect(first?.name).toBe("method");
    expect(rest.every(({ share }) => share < 0.15)).toBe(true);
  });

  test("does not depend on the values' scale or how often it is asked", () => {
    const box = space({ a: float(0, 1), b: float(0, 1) });
    const trials = tried(box, 50, (p) => (p["a"] as number) + 0.3 * (p["b"] as number));
    const once = importanceOf(box, trials);
    expect(importanceOf(box, trials)).toEqual(once);
    const far = importanceOf(
      box,
      trials.map(({ params, value }) => ({ params, value: 1e9 + 1000 * value })),
    );
    for (const { name, share } of once) expect(shares(far)[name]).toBeCloseTo(share, 2);
  });

  test("says nothing where too few trials have a value, or all the same, and refuses one that is no number", () => {
    const box = space({ a: float(0, 1) });
    expect(
      importanceOf(
        box,
        tried(box, 3, (p) => p["a"] as number),
      ),
    ).toEqual([]);
    expect(
      importanceOf(
        box,
        tried(box, 20, () => 1),
      ),
    ).toEqual([]);
    expect(importanceOf(box, [])).toEqual([]);
    expect(() =>
      importanceOf(
        box,
        tried(box, 5, () => Number.NaN),
      ),
    ).toThrow(/finite number, not NaN/);
  });

  const python = process.env["OPTUNA_PYTHON"] ?? "";
  test.skipIf(!existsSync(python))(
    "agrees with Optuna's evaluator on the same trials (needs OPTUNA_PYTHON)",
    () => {
      const box = space({
        x: float(0, 1),
        y: float(0.001, 1, { log: true }),
        k: categorical(["a", "b", "c"]),
        n: int(1, 9),
      });
      const trials = tried(box, 150, (p) => {
        const x = p["x"] as number;
        return (
          (x - 0.3) ** 2 * 4 +
          0.2 * Math.log10(p["y"] as number) +
          (p["k"] === "b" ? 0.5 : 0) +
          0.1 * x * (p["n"] as number)
        );
      });
      const script = `
import json, sys, optuna
from optuna.distributions import FloatDistribution as F, IntDistribution as I, CategoricalDistribution as C
optuna.logging.set_verbosity(optuna.logging.ERROR)
d = {"x": F(0, 1), "y": F(0.001, 1, log=True), "k": C(["a", "b", "c"]), "n": I(1, 9)}
study = optuna.create_study()
for t in json.load(sys.stdin):
    study.add_trial(optuna.trial.create_trial(params=t["params"], distributions=d, value=t["value"]))
print(json.dumps(optuna.importance.get_param_importances(study, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=1), normalize=False)))
`;
      const theirs = JSON.parse(
        execFileSync(python, ["-c", script], { input: JSON.stringify(trials), encoding: "utf8" }),
      );
      const ours = shares(importanceOf(box, trials));
      // A forest is drawn by chance on both sides.
      for (const [name, share] of Object.entries(theirs))
        expect(Math.abs(ours[name]! - (share as number))).toBeLessThan(0.06);
    },
    60_000,
  );
});
