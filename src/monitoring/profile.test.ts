import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columnFrom, type ModelInput, type Table, tableFrom } from "../core/core.ts";
import { binOf, type CategoryProfile, numberProfile, profileBuilder } from "./profile.ts";

const inputs: readonly ModelInput[] = [
  { name: "x", kind: "number" },
  { name: "c", kind: "category", categories: ["a"] },
];
const heldOut = { scores: Float32Array.of(0.25, 0.75), labels: Uint8Array.of(0, 1) };

interface Row {
  readonly x: number | null;
  readonly c: string | null;
}

function tableOf(rows: readonly Row[]): Table {
  const schema = [
    { name: "x", type: "float64", optional: true },
    { name: "c", type: "string", optional: true },
  ] as const;
  return tableFrom(
    schema,
    rows.map((row) => ({ ...row })),
  );
}

function profileOf(...batches: readonly (readonly Row[])[]) {
  const builder = profileBuilder(inputs);
  for (const batch of batches) builder.add(tableOf(batch));
  return builder.finish(heldOut);
}

const row = fc.record({
  x: fc.option(fc.oneof(fc.double(), fc.constantFrom(0, 1, 2))),
  c: fc.option(fc.constantFrom("a", "b", "c", "")),
});

describe("profileBuilder", () => {
  test("gives the same profile whatever the batches and their order, and survives JSON", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 80 }), fc.nat({ max: 80 }), (rows, cut) => {
        const whole = profileOf(rows);
        expect(profileOf(rows.slice(cut), rows.slice(0, cut))).toEqual(whole);
        expect(JSON.stringify(profileOf([...rows].reverse()))).toBe(JSON.stringify(whole));
        expect(profileOf(JSON.parse("[]"), rows).rowCount).toBe(rows.length);
        const copy: unknown = JSON.parse(JSON.stringify(whole));
        expect(JSON.stringify(copy)).toBe(JSON.stringify(whole));
      }),
    );
  });

  test("counts every row once", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 80 }), (rows) => {
        const { x, c } = profileOf(rows).inputs;
        const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
        if (x?.kind !== "number" || c?.kind !== "category") return expect.fail("wrong kinds");
        expect(total(x.counts) + x.nulls + x.nans).toBe(rows.length);
        expect(x.counts).toHaveLength(x.edges.length + 1);
        expect(total(c.counts.map(({ count }) => count)) + c.rest + c.nulls).toBe(rows.length);
        expect(x.nulls).toBe(rows.filter((each) => each.x === null).length);
      }),
    );
  });

  test("gives the scores' profile and the label rate of the held-out rows", () => {
    expect(profileOf([])).toMatchObject({ rowCount: 0, labelRate: 0.5, score: { mean: 0.5, rowCount: 2 } });
    const none = profileBuilder(inputs).finish({ scores: new Float32Array(), labels: new Uint8Array() });
    expect(none.labelRate).toBeNull();
    expect(none.score).toMatchObject({ edges: [], counts: [0], mean: null, sd: null, min: null, max: null });
  });

  test("reads every type of column, and takes an absent input as null", () => {
    const builder = profileBuilder([
      { name: "int", kind: "number" },
      { name: "flag", kind: "number" },
      { name: "code", kind: "category", categories: [] },
      { name: "absent", kind: "number" },
    ]);
    const columns = [
      columnFrom("int", "int64", [1n, null, 3n]),
      columnFrom("flag", "bool", [true, false, true]),
      columnFrom("code", "int32", [7, 7, 8]),
    ];
    builder.add({ rowCount: 3, columns });
    expect(builder.finish(heldOut).inputs).toMatchObject({
      int: { nulls: 1, min: 1, max: 3, mean: 2 },
      flag: { nulls: 0, min: 0, max: 1 },
      code: {
        counts: [
          { value: "7", count: 2 },
          { value: "8", count: 1 },
        ],
        rest: 0,
      },
      absent: { rowCount: 3, nulls: 3, mean: null },
    });
  });

  test("keeps the 50 most frequent categories", () => {
    const rows = Array.from({ length: 60 }, (_, value) => new Array<Row>(value + 1).fill({ x: 0, c: `v${value}` }));
    const { counts, rest } = profileOf(rows.flat()).inputs["c"] as CategoryProfile;
    expect(counts).toHaveLength(50);
    expect(counts[0]).toEqual({ value: "v59", count: 60 });
    expect(rest).toBe((10 * 11) / 2);
  });
});

describe("numberProfile", () => {
  test("cuts continuous values into 20 equal bins", () => {
    const values = Float64Array.from({ length: 1000 }, (_, place) => (place * 389) % 1000);
    const profile = numberProfile(values);
    expect(profile.counts).toEqual(new Array(20).fill(50));
    expect(profile.edges[0]).toBe(49);
    expect(profile).toMatchObject({ min: 0, max: 999, mean: 499.5 });
    expect(profile.sd).toBeCloseTo(Math.sqrt((1000 * 1001) / 12), 10);
  });

  test("gives a frequent value a bin of its own that nothing else can fall into", () => {
    const values = Float64Array.from({ length: 1000 }, (_, place) => (place < 400 ? 0 : place < 700 ? 5 : 5 + place));
    const { edges, counts } = numberProfile(values);
    for (const [value, count] of [
      [0, 400],
      [5, 300],
    ] as const) {
      const own = binOf(edges, value);
      expect(counts[own]).toBe(count);
      expect(binOf(edges, value - 1e-9)).toBe(own - 1);
      expect(binOf(edges, value + 1e-9)).toBe(own + 1);
    }
    expect(counts.slice(4).every((count) => count >= 25 && count <= 100)).toBe(true);
  });

  test("has at most 20 frequent values and 20 other bins that are not empty", () => {
    const value = fc.oneof(fc.nat({ max: 15 }), fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, max: 16 }));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 400 }), (values) => {
        const { edges, counts } = numberProfile(Float64Array.from(values));
        expect(counts.filter((count) => count > 0).length).toBeLessThanOrEqual(40);
        expect(edges.every((edge, place) => place === 0 || edge > edges[place - 1]!)).toBe(true);
        const again = counts.map(() => 0);
        for (const each of values) again[binOf(edges, each)] = again[binOf(edges, each)]! + 1;
        expect(again).toEqual(counts);
      }),
    );
  });

  test("keeps NaN, infinities and nulls out of the bins and the moments", () => {
    const values = Float32Array.of(1, Number.NaN, 3, Number.POSITIVE_INFINITY);
    expect(numberProfile(values, 2)).toMatchObject({ rowCount: 6, nulls: 2, nans: 2, mean: 2, min: 1, max: 3 });
    expect(numberProfile(Float64Array.of(4))).toMatchObject({ mean: 4, sd: 0 });
  });
});
