import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomOf } from "../core/core.ts";
import { configurationOf, encode, paramsOf, pointOf } from "./encoding.ts";
import { gridPoints, randomPoint } from "./plain-samplers.ts";
import { anySpace, everyKind } from "./space.fixture.ts";
import { bool, categorical, float, int, type Params, space, when } from "./space.ts";

describe("an encoded space", () => {
  test("gives params back as they were", () => {
    fc.assert(
      fc.property(anySpace, fc.nat(), (given, seed) => {
        const encoding = encode(given);
        const point = randomPoint(encoding, randomOf(seed, 0));
        const params = paramsOf(encoding, point);
        // Exactly: through text too, which is how records keep them.
        const read = JSON.parse(JSON.stringify(params)) as Params;
        expect(pointOf(encoding, read)).toEqual(point);
        expect(paramsOf(encoding, pointOf(encoding, read)!)).toEqual(params);
      }),
    );
  });

  test("holds every value within its bounds and on its grid", () => {
    fc.assert(
      fc.property(anySpace, fc.nat(), (given, seed) => {
        const encoding = encode(given);
        const params = paramsOf(encoding, randomPoint(encoding, randomOf(seed, 1)));
        for (const [name, parameter] of Object.entries(given)) {
          const value = params[name] as number;
          if (parameter.when !== undefined && !(name in params)) continue;
          if (parameter.kind === "categorical") expect(parameter.choices).toContain(value);
          if (parameter.kind !== "float" && parameter.kind !== "int") continue;
          expect(value).toBeGreaterThanOrEqual(parameter.low);
          expect(value).toBeLessThanOrEqual(parameter.high);
          if (parameter.kind === "int") expect(Number.isInteger(value)).toBe(true);
          if (parameter.step === undefined) continue;
          const steps = (value - parameter.low) / parameter.step;
          expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-6);
        }
      }),
    );
  });

  test("reaches both ends, and every value of a grid equally often", () => {
    const encoding = encode(space({ a: int(1, 4), b: float(0, 1, { step: 0.25 }), c: int(1, 100, { log: true }) }));
    const [a, b, c] = encoding.dimensions;
    expect([0, 0.249, 0.26, 0.51, 0.76, 1].map((place) => a?.valueAt(place))).toEqual([1, 1, 2, 3, 4, 4]);
    expect([0, 0.21, 1].map((place) => b?.valueAt(place))).toEqual([0, 0.25, 1]);
    expect([0, 1].map((place) => c?.valueAt(place))).toEqual([1, 100]);
  });

  test("has exactly the active parameters, over several levels", () => {
    const encoding = encode(everyKind);
    for (let seed = 0; seed < 200; seed += 1) {
      const params = paramsOf(encoding, randomPoint(encoding, randomOf(seed, 2)));
      expect("gamma" in params).toBe(params["kernel"] !== "linear");
      expect("degree" in params).toBe(params["kernel"] === "poly");
      expect("offset" in params).toBe(params["degree"] === 3 || params["degree"] === 4);
    }
  });

  test("counts the configurations of branches once each", () => {
    const encoding = encode(
      space({ kind: categorical(["a", "b"]), n: when({ kind: ["a"] }, int(1, 5)), m: when({ n: [2, 3] }, int(0, 1)) }),
    );
    const keys = [...gridPoints(encoding)].map((point) => JSON.stringify(paramsOf(encoding, point)));
    expect(keys).toHaveLength(5 + 2 + 1);
    expect(new Set(keys).size).toBe(8);
  });

  test("takes params as one of its own only with every active parameter, in range and on the grid", () => {
    const given = space({
      kind: categorical(["a", "b"]),
      deep: when({ kind: ["a"] }, int(1, 5)),
      tenth: float(0, 1, { step: 0.1 }),
      rate: float(0.1, 10, { log: true }),
      rounds: int(1, 100, { log: true }),
      quick: bool(),
    });
    const own = { kind: "b", tenth: 0.1 + 0.2, rate: 10, rounds: 7, quick: false };
    expect(configurationOf(given, own)).toEqual(own);
    expect(configurationOf(given, { ...own, deep: 9, other: 1 })).toEqual(own);
    for (const wrong of [
      { kind: "a" },
      { kind: "c" },
      { tenth: 0.25 },
      { tenth: 1.1 },
      { rate: 0.01 },
      { rate: "1" },
      { rate: Number.NaN },
      { rounds: 7.5 },
      { quick: 0 },
    ])
      expect(configurationOf(given, { ...own, ...wrong })).toBeUndefined();
    const { quick: _, ...missing } = own;
    expect(configurationOf(given, missing)).toBeUndefined();
  });
});
