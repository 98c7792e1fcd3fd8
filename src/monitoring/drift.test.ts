import { describe, expect, test } from "vitest";
import { columnFrom, type Table } from "../core/core.ts";
import { chiSquareQuantile, countCells, countNumbers, driftOf, driftReport } from "./drift.ts";
import { type CategoryProfile, numberProfile, profileBuilder } from "./profile.ts";
import { normalQuantile } from "./statistics/tails.ts";

// The minimal standard generator of Park and Miller 1988: enough for a simulation.
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const random = randomFrom(20_130_101);
const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
const drawn = (rows: number, draw: () => number): Float64Array => Float64Array.from({ length: rows }, draw);
const always = { driftAbove: 0, alpha: 0.01 };

function numbers(name: string, values: Float64Array | readonly (number | null)[]): Table {
  return { rowCount: values.length, columns: [columnFrom(name, "float64", [...values])] };
}

function categories(values: readonly (string | null)[]): Table {
  return { rowCount: values.length, columns: [columnFrom("c", "string", values)] };
}

function categoryProfile(values: readonly (string | null)[]): CategoryProfile {
  const builder = profileBuilder([{ name: "c", kind: "category", categories: [] }]);
  builder.add(categories(values));
  const { inputs } = builder.finish({ scores: new Float32Array(), labels: new Uint8Array() });
  return inputs["c"] as CategoryProfile;
}

describe("driftOf without drift", () => {
  const shapes: readonly (readonly [string, () => number])[] = [
    ["normal", normal],
    ["lognormal", () => Math.exp(2 * normal())],
    ["mostly zero", () => (random() < 0.7 ? 0 : random())],
    ["eight whole numbers", () => Math.floor(8 * random())],
    ["one in two hundred", () => (random() < 0.995 ? 0 : random())],
  ];
  test.each(shapes)("is called drift about as rarely as declared, from 50 to 5,000 rows: %s", (_, draw) => {
    for (const [reference, rows, repetitions] of [
      [500, 50, 800],
      [5000, 50, 800],
      [5000, 200, 600],
      [5000, 1000, 300],
      [20_000, 5000, 100],
    ] as const) {
      let alarms = 0;
      let profile = numberProfile(drawn(reference, draw));
      for (let repetition = 0; repetition < repetitions; repetition += 1) {
        if (repetition % 40 === 39) profile = numberProfile(drawn(reference, draw));
        if (driftOf("x", profile, countNumbers(profile, drawn(rows, draw)), always).drifted) alarms += 1;
      }
      // 2 % allowed for a declared 1 %, and three standard errors of so many repetitions.
      expect(alarms / repetitions).toBeLessThan(0.02 + 3 * Math.sqrt(0.02 / repetitions));
    }
  });

  test.each([3, 40, 300])("is called drift about as rarely as declared: %s categories", (count) => {
    const draw = (rows: number) => Array.from({ length: rows }, () => `v${Math.floor(count * random() ** 2)}`);
    for (const rows of [50, 200, 1000]) {
      let alarms = 0;
      for (let repetition = 0; repetition < 300; repetition += 1) {
        const profile = categoryProfile(draw(2000));
        const current = countCells(profile, categories(draw(rows)).columns[0], rows);
        if (driftOf("c", profile, current, always).drifted) alarms += 1;
      }
      expect(alarms / 300).toBeLessThan(0.02 + 3 * Math.sqrt(0.02 / 300));
    }
  });
});

describe("driftOf with drift", () => {
  const profile = numberProfile(drawn(20_000, normal));
  const bound = { driftAbove: 0.1 };

  test("finds a shift of the mean, and says which way and how far", () => {
    for (const [rows, shift] of [
      [200, 1],
      [1000, -0.6],
      [5000, 0.5],
    ] as const) {
      const values = drawn(rows, () => normal() + shift);
      const drift = driftOf("x", profile, countNumbers(profile, values), bound);
      expect(drift.drifted).toBe(true);
      expect(Math.abs(drift.shift! - shift)).toBeLessThan(0.25);
    }
  });

  test("finds a change of spread that leaves the mean where it was", () => {
    const drift = driftOf(
      "x",
      profile,
      countNumbers(
        profile,
        drawn(2000, () => 2 * normal()),
      ),
      bound,
    );
    expect(drift.drifted).toBe(true);
    expect(Math.abs(drift.shift!)).toBeLessThan(0.2);
  });

  test("finds values gone missing, null and NaN alike", () => {
    const cells = drawn(1000, normal);
    const table = numbers(
      "x",
      [...cells].map((value, row) => (row % 4 === 0 ? null : row % 4 === 1 ? Number.NaN : value)),
    );
    const drift = driftOf("x", profile, countCells(profile, table.columns[0], 1000), bound);
    expect(drift).toMatchObject({ drifted: true, missingThen: 0, missingNow: 0.5 });
    expect(driftOf("x", profile, countCells(profile, undefined, 1000), bound)).toMatchObject({
      ...{ drifted: true, missingNow: 1, shift: null },
    });
  });

  test("finds a value that a constant input never had, on either side", () => {
    const constant = numberProfile(new Float64Array(5000).fill(7));
    for (const other of [6.999, 7.001]) {
      const values = drawn(200, () => (random() < 0.7 ? 7 : other));
      expect(driftOf("x", constant, countNumbers(constant, values), bound).drifted).toBe(true);
    }
    expect(driftOf("x", constant, countNumbers(constant, new Float64Array(200).fill(7)), bound).psi).toBe(0);
  });

  test("finds categories never seen, and a rare one become frequent", () => {
    const before = Array.from({ length: 5000 }, () => (random() < 0.999 ? "usual" : "rare"));
    const profiled = categoryProfile(before);
    for (const value of ["new", "rare"]) {
      const now = Array.from({ length: 300 }, () => (random() < 0.7 ? "usual" : value));
      const current = countCells(profiled, categories(now).columns[0], 300);
      expect(driftOf("c", profiled, current, bound).drifted).toBe(true);
    }
  });

  test("a large bound silences a small drift, and few rows raise the bound", () => {
    const small = drawn(5000, () => normal() + 0.2);
    expect(driftOf("x", profile, countNumbers(profile, small), { driftAbove: 0 }).drifted).toBe(true);
    expect(driftOf("x", profile, countNumbers(profile, small), { driftAbove: 0.25 })).toMatchObject({
      ...{ drifted: false, threshold: 0.25 },
    });
    const few = countNumbers(profile, drawn(50, normal));
    expect(driftOf("x", profile, few, { driftAbove: 0.25 }).threshold).toBeGreaterThan(0.4);
  });

  test("gives the textbook PSI, half a row added to every cell", () => {
    const two = categoryProfile([...new Array<string>(60).fill("a"), ...new Array<string>(40).fill("b")]);
    const now = categories([...new Array<string>(50).fill("a"), ...new Array<string>(150).fill("b")]);
    const shares = [60.5 / 101, 40.5 / 101, 50.5 / 201, 150.5 / 201] as const;
    const expected =
      (shares[2] - shares[0]) * Math.log(shares[2] / shares[0]) +
      (shares[3] - shares[1]) * Math.log(shares[3] / shares[1]);
    expect(driftOf("c", two, countCells(two, now.columns[0], 200), bound).psi).toBeCloseTo(expected, 12);
  });

  test("an empty window or profile has no drift", () => {
    const empty = numberProfile(new Float64Array());
    expect(driftOf("x", profile, countNumbers(profile, []), always)).toMatchObject({ psi: 0, drifted: false });
    expect(driftOf("x", empty, countNumbers(empty, [1, 2]), always)).toMatchObject({ psi: 0, drifted: false });
  });
});

describe("driftReport", () => {
  const builder = profileBuilder([
    { name: "a", kind: "number" },
    { name: "b", kind: "number" },
    { name: "c", kind: "category", categories: ["x", "y"] },
    { name: "d", kind: "number" },
  ]);
  const tableOf = (rows: number, shift: number): Table => ({
    rowCount: rows,
    columns: [
      columnFrom("a", "float64", [...drawn(rows, () => normal() + shift)]),
      columnFrom("b", "float64", [...drawn(rows, normal)]),
      columnFrom(
        "c",
        "string",
        Array.from({ length: rows }, () => (random() < 0.5 ? "x" : "y")),
      ),
      columnFrom("d", "int32", Array.from(drawn(rows, () => Math.floor(5 * random())))),
    ],
  });
  builder.add(tableOf(5000, 0));
  const profile = builder.finish({ scores: new Float32Array(), labels: new Uint8Array() });

  test("names what drifted, its share and the verdict", () => {
    const options = { driftAbove: 0.1, driftShare: 0.25 };
    const report = driftReport(profile, tableOf(1000, 1), options);
    expect(report.inputs.map(({ name, drifted }) => [name, drifted])).toEqual([
      ["a", true],
      ["b", false],
      ["c", false],
      ["d", false],
    ]);
    expect(report).toMatchObject({ rowCount: 1000, driftedShare: 0.25, verdict: "drifted" });
    expect(driftReport(profile, tableOf(1000, 1), { ...options, driftShare: 0.3 }).verdict).toBe("ok");
    expect(driftReport(profile, tableOf(1000, 0), { ...options, driftShare: 0 }).verdict).toBe("ok");
  });
});

describe("quantiles", () => {
  test("of the normal distribution agree with published tables", () => {
    for (const [probability, quantile] of [
      [0.5, 0],
      [0.95, 1.644854],
      [0.999, 3.090232],
      [0.025, -1.959964],
    ] as const)
      expect(Math.abs(normalQuantile(probability) - quantile)).toBeLessThan(4.5e-4);
  });

  test("of χ² agree with published tables", () => {
    for (const [freedom, quantile, error] of [
      [1, 10.828, 0.035],
      [4, 18.467, 0.02],
      [9, 27.877, 0.01],
      [20, 45.315, 0.005],
    ] as const) {
      expect(chiSquareQuantile(0.999, freedom) / quantile).toBeGreaterThan(1);
      expect(chiSquareQuantile(0.999, freedom) / quantile).toBeLessThan(1 + error);
    }
    expect(chiSquareQuantile(0.999, 0)).toBe(0);
  });
});
