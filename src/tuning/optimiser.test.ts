import { describe, expect, test } from "vitest";
import { createOptimiser } from "./optimiser.ts";
import { type SamplerName, samplers } from "./samplers.ts";
import { everyKind } from "./space.fixture.ts";
import { categorical, float, int, type Params, space } from "./space.ts";

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

  test("gives back a known trial's params to the last digit", () => {
    const rate = 0.1 + 0.2;
    const study = createOptimiser({ space: space({ rate: float(0, 1) }), told: [{ params: { rate }, value: 1 }] });
    expect(study.best()?.params).toEqual({ rate });
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

  test.each(Object.keys(samplers) as SamplerName[])(
    "%s goes on with a study that is opened again as it would have",
    (sampler) => {
      const score = (params: Params): number =>
        Math.abs((params["rate"] as number) - 0.01) + Number(params["share"] ?? 0);
      const options = { space: everyKind, sampler, seed: 4, budget: 24 };
      const whole = createOptimiser(options);
      const trials = Array.from({ length: 24 }, () => {
        const { id, params } = whole.ask();
        whole.tell(id, { value: score(params) });
        return { params: params as Params, value: score(params) };
      });
      const told = JSON.parse(JSON.stringify(trials.slice(0, 13))) as typeof trials;
      const again = createOptimiser({ ...options, told });
      const rest = Array.from({ length: 11 }, () => {
        const { id, params } = again.ask();
        again.tell(id, { value: score(params) });
        return params;
      });
      expect(rest).toEqual(trials.slice(13).map(({ params }) => params));
      expect(again.best()).toEqual(whole.best());
    },
  );
});
