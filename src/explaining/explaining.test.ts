// Every method on models whose answers are written down here, so that what it should find is known.

import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Value, VersionInput } from "../core/core.ts";
import type { InteractingPredictor } from "../ports/ports.ts";
import { type CounterfactualOptions, counterfactuals } from "./counterfactual.ts";
import { limeExplainer } from "./lime.ts";
import { type ExplainedModel, outputOf } from "./model.ts";
import { partialDependence } from "./partial.ts";
import { permutationImportance } from "./permutation.ts";
import { fitted, momentsOf, withoutPart } from "./ridge.ts";
import { type ExplainedRows, rowsFrom } from "./rows.ts";
import { effectPoints, effectsOf, explainRow, pairEffects, shapValues } from "./shap.ts";

const COLORS = ["blue", "green", "red"];
const inputs: readonly VersionInput[] = [
  { name: "km", kind: "number" },
  { name: "items", kind: "number" },
  { name: "color", kind: "category", categories: COLORS },
  { name: "noise", kind: "number" },
];
const schema = [
  { name: "km", type: "float64" },
  { name: "items", type: "int32" },
  { name: "color", type: "string" },
  { name: "noise", type: "float64" },
] as const;

/** A model that answers by a function of its cells. */
function modelOf(answer: (cells: Float32Array) => number): ExplainedModel {
  return {
    name: "made@1",
    inputs,
    classes: undefined,
    predictor: {
      inputCount: inputs.length,
      predict: async (matrix, rows) =>
        Float32Array.from({ length: rows }, (_, row) => answer(matrix.subarray(row * 4, row * 4 + 4))),
      close: () => undefined,
    },
  };
}

/** 200 rows that are spread over every column without a pattern between them. */
const background: ExplainedRows = rowsFrom(
  schema,
  Array.from({ length: 200 }, (_, row): readonly Value[] => [
    (row * 37) % 100,
    (row * 7) % 10,
    row % 11 === 0 ? null : (COLORS[(row * 13) % 3] ?? null),
    (row * 53) % 97,
  ]),
);
const rowOf = (...cells: readonly Value[]): ExplainedRows => rowsFrom(schema, [cells]);
const only = outputOf(
  modelOf(() => 0),
  undefined,
);

test("a ridge from sums is the ridge of the rows, whichever part is left out", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 4 })),
        {
          minLength: 12,
          maxLength: 40,
        },
      ),
      fc.constantFrom(0.5, 1, 10),
      (rows, strength) => {
        const columns = [Float64Array.from(rows, ([a]) => a), Float64Array.from(rows, ([, b]) => b)];
        const answers = Float64Array.from(rows, ([a, b, w], row) => 3 * a - b + 2 + ((row * w) % 3));
        const weights = Float64Array.from(rows, ([, , w]) => w);
        const kept = rows.map((_, row) => row).filter((row) => row % 3 !== 1);
        const found = fitted(withoutPart(momentsOf(columns, answers, weights, 3), 1), [0, 1], strength);
        // At a minimum the slope of Σ w (y − ŷ)² + strength Σ β² is nothing.
        const miss = (row: number): number =>
          (answers[row] ?? 0) -
          found.intercept -
          columns.reduce((sum, column, at) => sum + (column[row] ?? 0) * (found.coefficients[at] ?? 0), 0);
        const slope = (of: (row: number) => number): number =>
          kept.reduce((sum, row) => sum + (weights[row] ?? 0) * miss(row) * of(row), 0);
        expect(slope(() => 1)).toBeCloseTo(0, 6);
        for (const [at, column] of columns.entries())
          expect(slope((row) => column[row] ?? 0) - strength * (found.coefficients[at] ?? 0)).toBeCloseTo(0, 6);
      },
    ),
  );
});

describe("LIME", () => {
  const options = { samples: 3000, most: 4, seed: 5, numbers: "continuous" } as const;

  it("finds a linear model again, in standard deviations of its numbers", async () => {
    const linear = modelOf(([km = 0, items = 0]) => 2 * km - 10 * items);
    const found = await limeExplainer(background)(linear, rowOf(50, 4, "red", 3), only, options);
    expect(found.effects.map(({ input }) => input).slice(0, 2)).toEqual(["km", "items"]);
    const [km, items] = found.effects;
    expect((km?.weight ?? 0) / (2 * 28.87)).toBeCloseTo(1, 1);
    expect((items?.weight ?? 0) / (-10 * 2.87)).toBeCloseTo(1, 1);
    expect(found.fidelity).toBeGreaterThan(0.98);
    expect(found.localAnswer).toBeCloseTo(found.answer, 0);
    expect(found.answer).toBe(60);
  });

  it("tells a category and the part of a number that decide, and nothing of what is not asked", async () => {
    const model = modelOf(([km = 0, , color]) => (color === 2 ? 1 : 0) + (km > 75 ? 0.5 : 0));
    const found = await limeExplainer(background)(model, rowOf(90, 4, "red", 3), only, {
      ...options,
      numbers: "quartiles",
      most: 10,
    });
    const weights = Object.fromEntries(found.effects.map(({ condition, weight }) => [condition, weight]));
    expect(weights["color = red"]).toBeGreaterThan(0.9);
    expect(weights["km > 74.25"]).toBeGreaterThan(0.4);
    expect(found.effects.slice(2).every(({ weight }) => Math.abs(weight) < 0.05)).toBe(true);
    expect(found.fidelity).toBeGreaterThan(0.9);
    expect(found.stability).toBe(1);
  });

  it("says the same again for the same seed, and that a model which is not linear there is not told by it", async () => {
    const wild = modelOf(([km = 0, , , noise = 0]) => Math.sin(km * 50) * Math.cos(noise * 31));
    const row = rowOf(50, null, null, 3);
    const once = await limeExplainer(background)(wild, row, only, options);
    expect(await limeExplainer(background)(wild, row, only, options)).toEqual(once);
    expect(once.fidelity).toBeLessThan(0.2);
    expect(once.effects.map(({ condition }) => condition)).toContain("items missing");
  });
});

describe("counterfactuals", () => {
  const options: CounterfactualOptions = {
    wanted: { atLeast: 1 },
    fixed: new Set(),
    bounds: new Map(),
    mostChanges: 3,
    ways: 3,
  };
  const step = modelOf(([km = 0, items = 0]) => (km >= 61 ? 1 : 0) + (items >= 7 ? 1 : 0));

  it("change one input as little as does it, and whole numbers by whole numbers", async () => {
    const { ways, holds, answer } = await counterfactuals(step, background, rowOf(50, 4, "red", 3), only, options);
    expect([holds, answer]).toEqual([false, 0]);
    expect(ways.map(({ changes }) => changes.map(({ input }) => input))).toEqual([["km"], ["items"]]);
    const [km, items] = ways.map(({ changes }) => Number(changes[0]?.to));
    expect(km).toBeGreaterThanOrEqual(61);
    expect(km).toBeLessThan(61.02);
    expect(items).toBe(7);
  });

  it("leave what is fixed and stay within bounds, also where nothing is found then", async () => {
    const row = rowOf(50, 4, "red", 3);
    const only7 = await counterfactuals(step, background, row, only, { ...options, fixed: new Set(["km"]) });
    expect(only7.ways.map(({ changes }) => changes)).toEqual([[{ input: "items", from: 4, to: 7, size: 0.6 }]]);
    const none = await counterfactuals(step, background, row, only, {
      ...options,
      fixed: new Set(["km"]),
      bounds: new Map([["items", { most: 6 }]]),
    });
    expect(none.ways).toEqual([]);
    expect(none.scored).toBeGreaterThan(10);
  });

  it("change several inputs together where one is not enough, categories among those allowed", async () => {
    const both = modelOf(([km = 0, , color]) => (km >= 61 && color !== 2 ? 1 : 0) + (km >= 61 ? 0.1 : 0));
    const { ways } = await counterfactuals(both, background, rowOf(50, 4, "red", 3), only, {
      ...options,
      bounds: new Map([["color", { among: ["green", "red"] }]]),
    });
    expect(ways[0]?.changes.map(({ input, to }) => [input, input === "km" ? "" : to])).toEqual([
      ["km", ""],
      ["color", "green"],
    ]);
    expect(ways[0]?.answer).toBeGreaterThanOrEqual(1);
  });

  it("has nothing to change where the answer is as it is wanted", async () => {
    const found = await counterfactuals(step, background, rowOf(80, 4, null, null), only, options);
    expect(found).toMatchObject({ holds: true, ways: [] });
  });

  it("computes anew what is made of what changes", async () => {
    const far = modelOf(([, items = 0]) => items);
    const computing: ExplainedModel = {
      ...far,
      computed: new Set(["items"]),
      settled: (rows) => ({
        ...rows,
        columns: rows.columns.map((column) =>
          column.name === "items" && column.kind === "number" && rows.columns[0]?.kind === "number"
            ? { ...column, values: rows.columns[0].values.map((km) => Number(km > 60)) }
            : column,
        ),
      }),
    };
    const { ways } = await counterfactuals(computing, background, rowOf(50, 0, "red", 3), only, options);
    expect(ways.map(({ changes }) => changes.map(({ input }) => input))).toEqual([["km"]]);
  });
});

test("partial dependence is the answer where the model adds inputs up, and follows single rows where it does not", async () => {
  const model = modelOf(([km = 0, items = 0, color = 0]) => km ** 2 + (color === 0 ? items : -items));
  const km = await partialDependence(model, background, "km", only, { points: 5, curves: 3 });
  const [first = 0] = km?.mean ?? [];
  for (const [place, value] of (km?.values ?? []).entries())
    expect((km?.mean[place] ?? 0) - first).toBeCloseTo(Number(value) ** 2 - Number(km?.values[0]) ** 2, 2);
  expect(km?.curves).toHaveLength(3);
  const color = await partialDependence(model, background, "color", only, { points: 5, curves: 0 });
  expect([...(color?.values ?? [])].sort()).toEqual(COLORS);
  expect(await partialDependence(model, rowOf(1, 2, "red", 3), "km", only, { points: 5, curves: 0 })).toBeUndefined();
});

test("an input that a model does not read loses nothing when it is shuffled, and others as much as they matter", async () => {
  const model = modelOf(([km = 0, items = 0]) => km + items);
  const labels = Float64Array.from({ length: 200 }, (_, row) => ((row * 37) % 100) + ((row * 7) % 10));
  const of = (scores: Float64Array) => (weights?: Float64Array) => {
    let [sum, all] = [0, 0];
    for (const [row, label] of labels.entries()) {
      const weight = weights?.[row] ?? 1;
      sum += weight * (label - (scores[row] ?? 0)) ** 2;
      all += weight;
    }
    return sum / all;
  };
  const metric = { name: "mse", better: "lower", of } as const;
  const { value, effects } = await permutationImportance(model, background, metric, { repeats: 8, seed: 1 });
  expect(value).toBe(0);
  expect(effects.map(({ input }) => input).slice(0, 2)).toEqual(["km", "items"]);
  // Shuffling adds twice the variance: (100² − 1) / 12 and (10² − 1) / 12.
  expect((effects[0]?.drop ?? 0) / (2 * 833.25)).toBeCloseTo(1, 0);
  expect((effects[1]?.drop ?? 0) / (2 * 8.25)).toBeCloseTo(1, 0);
  expect(effects.slice(2).map(({ drop, low, high }) => [drop, low, high])).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ]);
  const [km] = effects;
  expect(km && km.low < km.drop && km.drop < km.high && km.low > 0).toBe(true);
});

describe("SHAP values of many rows", () => {
  const explaining: ExplainedModel = {
    ...modelOf(([km = 0]) => km),
    predictor: {
      ...modelOf(([km = 0]) => km).predictor,
      link: "identity",
      contributions: async (matrix: Float32Array, rows: number) => ({
        values: Float32Array.from({ length: rows * 5 }, (_, cell) => {
          const row = Math.floor(cell / 5);
          return [(matrix[row * 4] ?? 0) - 49.5, 0, -1, 0, 50.5][cell % 5] ?? 0;
        }),
        margins: Float32Array.from({ length: rows }, (_, row) => matrix[row * 4] ?? 0),
      }),
      interactions: async (_: Float32Array, rows: number) =>
        Float32Array.from({ length: rows * 25 }, (__, cell) => (cell % 25 === 1 || cell % 25 === 5 ? -2 : 0)),
    } as InteractingPredictor,
  };

  it("are told by their mean sizes, greatest first, with each row's beside its value", async () => {
    const shap = await shapValues(explaining, background);
    if (shap === undefined) throw new Error("none");
    const [sum] = effectsOf(explaining, shap);
    expect(sum?.base).toBe(50.5);
    expect(sum?.effects.map(({ input, meanAbsolute, mean }) => [input, meanAbsolute, mean])).toEqual([
      ["km", 25, 0],
      ["color", 1, -1],
      ["items", 0, 0],
      ["noise", 0, 0],
    ]);
    const [points] = effectPoints(explaining, background, shap, 0, ["km"], 3);
    expect(points?.points).toEqual([
      { value: 0, effect: -49.5, rank: expect.closeTo(0, 2) },
      { value: 37, effect: -12.5, rank: expect.closeTo(0.37, 1) },
      { value: 74, effect: 24.5, rank: expect.closeTo(0.74, 1) },
    ]);
    expect(await pairEffects(explaining, background, 50)).toEqual([{ inputs: ["km", "items"], meanAbsolute: 4 }]);
  });

  it("are not there for a model that gives none", async () => {
    const plain = modelOf(() => 0);
    expect(await shapValues(plain, background)).toBeUndefined();
    expect(await pairEffects(plain, background, 50)).toBeUndefined();
    await expect(explainRow(plain, rowOf(1, 2, "red", 3))).rejects.toMatchObject({ code: "NOT_EXPLAINABLE" });
  });
});

test("a class is asked for by its name", () => {
  const model = { ...modelOf(() => 0), classes: ["no", "yes"] };
  expect(outputOf(model, "yes")).toEqual({ place: 1, class: "yes" });
  expect(() => outputOf(model, "maybe")).toThrow(/has no class "maybe"; it tells apart: no, yes/);
  expect(() =>
    outputOf(
      modelOf(() => 0),
      "yes",
    ),
  ).toThrow(/tells no classes apart/);
});
