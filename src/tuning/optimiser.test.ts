import { describe, expect, test } from "vitest";
import { createOptimiser } from "./optimiser.ts";
import { categorical, int, space } from "./space.ts";

describe("a study with trials that were known before", () => {
  const given = space({ depth: int(1, 3), kind: categorical(["a", "b"]) });

  test("does not suggest them again, and knows the best of them", () => {
    const known = { depth: 2, kind: "b" } as const;
    const study = createOptimiser({ space: given, sampler: "random", told: [{ params: known, value: 1 }] });
    const asked = Array.from({ length: 5 }, () => study.ask());
    expect(asked.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
    for (const { params } of asked) expect(params).not.toEqual(known);
    expect(study.best()).toEqual({ id: 0, value: 1, params: known });
  });

  test("refuses one that is no configuration of the space, for it would stand for another", () => {
    for (const params of [{ depth: 9, kind: "a" }, { depth: 2 }, { depth: 2, kind: "c" }, {}])
      expect(() => createOptimiser({ space: given, told: [{ params, value: 1 }] })).toThrow(/the space does not have/);
  });

  test("walks the grid from its start, whatever was known, and passes over what is taken", () => {
    const grid = (told: readonly { params: { depth: number; kind: string }; value: number }[]) => {
      const study = createOptimiser({ space: given, sampler: "grid", told });
      return Array.from({ length: 6 - told.length }, () => study.ask().params);
    };
    const all = grid([]);
    expect(all[0]).toEqual({ depth: 1, kind: "a" });
    const known = all[3]!;
    expect(grid([{ params: known, value: 0 }])).toEqual(all.filter((params) => params !== known));
  });
});
