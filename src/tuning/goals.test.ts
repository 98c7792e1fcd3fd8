import fc from "fast-check";
import { expect, test } from "vitest";
import { createOptimiser, dominates, float, type OptimiserOptions, space } from "./tuning.ts";

const box = space({ x: float(0, 1), y: float(0, 1), z: float(0, 1) });

/** Zitzler, Deb and Thiele's first function (2000): the front is b = 1 - √a, where y and z are 0. */
function zdt1({ x, y, z }: { readonly x: number; readonly y: number; readonly z: number }): readonly [number, number] {
  const rest = 1 + 4.5 * (y + z);
  return [x, rest * (1 - Math.sqrt(x / rest))];
}

/** The area below (1.1, 6) that some points dominate. */
function area(points: readonly (readonly number[])[]): number {
  let [sum, top] = [0, 6];
  for (const [a = 0, b = 0] of points.toSorted((one, other) => one[0]! - other[0]!)) {
    if (a >= 1.1 || b >= top) continue;
    sum += (1.1 - a) * (top - b);
    top = b;
  }
  return sum;
}

function searched(sampler: "auto" | "random", seed: number, trials: number) {
  const study = createOptimiser({ space: box, directions: ["minimize", "minimize"], sampler, seed });
  for (let trial = 0; trial < trials; trial += 1) {
    const { id, params } = study.ask();
    study.tell(id, { values: zdt1(params) });
  }
  return study.front();
}

test("a search for two goals finds more of their front than random search does", () => {
  const areas = (sampler: "auto" | "random", trials: number): number =>
    [1, 2, 3].reduce((sum, seed) => sum + area(searched(sampler, seed, trials).map(({ values }) => values)) / 3, 0);
  const [auto, random, much] = [areas("auto", 40), areas("random", 40), areas("random", 400)];
  expect(auto).toBeGreaterThan(random);
  expect(auto).toBeGreaterThan(much);
  const ends = searched("auto", 1, 40).map(({ values }) => values[0]!);
  expect(Math.min(...ends)).toBeLessThan(0.1);
  expect(Math.max(...ends)).toBeGreaterThan(0.6);
}, 30_000);

test("the front holds exactly what nothing dominates", () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })), { maxLength: 15 });
  fc.assert(
    fc.property(pairs, (told) => {
      const study = createOptimiser({ space: box, directions: ["minimize", "maximize"], sampler: "random" });
      for (const values of told) study.tell(study.ask().id, { values });
      const inside = study.front().map(({ id }) => id);
      const turned = told.map(([a, b]) => [a, -b]);
      turned.forEach((one, id) => {
        expect(inside.includes(id)).toBe(!turned.some((other) => dominates(other, one)));
      });
      for (const { id, values } of study.front()) expect(values).toEqual(told[id]);
    }),
    { numRuns: 60 },
  );
});

test("turning a goal's direction turns its values and nothing else", () => {
  const asked = (directions: OptimiserOptions["directions"], sign: number): readonly unknown[] => {
    const study = createOptimiser({ space: box, directions: directions!, seed: 4 });
    return Array.from({ length: 14 }, () => {
      const { id, params } = study.ask();
      const [a, b] = zdt1(params);
      study.tell(id, { values: [a, sign * b] });
      return params;
    });
  };
  expect(asked(["minimize", "maximize"], -1)).toEqual(asked(["minimize", "minimize"], 1));
});

test("failed and infeasible trials are in no front, and known ones are", () => {
  const study = createOptimiser({
    space: box,
    directions: ["minimize", "minimize"],
    constraints: 1,
    told: [{ params: { x: 0.5, y: 0, z: 0 }, values: [1, 1] }, { params: { x: 0.6, y: 0, z: 0 } }],
  });
  study.tell(study.ask().id, { state: "failed" });
  study.tell(study.ask().id, { values: [0, 0], constraints: [1] });
  study.tell(study.ask().id, { values: [2, 0], constraints: [0] });
  expect(study.front().map(({ id, values }) => [id, values])).toEqual([
    [0, [1, 1]],
    [4, [2, 0]],
  ]);
  for (let more = 0; more < 12; more += 1) study.tell(study.ask().id, { values: [more, 12 - more], constraints: [0] });
});

test("a study of one goal has its best as its front", () => {
  const study = createOptimiser({ space: box, direction: "maximize" });
  expect(study.front()).toEqual([]);
  for (const value of [1, 3, 2]) study.tell(study.ask().id, { value });
  expect(study.front()).toEqual([{ id: 1, values: [3], params: expect.anything() }]);
});

test.each<[string, () => unknown, RegExp]>([
  ["no direction", () => createOptimiser({ space: box, directions: [] }), /one per goal/],
  [
    "a direction that is none",
    () => createOptimiser({ space: box, directions: ["up" as "minimize", "maximize"] }),
    /not "up"/,
  ],
  [
    "a pruner with several goals",
    () => createOptimiser({ space: box, directions: ["minimize", "minimize"], pruner: { kind: "asha" } }),
    /no pruner/,
  ],
  ["too few values", () => twoGoals().tell(0, { values: [1] }), /2 goals: tell as many values, not \[1\]/],
  ["one value for two goals", () => twoGoals().tell(0, { value: 1 }), /2 goals/],
  ["a value that is no number", () => twoGoals().tell(0, { values: [1, Number.NaN] }), /finite number, not NaN/],
  ["the best of two goals", () => twoGoals().best(), /ask for its front/],
  [
    "values for one goal",
    () => {
      const study = createOptimiser({ space: box });
      study.tell(study.ask().id, { values: [1] });
    },
    /one goal/,
  ],
])("refuses %s", (_, act, message) => {
  expect(act).toThrow(message);
});

function twoGoals() {
  const study = createOptimiser({ space: box, directions: ["minimize", "minimize"] });
  study.ask();
  return study;
}
